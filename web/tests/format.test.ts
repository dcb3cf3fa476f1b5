import "./zone.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bannerSentence,
  budgetText,
  clock,
  curveSentence,
  gapsSentence,
  listed,
  margin,
  missingSentence,
  people,
  phaseSentence,
  pointSentence,
  reasonSentence,
  recognisedInAHundred,
  siteSentence,
  tickLength,
  ticksText,
  withMargin,
} from "../src/format.ts";
import { curveOf } from "../src/curve.ts";
import { applyCamera, disconnected, ended } from "../src/model.ts";
import { readSite } from "../src/readings.ts";
import { HALL, camera, cameraIn, live, minute, tick } from "./make.ts";

const NORTH = camera("north", [HALL]);

test("people are shown whole and never below zero", () => {
  assert.deepEqual([12.4, 12.5, 0.4, -0.4, -31.2, 12345.6].map(people), ["12", "13", "0", "0", "0", "12,346"]);
});

test("the margin is two standard errors, rounded up", () => {
  assert.deepEqual([0, 1, 3.4, 3.5, 600].map(margin), ["± 0", "± 2", "± 7", "± 7", "± 1,200"]);
  assert.equal(withMargin({ value: -3, standardError: 3.4 }), "0 ± 7");
});

test("times are local, with the date where it is not today's", () => {
  const timeS = Date.parse("2026-11-24T10:05:09Z") / 1000;
  assert.equal(clock(timeS, timeS), "11:05");
  assert.equal(clock(timeS, timeS, true), "11:05:09");
  assert.equal(clock(timeS, timeS + 86_400), "24 Nov, 11:05");
});

test("a tick's length reads as words", () => {
  assert.deepEqual([60, 300, 10].map(tickLength), ["minute", "5 minutes", "10 seconds"]);
});

test("an unknown reading says why and since when", () => {
  const reading = { kind: "unknown", reason: "the camera is dark.", sinceS: minute(0) } as const;
  assert.equal(reasonSentence(reading, minute(1)), `The camera is dark, since ${clock(minute(0), minute(1))}.`);
  assert.equal(reasonSentence({ ...reading, sinceS: null }, minute(1)), "The camera is dark.");
});

test("lists read as a sentence, and long ones are cut", () => {
  assert.deepEqual([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(listed), ["", "a", "a and b", "a, b and c"]);
  const missing = ["a", "b", "c", "d", "e"].map((name) => ({ camera: name, why: "dark" }));
  assert.equal(missingSentence(missing), "Without a (dark), b (dark), c (dark) and 2 more.");
  assert.equal(missingSentence([]), "");
});

test("a curve has words for those who cannot see it", () => {
  const ticks = [tick("north", 0, { "hall occupancy": [30, 2] }), tick("north", 1, "dark"), tick("north", 2, { "hall occupancy": [-4, 2] })];
  const curve = curveOf(cameraIn(live([NORTH], ticks), "north"), minute(3));
  const at = (n: number): string => clock(minute(n), minute(3));
  assert.equal(curveSentence(curve, minute(3)), `Last hour, people: lowest 0, highest 30, 0 now. Unknown: ${at(1)} to ${at(2)} dark.`);
  assert.equal(pointSentence(curve, 0, minute(3)), `${at(1)}: 30 ± 4`);
  assert.equal(pointSentence(curve, 1, minute(3)), `${at(2)}: unknown, dark`);
  assert.equal(pointSentence(curve, 9, minute(3)), "");
});

test("of many gaps the newest are named and the rest counted", () => {
  const gaps = [0, 2, 4, 6].map((n) => ({ startS: minute(n), endS: minute(n + 1), reason: `reason ${n}` }));
  assert.match(gapsSentence(gaps, minute(8)), /^Unknown: .* reason 4; .* reason 6; and 2 earlier\.$/);
});

test("the banner stands exactly while the numbers are not live", () => {
  const state = live([NORTH], [tick("north", 0, { "hall occupancy": [30, 2] })]);
  assert.equal(bannerSentence(state, minute(1)), null);
  const broken = bannerSentence(disconnected(state, minute(2)), minute(9));
  assert.ok(broken?.startsWith(`Not connected since ${clock(minute(2), minute(9))}, numbers below are old.`));
  assert.match(bannerSentence(ended(state), minute(9)) ?? "", /session has ended/);
});

test("a screen reader hears of a camera only when its state changes", () => {
  const state = live([NORTH], [tick("north", 0, { "hall occupancy": [30, 2] })]);
  const dark = applyCamera(state, { ...NORTH, phase: "unknown", reason: "dark" });
  const [before] = readSite(state, minute(1)).cameras;
  const [after] = readSite(dark, minute(1)).cameras;
  assert.ok(before !== undefined && after !== undefined);
  assert.equal(phaseSentence(undefined, before), null);
  assert.equal(phaseSentence(before, before), null);
  assert.equal(phaseSentence(before, after), "north is unknown: dark.");
  assert.equal(siteSentence(readSite(state, minute(1))), "People now: 30 ± 4.");
  assert.equal(siteSentence(readSite(dark, minute(1))), "People now: unknown.");
});

test("what an attacker can recognise agrees with the design's figures, and with guessing at no budget", () => {
  const ofRho = (rhoPerDay: number): number => recognisedInAHundred({ rhoPerDay, epsilonPerDay: null });
  assert.equal(Math.round(ofRho(0.5)), 9);
  assert.equal(Math.round(ofRho(20 * 0.5)), 98);
  assert.ok(Math.abs(ofRho(0) - 1) < 1e-4);
});

test("a budget with a delta of zero allows no more than its definition does", () => {
  const ofEpsilon = (epsilonPerDay: number): number => recognisedInAHundred({ rhoPerDay: null, epsilonPerDay });
  assert.ok(Math.abs(ofEpsilon(0) - 1) < 1e-9);
  assert.ok(Math.abs(ofEpsilon(1) - Math.E) < 1e-9);
  assert.ok(Math.abs(ofEpsilon(6) - 99.7546) < 1e-4);
  assert.equal(budgetText({ rhoPerDay: null, epsilonPerDay: 1.5 }), "ε 1.5, δ 0");
  assert.equal(budgetText({ rhoPerDay: 0.2, epsilonPerDay: null }), "ρ 0.2");
});

test("how often numbers come is said of all cameras", () => {
  assert.equal(ticksText([60, 60]), "minute");
  assert.equal(ticksText([600, 10, 60]), "10 seconds to 10 minutes, by camera");
});

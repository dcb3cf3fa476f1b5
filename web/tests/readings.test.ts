import assert from "node:assert/strict";
import { test } from "node:test";
import { applyCamera, applyTick, disconnected } from "../src/model.ts";
import { type ZoneReading, readCamera, readSite, sum } from "../src/readings.ts";
import { DOOR, GATE, HALL, STAIRS, camera, cameraIn, live, minute, tick } from "./make.ts";

const NORTH = camera("north", [DOOR, HALL, STAIRS]);
const NUMBERS = {
  "hall occupancy": [10, 3],
  "stairs occupancy": [-4, 4],
  "door in_total": [70, 2],
  "door out_total": [60, 2],
} as const;

test("values of a sum add, and standard errors add as squares", () => {
  assert.deepEqual(sum([{ value: 10, standardError: 3 }, { value: -4, standardError: 4 }]), { value: 6, standardError: 5 });
  assert.deepEqual(sum([]), { value: 0, standardError: 0 });
});

test("people now are those in all zones, each zone and line also on its own", () => {
  const reading = readCamera(cameraIn(live([NORTH], [tick("north", 0, NUMBERS)]), "north"), minute(1));
  assert.equal(reading.phase, "live");
  assert.deepEqual(reading.people, { kind: "known", estimate: { value: 6, standardError: 5 }, atS: minute(1) });
  assert.deepEqual(reading.zones.map((zone) => zone.people.kind === "known" && zone.people.estimate.value), [10, -4]);
  assert.deepEqual(reading.lines.map((line) => line.in.kind === "known" && line.in.estimate.value), [70]);
});

test("a calibrated zone says how dense it is, and that a speed is unknown when too few have left", () => {
  const square = camera("square", [{ ...HALL, inMetres: true }, STAIRS]);
  const numbers = { "hall occupancy": [40, 9], "hall density": [0.8, 0.2], "hall mean_dwell": [30, 4], "stairs occupancy": [1, 9] } as const;
  const [hall, stairs] = readCamera(cameraIn(live([square], [tick("square", 0, numbers)]), "square"), minute(1)).zones;
  assert.deepEqual(hall?.crowd?.density, { kind: "known", estimate: { value: 0.8, standardError: 0.2 }, atS: minute(1) });
  assert.deepEqual(hall?.crowd?.stay.kind, "known");
  assert.deepEqual(hall?.crowd?.speed, { kind: "unknown", reason: "too few people to tell", sinceS: null });
  assert.equal(stairs?.crowd, null);
});

test("what is measured beside the counts is read where it is asked for, and metres where there are any", () => {
  const extras = { speedNow: true, dwell: true, heat: false };
  const numbers = { "hall occupancy": [40, 9], "hall speed_now": [0.4, 0.1], "hall dwell_median": [30, 4], "stairs occupancy": [1, 9] } as const;
  const zonesOf = (more: object): readonly ZoneReading[] => {
    const square = camera("square", [{ ...HALL, inMetres: true }, STAIRS], more);
    return readCamera(cameraIn(live([square], [tick("square", 0, numbers)]), "square"), minute(1)).zones;
  };
  const [hall, stairs] = zonesOf({ extras });
  assert.deepEqual(hall?.crowd?.speedNow, { kind: "known", estimate: { value: 0.4, standardError: 0.1 }, atS: minute(1) });
  assert.equal(hall?.stays?.median.kind, "known");
  assert.deepEqual(hall?.stays?.p95, { kind: "unknown", reason: "too few people to tell", sinceS: null });
  assert.equal(stairs?.crowd, null);
  assert.equal(stairs?.stays?.median.kind, "unknown");
  const [without] = zonesOf({});
  assert.equal(without?.crowd?.speedNow, null);
  assert.equal(without?.stays, null);
});

test("an old speed is not shown beside new people", () => {
  const square = camera("square", [{ ...HALL, inMetres: true }]);
  const before = tick("square", 0, { "hall occupancy": [40, 9], "hall mean_speed": [1.1, 0.1] });
  const state = live([square], [before, tick("square", 1, { "hall occupancy": [40, 9] })]);
  assert.equal(readCamera(cameraIn(state, "square"), minute(2)).zones[0]?.crowd?.speed.kind, "unknown");
});

test("a camera with lines only has totals of both ways and no people now", () => {
  const gates = camera("gates", [DOOR, GATE]);
  const numbers = { "door in_total": [3, 3], "door out_total": [1, 3], "gate in_total": [4, 4], "gate out_total": [2, 4] } as const;
  const reading = readCamera(cameraIn(live([gates], [tick("gates", 0, numbers)]), "gates"), minute(1));
  assert.equal(reading.people, null);
  assert.deepEqual(reading.flow?.in, { kind: "known", estimate: { value: 7, standardError: 5 }, atS: minute(1) });
  assert.deepEqual(reading.flow?.out, { kind: "known", estimate: { value: 3, standardError: 5 }, atS: minute(1) });
});

test("a camera that has sent nothing yet is starting", () => {
  assert.equal(readCamera(cameraIn(live([NORTH]), "north"), minute(0)).phase, "starting");
});

test("a camera that starts again does not show its number from before", () => {
  const state = applyCamera(live([NORTH], [tick("north", 0, NUMBERS)]), { ...NORTH, phase: "starting" });
  assert.deepEqual(readCamera(cameraIn(state, "north"), minute(1)).people, { kind: "starting" });
});

test("an unknown tick is unknown with its reason, since the first of its kind in a row", () => {
  const state = live([NORTH], [tick("north", 0, NUMBERS), tick("north", 1, "dark"), tick("north", 2, "dark")]);
  const reading = readCamera(cameraIn(state, "north"), minute(3));
  assert.equal(reading.phase, "unknown");
  assert.deepEqual(reading.people, { kind: "unknown", reason: "dark", sinceS: minute(1) });
  assert.deepEqual(reading.lines[0]?.in, { kind: "unknown", reason: "dark", sinceS: minute(1) });
});

test("an unknown camera shows no number even when its last tick is fresh", () => {
  const info = { ...NORTH, phase: "unknown", reason: "covered", sinceS: minute(1) } as const;
  const state = applyCamera(live([NORTH], [tick("north", 0, NUMBERS)]), info);
  assert.deepEqual(readCamera(cameraIn(state, "north"), minute(1)).people, { kind: "unknown", reason: "covered", sinceS: minute(1) });
});

test("a live camera keeps its number and says that it is slowed; why an unknown one is unknown is no note", () => {
  const state = live([NORTH], [tick("north", 0, NUMBERS)]);
  const slowed = readCamera(cameraIn(applyCamera(state, { ...NORTH, reason: "looked at less often" }), "north"), minute(1));
  assert.equal(slowed.phase, "live");
  assert.equal(slowed.note, "looked at less often");
  const dark = readCamera(cameraIn(applyCamera(state, { ...NORTH, phase: "unknown", reason: "dark" }), "north"), minute(1));
  assert.equal(dark.note, "");
});

test("a number is never stale: when ticks stop coming, the camera becomes unknown", () => {
  const north = cameraIn(live([NORTH], [tick("north", 0, NUMBERS)]), "north");
  assert.equal(readCamera(north, minute(3)).phase, "live");
  assert.equal(readCamera(north, minute(3) + 6).phase, "unknown");
});

test("while the page is cut off its numbers stay as they were, marked as old as a whole", () => {
  const broken = disconnected(live([NORTH], [tick("north", 0, NUMBERS)]), minute(2));
  assert.equal(readSite(broken, minute(600)).people?.value, 6);
  const back = { ...broken, connection: { kind: "live" } } as const;
  assert.equal(readSite(back, minute(600)).people, null);
});

test("the site's total is the sum over its cameras with their combined standard error", () => {
  const south = camera("south", [HALL]);
  const ticks = [tick("north", 0, NUMBERS), tick("south", 0, { "hall occupancy": [20, 12] })];
  const site = readSite(live([NORTH, south], ticks), minute(1));
  assert.deepEqual(site.people, { value: 26, standardError: 13 });
  assert.deepEqual(site.missing, []);
  assert.equal(site.atS, minute(1));
});

test("the site's total names the cameras it leaves out, and why", () => {
  const cameras = [NORTH, camera("south", [HALL]), camera("west", [HALL]), camera("gates", [DOOR])];
  const site = readSite(live(cameras, [tick("north", 0, NUMBERS), tick("south", 0, "dark"), tick("gates", 0, "dark")]), minute(1));
  assert.equal(site.people?.value, 6);
  assert.deepEqual(site.missing, [{ camera: "south", why: "dark" }, { camera: "west", why: "starting" }]);
});

test("when every camera is unknown there is no total, not a zero", () => {
  const site = readSite(live([NORTH], [tick("north", 0, "dark")]), minute(1));
  assert.equal(site.people, null);
  assert.equal(site.measured, "people");
});

test("a site with lines only is summed by crossings, an empty one not at all", () => {
  const gates = live([camera("gates", [DOOR])], [tick("gates", 0, { "door in_total": [3, 1], "door out_total": [2, 1] })]);
  const site = readSite(gates, minute(1));
  assert.equal(site.measured, "flow");
  assert.deepEqual(site.flow, { in: { value: 3, standardError: 1 }, out: { value: 2, standardError: 1 } });
  assert.equal(readSite(live([]), minute(1)).measured, "nothing");
});

test("a newest tick that so far holds only some quantities does not hide the others", () => {
  const before = live([NORTH], [tick("north", 0, NUMBERS)]);
  const state = applyTick(before, tick("north", 1, { "hall occupancy": [9, 3], "stairs occupancy": [1, 4] }));
  const reading = readCamera(cameraIn(state, "north"), minute(2));
  assert.equal(reading.people?.kind === "known" && reading.people.estimate.value, 10);
  assert.equal(reading.lines[0]?.in.kind === "known" && reading.lines[0].in.atS, minute(1));
});

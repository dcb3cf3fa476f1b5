import assert from "node:assert/strict";
import { test } from "vitest";
import { formatsOf } from "../src/core/numbers.ts";
import { accuracySentence, ratioWords } from "../src/pages/privacy/accuracy.ts";
import { budgetText, shortly } from "../src/pages/privacy/budget.ts";
import { type ErrorWire, type SpentWire, barsOf, placesOf, rhoOf, todayOf, wholeOf } from "../src/pages/privacy/model.ts";
import { guessed, inAHundred, isWeak, recognised } from "../src/pages/privacy/risk.ts";

const EN = formatsOf("en-GB", "Europe/Amsterdam");
const rho = (value: number) => ({ rho: value, epsilon: null });
const epsilon = (value: number) => ({ rho: null, epsilon: value });

/** The normal distribution function by the trapezoidal rule over its density, which errs by less than 1e-10 here. */
function integrated(x: number): number {
  const steps = 20_000;
  const low = -9;
  const width = (x - low) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) sum += Math.exp(-((low + i * width) ** 2) / 2) * (i === 0 || i === steps ? 0.5 : 1);
  return (sum * width) / Math.sqrt(2 * Math.PI);
}

test("a passage is recognised as often as the best test between two Gaussians does", () => {
  for (const budget of [0.05, 0.1, 0.2, 0.5, 1]) {
    for (const passages of [1, 5, 20, 400]) {
      const mu = Math.sqrt(2 * budget * passages);
      assert.ok(Math.abs(recognised(rho(budget), passages) - integrated(-2.3263478740408408 + mu)) < 2e-7);
      assert.ok(Math.abs(guessed(rho(budget), passages) - integrated(mu / 2)) < 2e-7);
    }
  }
});

test("the table of docs/privacy comes out", () => {
  const rows = { 0.1: [3, 9, 37], 0.2: [5, 18, 69], 0.5: [9, 46, 98], 1: [18, 80, 100] };
  for (const [budget, told] of Object.entries(rows)) {
    assert.deepEqual([1, 5, 20].map((n) => Math.round(100 * recognised(rho(Number(budget)), n))), told);
  }
});

test("budgets add: n passages of a cost are one of n times as much, under either kind of noise", () => {
  for (const n of [2, 5, 20]) {
    assert.equal(recognised(rho(0.1), n), recognised(rho(0.1 * n), 1));
    assert.ok(Math.abs(recognised(epsilon(0.3), n) - recognised(epsilon(0.3 * n), 1)) < 1e-12);
    assert.ok(Math.abs(guessed(epsilon(0.3), n) - guessed(epsilon(0.3 * n), 1)) < 1e-12);
  }
});

test("a budget of nothing leaves the attacker with guessing, and more passages never help whoever passed", () => {
  for (const nothing of [rho(0), epsilon(0)]) {
    assert.ok(Math.abs(recognised(nothing, 60) - 0.01) < 1e-7);
    assert.ok(Math.abs(guessed(nothing, 60) - 0.5) < 1e-7);
  }
  for (const cost of [rho(0.2), epsilon(0.5)]) {
    for (let n = 1; n < 1200; n++) {
      assert.ok(recognised(cost, n + 1) >= recognised(cost, n) - 1e-12 && recognised(cost, n) <= 1);
      assert.ok(!isWeak(cost, n) || isWeak(cost, n + 1));
    }
  }
});

test("chances are rounded up, and what is exact stays", () => {
  assert.deepEqual([0.04514, 0.18, 0.1800001, 1].map(inAHundred), [5, 18, 19, 100]);
});

const wire = (told: Partial<ErrorWire>): ErrorWire => ({
  place: "door", kind: "line", quantity: "in", unit: "people", now: 1, worst: 2, unknown: "", ...told,
});

test("of two directions the one that is off most is told, and one that is unknown makes both unknown", () => {
  const [door, hall] = placesOf([
    wire({ quantity: "in", now: 3, worst: 5 }),
    wire({ quantity: "out", now: 4, worst: 4 }),
    wire({ quantity: "in_total", now: null, worst: 7, unknown: "dark" }),
    wire({ quantity: "out_total", now: 6, worst: null }),
    wire({ place: "hall", kind: "zone", quantity: "occupancy" }),
    wire({ place: "hall", kind: "zone", quantity: "made up" }),
  ]);
  assert.deepEqual(door?.off.map(({ family, now, worst, unknown }) => [family, now, worst, unknown]), [
    ["tick", 4, 5, ""],
    ["total", null, 7, "dark"],
  ]);
  assert.deepEqual(hall?.off.map(({ family }) => family), ["occupancy"]);
});

const SPENT: SpentWire = { camera: "c", site: "s", epochs: [0, 1, 2], rho: [0, 0.1, 0.15], epsilon: [0, 0, 0], checks: [0, 0, 1], checks_rho: [0, 0, 0.125] };

test("bars are shares of the highest: the budget, or a day that cost more", () => {
  const { bars, budgetShare } = barsOf(["1", "2", "3"], SPENT, 0.2);
  assert.ok(Math.abs(budgetShare - 0.2 / 0.275) < 1e-12);
  assert.ok(bars.every((bar) => bar.spentShare + bar.alongShare <= 1 + 1e-12));
  assert.ok(Math.abs((bars[2]?.spentShare ?? 0) + (bars[2]?.alongShare ?? 0) - 1) < 1e-12);
  assert.equal(barsOf(["1"], { ...SPENT, rho: [0.1] }, 0.2).budgetShare, 1);
  assert.equal(barsOf(["1"], { ...SPENT, rho: [0] }, 0).bars[0]?.spentShare, 0);
});

test("today's sums are of the last day", () => {
  const days = ["2026-11-28", "2026-11-29", "2026-11-30"];
  const spend = { days, public: false, cameras: [SPENT, { ...SPENT, epochs: [1, 1, 0], rho: [9, 9, 0] }] };
  assert.deepEqual(todayOf(spend), { cameras: 2, begun: 1, again: 1, most: 0.15 });
  assert.deepEqual(todayOf({ days: [], cameras: [], public: false }), { cameras: 0, begun: 0, again: 0, most: 0 });
  assert.equal(rhoOf(epsilon(1)), 0.5);
  assert.equal(rhoOf(rho(0.2)), 0.2);
});

test("budgets are told shortly", () => {
  assert.deepEqual([0.2, 0.05, 0.125, 1, 0, 12.34, 0.0123].map((each) => shortly(each, EN)), ["0.2", "0.05", "0.13", "1", "0", "12", "0.012"]);
  assert.equal(budgetText(rho(0.2), EN), "ρ 0.2");
  assert.equal(budgetText(epsilon(1), EN), "ε 1, δ 0");
});

test("what people counted along is told as too few, too many, or either, and never surer than it is", () => {
  assert.equal(ratioWords({ lowest: 0.89, highest: 0.96 }, EN), "between 4% and 11% too few");
  assert.equal(ratioWords({ lowest: 1.02, highest: 1.1 }, EN), "between 2% and 10% too many");
  assert.equal(ratioWords({ lowest: 0.9, highest: 1.2 }, EN), "between 10% too few and 20% too many");
  assert.equal(accuracySentence({ days: 3, ratio: { lowest: 0.89, highest: 0.96 } }, EN), "counted along on 3 days: between 4% and 11% too few");
  assert.equal(accuracySentence({ days: 1, ratio: null }, EN), "counted along on 1 day: too few people to say anything");
});

test("numbers of an address keep to their bounds", () => {
  assert.deepEqual(["7", "-3", "1e9", "x", "", undefined, "2.6"].map((text) => wholeOf(text, 1, 60, 5)), [7, 1, 60, 5, 5, 5, 3]);
});

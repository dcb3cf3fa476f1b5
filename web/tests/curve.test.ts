import assert from "node:assert/strict";
import { test } from "node:test";
import { curveOf, rangeOf, wantedOf } from "../src/curve.ts";
import { DOOR, GATE, HALL, STAIRS, camera, cameraIn, live, minute, tick } from "./make.ts";

const HALL_ONLY = camera("north", [HALL]);

function curve(given: readonly (readonly [number, number | string])[], nowMinute = 10) {
  const ticks = given.map(([at, value]) => tick("north", at, typeof value === "string" ? value : { "hall occupancy": [value, 2] }));
  return curveOf(cameraIn(live([HALL_ONLY], ticks), "north"), minute(nowMinute));
}

test("the curve is drawn from raw values, its band two standard errors to each side", () => {
  const [trace] = curve([[0, 3], [1, -7]]).traces;
  assert.deepEqual(trace, { name: "people", values: [3, -7], lower: [-1, -11], upper: [7, -3] });
});

test("unknown ticks are gaps, joined while the reason stays the same", () => {
  const made = curve([[0, 3], [1, "dark"], [2, "dark"], [3, "covered"], [4, 5]]);
  assert.deepEqual(made.traces[0]?.values, [3, null, null, null, 5]);
  assert.deepEqual(made.traces[0]?.upper, [7, null, null, null, 9]);
  assert.deepEqual(made.gaps, [
    { startS: minute(1), endS: minute(3), reason: "dark" },
    { startS: minute(3), endS: minute(4), reason: "covered" },
  ]);
});

test("where ticks are missing the curve is broken too, and says that nothing was received", () => {
  const made = curve([[0, 3], [5, 4]]);
  assert.deepEqual(made.traces[0]?.values, [3, null, 4]);
  assert.deepEqual(made.gaps, [{ startS: minute(1), endS: minute(5), reason: "no numbers were received" }]);
  assert.ok(made.endS.every((at, i) => i === 0 || at > (made.endS[i - 1] ?? 0)), "times must rise");
});

test("no more than the last hour is drawn", () => {
  const made = curve([[0, 1], [1, 2], [2, 3]], 62);
  assert.deepEqual(made.traces[0]?.values, [3]);
});

test("zones are drawn as their sum; without a zone, crossings each way", () => {
  assert.deepEqual(wantedOf(camera("a", [DOOR, HALL, STAIRS])).map((one) => [one.name, one.keys.length]), [["people", 2]]);
  assert.deepEqual(wantedOf(camera("a", [DOOR, GATE])).map((one) => [one.name, one.keys.length]), [["in", 2], ["out", 2]]);
  assert.deepEqual(wantedOf(camera("a", [])), []);
});

test("the vertical axis holds zero, the whole band, and is never flatter than ten people", () => {
  for (const values of [[0], [1, 2], [-30, -20], [5000], [-3, 400]]) {
    const made = curve(values.map((value, i) => [i, value] as const));
    const [low, high] = rangeOf(made);
    assert.ok(low <= 0 && high >= 0);
    assert.ok(high - low >= 10);
    assert.ok(low <= Math.min(...values) - 4 || low === 0);
    assert.ok(high >= Math.max(...values) + 4);
  }
  assert.deepEqual(rangeOf(curve([])), [0, 10.6]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  EMPTY,
  WINDOW_S,
  applyCamera,
  applyCameras,
  applyHeat,
  applyRows,
  applyTick,
  connected,
  disconnected,
  ended,
  endsHour,
  keyOf,
  partsOf,
} from "../src/model.ts";
import { DOOR, HALL, camera, cameraIn, heat, live, minute, row, rowsOf, tick } from "./make.ts";

const NORTH = camera("north", [HALL, DOOR]);

test("a key gives back its place and quantity, whatever the place is called", () => {
  for (const place of ["hall", "", "a\nb", "north in", "🍺 bar", "__proto__"]) {
    assert.deepEqual(partsOf(keyOf(place, "in_total")), { place, quantity: "in_total" });
  }
});

test("ticks are kept by the time they ended, in any order of arrival, each once", () => {
  const ticks = [0, 1, 2, 3].map((i) => tick("north", i, { "hall occupancy": [i, 1] }));
  const forward = live([NORTH], ticks);
  const backward = live([NORTH], [...ticks.toReversed(), ...ticks]);
  assert.deepEqual(forward, backward);
  assert.deepEqual(cameraIn(forward, "north").ticks.map((one) => one.endS), [1, 2, 3, 4].map(minute));
});

test("a live tick replaces what was known of its time", () => {
  const first = tick("north", 0, { "hall occupancy": [5, 1], "door in": [1, 1] });
  const state = live([NORTH], [first, tick("north", 0, "dark")]);
  const [only] = cameraIn(state, "north").ticks;
  assert.equal(only?.unknown, "dark");
  assert.equal(only?.values.size, 0);
});

test("stored rows join into ticks, whether they come before or after the live ones", () => {
  const stored = [...rowsOf("north", 0, { "hall occupancy": [4, 1] }), ...rowsOf("north", 1, { "hall occupancy": [5, 1] })];
  const other = rowsOf("north", 1, { "door in_total": [9, 2] });
  const newest = tick("north", 2, { "hall occupancy": [6, 1] });
  const oneWay = applyTick(applyRows(applyRows(live([NORTH]), stored), other), newest);
  const otherWay = applyRows(applyRows(live([NORTH], [newest]), other), stored);
  for (const state of [oneWay, otherWay]) {
    const ticks = cameraIn(state, "north").ticks;
    assert.deepEqual(ticks.map((one) => one.endS), [1, 2, 3].map(minute));
    assert.deepEqual([...(ticks[1]?.values.keys() ?? [])].sort(), [keyOf("door", "in_total"), keyOf("hall", "occupancy")].sort());
  }
});

test("a tick is unknown when all its rows are, and not when a speed alone is", () => {
  const dark = ["in_total", "out_total"].map((quantity) => row("north", 0, "door", quantity, null, "dark"));
  const [none] = cameraIn(applyRows(live([NORTH]), dark), "north").ticks;
  assert.equal(none?.unknown, "dark");
  assert.equal(none?.values.size, 0);
  const rows = [...rowsOf("north", 0, { "hall occupancy": [4, 1] }), row("north", 0, "hall", "mean_speed", null, "too few people")];
  const [some] = cameraIn(applyRows(live([NORTH]), rows), "north").ticks;
  assert.equal(some?.unknown, "");
  assert.deepEqual([...(some?.values.keys() ?? [])], [keyOf("hall", "occupancy")]);
});

test("the newest rows of an hour neither darken nor date the tick that they stand in", () => {
  const known = live([NORTH], [tick("north", 59, { "hall occupancy": [4, 1] }), tick("north", 80, { "hall occupancy": [5, 1] })]);
  const begun = row("north", 59, "door", "in_hour", null, "counting began within the hour");
  assert.deepEqual(applyRows(known, [begun, ...rowsOf("north", 59, { "hall entries_hour": [40, 3] })]), known);
  const before = applyRows(live([NORTH]), [begun]);
  assert.deepEqual(cameraIn(applyRows(before, rowsOf("north", 80, { "hall occupancy": [5, 1] })), "north").ticks.length, 1);
});

test("a heat map is kept with its camera, through changes of its state and of the list", () => {
  const map = heat([[1]]);
  const state = applyHeat(live([NORTH]), "north", map);
  const next = applyCameras(applyCamera(state, { ...NORTH, phase: "unknown" }), [NORTH]);
  assert.equal(cameraIn(next, "north").heat, map);
  assert.equal(applyHeat(state, "elsewhere", map), state);
});

test("a tick ends an hour where it reaches into the next, or to its beginning", () => {
  const ends = (startS: number, tickS: number): boolean => endsHour({ ...tick("north", 0, {}), startS, tickS });
  assert.deepEqual([ends(minute(59), 60), ends(minute(0), 3600), ends(minute(60) - 6, 27)], [true, true, true]);
  assert.deepEqual([ends(minute(58), 60), ends(minute(60), 60), ends(minute(0), 1800)], [false, false, false]);
});

test("no more than the last hour is kept, however long the page stays open", () => {
  let state = live([NORTH]);
  for (let i = 0; i < 300; i++) state = applyTick(state, tick("north", i, { "hall occupancy": [i, 1] }));
  const ticks = cameraIn(state, "north").ticks;
  assert.equal(ticks.length, WINDOW_S / 60);
  assert.equal(ticks.at(-1)?.endS, minute(300));
});

test("a tick of a camera that is not of the site changes nothing", () => {
  const state = live([NORTH]);
  assert.equal(applyTick(state, tick("elsewhere", 0, {})), state);
  assert.equal(applyTick(EMPTY, tick("north", 0, {})), EMPTY);
});

test("a new list of cameras keeps the ticks of those that stay and drops the rest", () => {
  const state = live([NORTH, camera("south", [HALL])], [tick("north", 0, { "hall occupancy": [5, 1] })]);
  const next = applyCameras(state, [camera("west", []), NORTH]);
  assert.deepEqual([...(next.cameras?.keys() ?? [])], ["west", "north"]);
  assert.equal(cameraIn(next, "north").ticks.length, 1);
});

test("a camera that changes its state keeps its ticks, and no earlier state is altered", () => {
  const state = live([NORTH], [tick("north", 0, { "hall occupancy": [5, 1] })]);
  const next = applyCamera(state, { ...NORTH, phase: "unknown", reason: "dark" });
  assert.equal(cameraIn(next, "north").info.reason, "dark");
  assert.equal(cameraIn(next, "north").ticks.length, 1);
  assert.equal(cameraIn(state, "north").info.phase, "live");
});

test("a break keeps the time at which it began, until the hub is back", () => {
  const broken = disconnected(disconnected(connected(EMPTY), 100), 200);
  assert.deepEqual(broken.connection, { kind: "broken", sinceS: 100 });
  assert.deepEqual(disconnected(connected(broken), 300).connection, { kind: "broken", sinceS: 300 });
});

test("an ended session is not mistaken for a break", () => {
  assert.deepEqual(disconnected(ended(EMPTY), 100).connection, { kind: "ended" });
});

import "./zone.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { LEVELS, heatSentence, isNew, levelsOf } from "../src/heat.ts";
import { T0, heat, minute } from "./make.ts";

/** A map of 9 rows and 16 columns, 0 but where it is said otherwise. */
function map(of: (column: number, row: number) => number): number[][] {
  return Array.from({ length: 9 }, (_, row) => Array.from({ length: 16 }, (__, column) => of(column, row)));
}

test("a level is a share of the largest cell, and what the noise could have made is none", () => {
  assert.deepEqual(levelsOf(heat([[-7, 0, 2], [2.1, 20, 40], [21, 31, 10.1]])), [[0, 0, 0], [1, 2, 4], [3, 4, 2]]);
  const values = map((column, row) => Math.sin(column) * 50 + row);
  const levels = levelsOf(heat(values));
  assert.ok(levels.flat().every((level) => Number.isInteger(level) && level >= 0 && level <= LEVELS));
  assert.equal(Math.max(...levels.flat()), LEVELS);
  assert.deepEqual(levelsOf(heat(null)), []);
});

test("each ninth of the picture is found and named", () => {
  const names = [
    ["upper left", "upper middle", "upper right"],
    ["middle left", "in the middle", "middle right"],
    ["lower left", "lower middle", "lower right"],
  ];
  names.forEach((row, y) => {
    row.forEach((name, x) => {
      const values = map((column, line) => (Math.floor(column / 5.4) === x && Math.floor(line / 3) === y ? 50 : 0));
      assert.equal(heatSentence(heat(values), minute(70)), `Where people were, 11:00 to 12:00: most people ${name}. Fullest cell: 50 ± 2 people.`);
    });
  });
});

test("what the noise leaves open is not decided", () => {
  const sides = map((column) => (column < 5 ? 20 : column > 10 ? 20.2 : 0));
  const two = map((column, row) => (row > 5 ? (column < 5 ? 20 : column > 10 ? 20.2 : 0) : 0));
  assert.match(heatSentence(heat(two), minute(70)), /: most people lower right and lower left\. /);
  assert.match(heatSentence(heat(sides), minute(70)), /: no part of the picture stands out\. /);
  assert.match(heatSentence(heat(map(() => 1.9)), minute(70)), /: too few people to tell\.$/);
});

test("an hour without numbers, no hour yet, and an hour too long ago are said and not drawn", () => {
  const dark = heat(null, { unknown: "the camera is dark" });
  assert.equal(heatSentence(dark, minute(70)), "Where people were, 11:00 to 12:00: unknown. The camera is dark.");
  assert.match(heatSentence(heat(null, { startS: null }), T0), /the first map comes when an hour has ended/);
  const old = heat(map(() => 9));
  assert.deepEqual([isNew(old, minute(180)), isNew(old, minute(181)), isNew(dark, minute(70))], [true, false, false]);
  assert.match(heatSentence(old, minute(181)), /no new map has come/);
});

import assert from "node:assert/strict";
import { test } from "vitest";
import { differencesOf, merged, usualChoice } from "../src/pages/camera/merge.ts";
import { areaOf, crossingOf, cutTo, isName, mistakesOf, passesThrough } from "../src/pages/camera/rules.ts";
import { type Drawing, type Shape, isSame } from "../src/pages/camera/shapes.ts";
import type { XY } from "../src/pages/camera/wire.ts";

const SIZE = { width: 640, height: 360 };
const line = (id: number, name: string, ...points: XY[]): Shape => ({ id, kind: "line", name, points });
const zone = (id: number, name: string, ...points: XY[]): Shape => ({ id, kind: "zone", name, points });
const rulesOf = (...drawing: Shape[]): string[] => mistakesOf(drawing, SIZE).map(({ rule }) => rule);

test("names are those that the site file takes", () => {
  for (const name of ["door", "Überführung 北", "a", "3.B_x-y", "e\u0301tage", "x".repeat(64), "𝔸".repeat(64)]) assert.ok(isName(name), name);
  for (const name of ["", " door", "door ", "-door", "a/b", "a\nb", "x".repeat(65), "🚪", "\u0301a", "_a"]) assert.ok(!isName(name), name);
});

test("two places of one name are told, also where it is written with other characters", () => {
  assert.deepEqual(rulesOf(line(0, "caf\u00e9", [0, 0], [50, 0]), zone(1, "cafe\u0301", [0, 0], [50, 0], [50, 50])), ["doubled"]);
});

test("each mistake of a line or zone is told once and at the right one", () => {
  assert.deepEqual(mistakesOf([line(4, "a", [5, 5], [5.5, 5.5])], SIZE), [{ rule: "short", id: 4 }]);
  assert.deepEqual(rulesOf(line(0, "a", [700, 0], [700, 300])), ["outside"]);
  assert.deepEqual(rulesOf(line(0, "a", [-100, 180], [800, 180])), []); // it may reach beyond
  assert.deepEqual(mistakesOf([zone(2, "a", [0, 0], [100, 100], [100, 0], [0, 100])], SIZE), [{ rule: "crossing", id: 2, first: 1, second: 3 }]);
  assert.deepEqual(rulesOf(zone(0, "a", [0, 0], [50, 0], [100, 0])), ["thin"]);
  assert.deepEqual(rulesOf(zone(0, "a", [700, 0], [800, 0], [800, 100])), ["outside"]);
  assert.deepEqual(rulesOf(zone(0, "a", [600, 0], [800, 0], [800, 100], [600, 100])), []);
  const many = Array.from({ length: 101 }, (_, at): XY => [300 + 90 * Math.cos((at * 2 * Math.PI) / 101), 180 + 90 * Math.sin((at * 2 * Math.PI) / 101)]);
  assert.deepEqual(rulesOf(zone(0, "a", ...many)), ["many-corners"]);
  assert.deepEqual(rulesOf(zone(0, "a", ...many.slice(1))), []);
  assert.deepEqual(rulesOf(...Array.from({ length: 101 }, (_, at) => line(at, `l ${at}`, [0, at], [50, at]))), ["many-lines"]);
});

test("the part of a zone in the picture has the area that counting its points gives", () => {
  const corners: XY[] = [[-80, 40], [300, -60], [760, 200], [400, 150], [200, 420]];
  const exact = Math.abs(areaOf(cutTo(corners, SIZE)));
  let points = 0;
  const within = ([x, y]: XY): boolean => {
    let inside = false;
    corners.forEach(([ax, ay], at) => {
      const [bx, by] = corners[(at + 1) % corners.length] ?? [0, 0];
      if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) inside = !inside;
    });
    return inside;
  };
  for (let x = 0.5; x < SIZE.width; x++) for (let y = 0.5; y < SIZE.height; y++) points += within([x, y]) ? 1 : 0;
  assert.ok(Math.abs(points - exact) < 0.005 * exact, `${points} and ${exact}`);
});

test("a polygon that goes around a point without turning back does not cross itself, and with two corners swapped it does", () => {
  const round = Array.from({ length: 9 }, (_, at): XY => [300 + (80 + 9 * (at % 3)) * Math.cos((at * 2 * Math.PI) / 9), 180 + 80 * Math.sin((at * 2 * Math.PI) / 9)]);
  assert.equal(crossingOf(round), null);
  assert.equal(crossingOf([[0, 0], [20, 0], [20, 20], [40, 20], [40, 0], [60, 0], [60, 60], [0, 60]]), null); // two sides on one line
  for (let at = 0; at + 1 < round.length; at++) {
    const [one, other] = [round[at], round[at + 1]] as [XY, XY];
    assert.notEqual(crossingOf(round.with(at, other).with(at + 1, one)), null);
  }
});

test("a segment has a part in the picture just when one of its many points has", () => {
  const told = { in: 0, out: 0, near: 0 };
  for (let each = 0; each < 200; each++) {
    const at = (k: number, most: number): number => ((each * k) % 97) / 97 * 3 * most - most;
    const [a, b]: [XY, XY] = [[at(13, 640), at(31, 360)], [at(57, 640), at(71, 360)]];
    const some = Array.from({ length: 2001 }, (_, step) => step / 2000).some((share) => {
      const [x, y] = [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
      return x > 0 && x < SIZE.width && y > 0 && y < SIZE.height;
    });
    const clear = Array.from({ length: 2001 }, (_, step) => step / 2000).every((share) => {
      const [x, y] = [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
      return Math.hypot(Math.max(0, -x, x - SIZE.width), Math.max(0, -y, y - SIZE.height)) > 1; // farther away than one step
    });
    if (some) assert.ok(passesThrough(a, b, SIZE));
    if (clear) assert.ok(!passesThrough(a, b, SIZE));
    told[some ? "in" : clear ? "out" : "near"] += 1;
  }
  assert.ok(told.in > 30 && told.out > 30 && told.near < 10);
});

const BASE: Drawing = [line(0, "door", [0, 0], [9, 0]), line(1, "exit", [0, 9], [9, 9]), zone(2, "hall", [0, 0], [9, 0], [9, 9])];
const move = (drawing: Drawing, name: string, to: XY): Drawing => drawing.map((shape) => (shape.name === name ? { ...shape, points: shape.points.with(0, to) } : shape));

test("what two people changed apart is kept of both, whoever was first", () => {
  const mine = [...move(BASE, "door", [3, 3]), line(7, "mine", [0, 0], [5, 5])];
  const theirs = move(BASE, "exit", [4, 4]).filter(({ name }) => name !== "hall");
  for (const [one, other] of [[mine, theirs], [theirs, mine]] as const) {
    const differences = differencesOf(BASE, one, other);
    assert.ok(differences.every(({ changedBy }) => changedBy !== "both"));
    const result = merged(other, differences, usualChoice);
    assert.deepEqual(new Set(result.map(({ name }) => name)), new Set(["door", "exit", "mine"]));
    assert.deepEqual(result.find(({ name }) => name === "door")?.points[0], [3, 3]);
    assert.deepEqual(result.find(({ name }) => name === "exit")?.points[0], [4, 4]);
  }
});

test("what both changed is told as such, and each side can be taken whole", () => {
  const [mine, theirs] = [move(BASE, "door", [1, 1]), move(BASE, "door", [2, 2])];
  const differences = differencesOf(BASE, mine, theirs);
  assert.deepEqual(differences.map(({ name, changedBy }) => [name, changedBy]), [["door", "both"]]);
  assert.ok(isSame(merged(theirs, differences, () => "mine"), mine));
  assert.ok(isSame(merged(theirs, differences, () => "theirs"), theirs));
  assert.deepEqual(differencesOf(BASE, mine, mine), []);
});

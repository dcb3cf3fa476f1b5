import assert from "node:assert/strict";
import { test } from "vitest";
import {
  type Drawing, added, begun, drawingOf, edited, freeName, hitAt, inserted, inward, isInside, isSame, kept, moved, redone, removed, renamed, turned, undone, usualPoints,
  wireOf, withoutPoint,
} from "../src/pages/camera/shapes.ts";
import type { XY } from "../src/pages/camera/wire.ts";

const DOOR = { name: "door", from: [10, 20], to: [110, 20] } as const;
const HALL = { name: "hall", corners: [[0, 0], [200, 0], [200, 100], [0, 100]] as const };
const DRAWING = drawingOf({ line: [DOOR], zone: [HALL] });
const SIZE = { width: 640, height: 360 };

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test("what is drawn is sent as it came", () => {
  assert.deepEqual(wireOf(DRAWING), { line: [DOOR], zone: [HALL] });
  assert.ok(isSame(DRAWING, DRAWING.map((shape) => ({ ...shape, id: shape.id + 9 }))));
});

test("any edits undone one by one give each drawing back, and redone the last one", () => {
  const random = seeded(7);
  let history = begun<Drawing>(DRAWING);
  const seen = [history.now];
  for (let step = 0; step < 120; step++) {
    const shape = history.now[Math.floor(random() * history.now.length)];
    const kind = random() < 0.5 ? "line" : "zone";
    const edits: readonly ((drawing: Drawing) => Drawing)[] = [
      (drawing) => added(drawing, { kind, name: freeName(drawing, kind), points: usualPoints(kind, SIZE) })[0],
      (drawing) => moved(drawing, shape?.id ?? 0, 0, [random() * 600, random() * 300]),
      (drawing) => turned(drawing, shape?.id ?? 0),
      (drawing) => inserted(drawing, shape?.id ?? 0, 1),
      (drawing) => renamed(drawing, shape?.id ?? 0, `name ${step}`),
      (drawing) => (drawing.length > 2 ? removed(drawing, shape?.id ?? 0) : [...drawing]),
    ];
    const edit = edits[Math.floor(random() * edits.length)] ?? ((drawing: Drawing) => drawing);
    history = edited(history, edit(history.now));
    seen.push(history.now);
    assert.equal(new Set(history.now.map(({ id }) => id)).size, history.now.length);
  }
  const last = history.now;
  for (const before of seen.slice(0, -1).reverse()) {
    history = undone(history);
    assert.deepEqual(history.now, before);
  }
  while (history.future.length > 0) history = redone(history);
  assert.deepEqual(history.now, last);
});

test("the presses of an arrow key at one point are one step back, and those at another point another", () => {
  let history = begun<Drawing>(DRAWING);
  for (const [at, x] of [[0, 11], [0, 12], [0, 13], [1, 99]] as const) history = edited(history, moved(history.now, 0, at, [x, 20]), `0-${at}`);
  history = undone(history);
  assert.deepEqual(history.now[0]?.points[0], [13, 20]);
  assert.deepEqual(undone(history).now, DRAWING);
});

test("in is to the right of whoever looks from the first point to the second, and turning a line turns it", () => {
  const eastward = inward([[10, 20], [110, 20]]);
  assert.deepEqual(eastward.middle, [60, 20]);
  assert.deepEqual(eastward.way.map((each) => each + 0), [0, 1]); // down, as y points down
  const [back] = turned(DRAWING, 0);
  assert.deepEqual(inward(back?.points ?? []).way.map((each) => each + 0), [0, -1]);
  assert.deepEqual(turned(turned(DRAWING, 0), 0), DRAWING);
  assert.equal(turned(DRAWING, 1)[1], DRAWING[1]);
});

test("a corner put in and taken out leaves the zone as it was, and three corners stay", () => {
  for (let at = 0; at < 4; at++) assert.deepEqual(withoutPoint(inserted(DRAWING, 1, at), 1, at + 1), DRAWING);
  assert.deepEqual(inserted(DRAWING, 1, 3)[1]?.points[4], [0, 50]);
  const three = withoutPoint(DRAWING, 1, 0);
  assert.equal(three[1]?.points.length, 3);
  assert.equal(withoutPoint(three, 1, 0)[1]?.points.length, 3);
  assert.equal(withoutPoint(DRAWING, 0, 0)[0]?.points.length, 2);
  assert.equal(inserted(DRAWING, 0, 0)[0]?.points.length, 2);
});

test("a press takes hold of the nearest point, then of a side, then of an area, within reach", () => {
  assert.deepEqual(hitAt(DRAWING, [12, 22], 14), { what: "point", id: 0, at: 0 });
  assert.deepEqual(hitAt(DRAWING, [60, 22], 14), { what: "side", id: 0, at: 0 });
  assert.deepEqual(hitAt(DRAWING, [100, 96], 14), { what: "side", id: 1, at: 2 });
  assert.deepEqual(hitAt(DRAWING, [100, 60], 14), { what: "inside", id: 1 });
  assert.equal(hitAt(DRAWING, [300, 300], 14), null);
});

test("a point lies inside a polygon just when the angles to its corners go once around", () => {
  const random = seeded(3);
  const star: XY[] = Array.from({ length: 11 }, (_, at) => {
    const [angle, radius] = [(2 * Math.PI * at) / 11, at % 2 === 0 ? 100 : 40];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
  let inside = 0;
  for (let each = 0; each < 500; each++) {
    const point: XY = [220 * random() - 110, 220 * random() - 110];
    const turn = star.reduce((sum, corner, at) => {
      const next = star[(at + 1) % star.length] ?? corner;
      const [a, b] = [Math.atan2(corner[1] - point[1], corner[0] - point[0]), Math.atan2(next[1] - point[1], next[0] - point[0])];
      return sum + Math.atan2(Math.sin(b - a), Math.cos(b - a));
    }, 0);
    assert.equal(isInside(point, star), Math.abs(turn) > Math.PI);
    inside += isInside(point, star) ? 1 : 0;
  }
  assert.ok(inside > 50 && inside < 450);
});

test("what is put beyond the picture is kept at its edge, and in tenths of a pixel", () => {
  assert.deepEqual(kept([-5, 400], SIZE), [0, 360]);
  assert.deepEqual(kept([12.3456, 7], SIZE), [12.3, 7]);
});

test("a new place takes the first number whose name is free", () => {
  const [one] = added(DRAWING, { kind: "line", name: "line 1", points: [[0, 0], [9, 9]] });
  assert.equal(freeName(DRAWING, "line"), "line 1");
  assert.equal(freeName(one, "line"), "line 2");
});

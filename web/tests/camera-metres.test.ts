import assert from "node:assert/strict";
import { test } from "vitest";
import { gridOf, shown } from "../src/pages/camera/grid.ts";
import { groundOfPlan, plainGround, squares, toBoard, toMetres } from "../src/pages/camera/ground.ts";
import { type Matrix, type Pair, depth, fitOf, inverse, toGround, worstOf } from "../src/pages/camera/homography.ts";
import { metresWide, sentSize } from "../src/pages/camera/plans.ts";
import type { XY } from "../src/pages/camera/wire.ts";

const SIZE = { width: 1280, height: 720 };

/** Where a pinhole camera over the origin sees a point of the ground: y ahead of it, x to its right. */
function seen({ focal = 1000, tilt = 30, height = 6 }, [x, y]: XY): XY {
  const [cos, sin] = [Math.cos((tilt * Math.PI) / 180), Math.sin((tilt * Math.PI) / 180)];
  const far = y * cos + height * sin;
  return [SIZE.width / 2 + (focal * x) / far, SIZE.height / 2 + (focal * (height * cos - y * sin)) / far];
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

function fitted(pairs: readonly Pair[]): { matrix: Matrix; missedM: readonly number[] } {
  const fit = fitOf(pairs);
  assert.equal(fit.kind, "fits");
  return fit as { kind: "fits"; matrix: Matrix; missedM: readonly number[] };
}

test("from exact pairs of any upright camera the ground is found again, far from the origin too, and mirrored too", () => {
  const random = seeded(11);
  for (let each = 0; each < 200; each++) {
    const camera = { focal: 400 + 1600 * random(), tilt: 12 + 60 * random(), height: 2 + 12 * random() };
    const [turn, sign, east] = [2 * Math.PI * random(), random() < 0.5 ? 1 : -1, 1e5 * random()];
    const onPlan = ([x, y]: XY): XY => [east + x * Math.cos(turn) - y * Math.sin(turn), sign * (x * Math.sin(turn) + y * Math.cos(turn))];
    const ground = Array.from({ length: 4 + Math.floor(5 * random()) }, (_, at): XY => [(at % 2 === 0 ? -1 : 1) * (2 + 3 * random()), 3 + 3 * at + random()]);
    const { matrix, missedM } = fitted(ground.map((m) => ({ px: seen(camera, m), m: onPlan(m) })));
    assert.ok(Math.max(...missedM) < 1e-5, `${each}: ${Math.max(...missedM)}`);
    const [x, y] = [4 * random() - 2, 4 + 8 * random()];
    const found = toGround(matrix, seen(camera, [x, y])) ?? [Number.NaN, Number.NaN];
    const wanted = onPlan([x, y]);
    assert.ok(Math.hypot(found[0] - wanted[0], found[1] - wanted[1]) < 1e-4);
  }
});

test("there is ground below the horizon and none above it", () => {
  const { matrix } = fitted(([[-3, 5], [3, 5], [3, 12], [-3, 12]] as XY[]).map((m) => ({ px: seen({}, m), m })));
  const horizon = SIZE.height / 2 - 1000 * Math.tan(Math.PI / 6);
  assert.notEqual(toGround(matrix, [600, horizon + 1]), null);
  assert.equal(toGround(matrix, [600, horizon - 1]), null);
});

test("one wrong pair among many is told, wherever it lies, and a fit of the others misses none", () => {
  const ground: XY[] = [[-4, 4], [0, 4], [4, 4], [-4, 9], [0, 9], [4, 9], [-4, 15], [0, 15], [4, 15]];
  for (let wrong = 0; wrong < ground.length; wrong++) {
    const pairs = ground.map((m, at): Pair => ({ px: seen({}, m), m: at === wrong ? [m[0] + 0.3, m[1] - 0.4] : m }));
    assert.equal(worstOf(pairs, fitOf(pairs)), wrong);
    const others = pairs.toSpliced(wrong, 1);
    assert.ok(Math.max(...fitted(others).missedM) < 1e-9);
    assert.equal(worstOf(others, fitOf(others)), null);
    assert.equal(worstOf(pairs.slice(0, 5), fitOf(pairs.slice(0, 5))), null); // four of five always fit
  }
});

test("pairs that do not determine the ground are refused, with the reason", () => {
  const of = (ground: readonly XY[], picture = ground.map((m) => seen({}, m))): string => fitOf(ground.map((m, at) => ({ m, px: picture[at] ?? [0, 0] }))).kind;
  const good: XY[] = [[-3, 5], [3, 5], [3, 12], [-3, 12]];
  assert.equal(of(good), "fits");
  assert.equal(of(good.slice(0, 3)), "few");
  assert.equal(of([[0, 5], [1, 5], [2, 5], [3, 12]]), "narrow"); // all but one on a line
  assert.equal(of([[1, 5], [1, 5], [1, 5], [1, 5]]), "narrow");
  assert.equal(of([[1, 5], [1, 5], [3, 12], [-3, 12]]), "narrow");
  const [a, b, c, d] = good.map((m) => seen({}, m)) as [XY, XY, XY, XY];
  assert.equal(of(good, [a, c, b, d]), "twisted");
});

test("the inverse of a map maps back", () => {
  const { matrix } = fitted(([[-3, 5], [3, 5], [3, 12], [-3, 12]] as XY[]).map((m) => ({ px: seen({}, m), m })));
  const back = inverse(matrix);
  assert.notEqual(back, null);
  const [x, y] = toGround(matrix, [500, 500]) ?? [0, 0];
  const again = toGround(back as Matrix, [x, y]) ?? [0, 0];
  assert.ok(Math.hypot(again[0] - 500, again[1] - 500) < 1e-8);
  assert.equal(inverse([1, 2, 3, 2, 4, 6, 0, 0, 1]), null);
});

test("every line of the grid lies on the ground at whole steps, in front of the camera and below the horizon", () => {
  for (const tilt of [8, 20, 30, 55, 80]) {
    const pairs = ([[-3, 5], [3, 5], [3, 12], [-3, 12]] as XY[]).map((m) => ({ px: seen({ tilt }, m), m }));
    const { matrix } = fitted(pairs);
    const grid = gridOf(matrix, SIZE);
    assert.ok(grid !== null && grid.lines.length > 4, `tilt ${tilt}`);
    assert.ok(grid.lines.length <= 130);
    if (tilt >= 20) assert.equal(grid.stepM, 1, `tilt ${tilt}`);
    for (const [from, to] of grid.lines) {
      const middle: XY = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
      for (const point of [from, middle, to]) {
        const m = toGround(matrix, point);
        assert.ok(m !== null, "below the horizon");
        const off = [0, 1].map((axis) => Math.abs(m[axis as 0 | 1] / grid.stepM - Math.round(m[axis as 0 | 1] / grid.stepM)));
        assert.ok(Math.min(...off) < 1e-4, `${m} at steps of ${grid.stepM}`);
      }
    }
  }
});

test("what lies behind the camera is cut off", () => {
  const back: Matrix = [1, 0, 0, 0, 1, 0, 0, 1, 0]; // in front where y > 0
  assert.equal(depth(back, [0, -1]), -1);
  assert.equal(shown(back, [0, -2], [1, -1], 0.1), null);
  const [from] = shown(back, [0, -2], [0, 2], 0.5) ?? [[Number.NaN, Number.NaN]];
  assert.deepEqual(from, [0, 1]); // cut where y is 0.5: (0 / 0.5, 0.5 / 0.5)
});

test("a place goes to the board and back, on a plan and on plain squares", () => {
  const plan = groundOfPlan({ width: 4000, height: 3000, metres_wide: 80, version: 1 });
  assert.deepEqual(toBoard(plan, [80, 60]), [4000, 3000]);
  const plain = plainGround([{ px: [0, 0], m: [100, 40] }, { px: [0, 0], m: [130, 45] }]);
  for (const [ground, metres] of [[plan, [12.34, 5.6]], [plain, [110, 41.5]]] as const) assert.deepEqual(toMetres(ground, toBoard(ground, metres)), metres);
  const [, low] = toBoard(plain, [100, 40]);
  const [, high] = toBoard(plain, [100, 45]);
  assert.ok(low > high); // y points up
  for (const { m } of [{ m: [100, 40] }, { m: [130, 45] }] as const) {
    const [x, y] = toBoard(plain, m);
    assert.ok(x > 0 && y > 0 && x < plain.size.width && y < plain.size.height);
  }
});

test("the squares of plain ground lie at whole steps", () => {
  const ground = plainGround([{ px: [0, 0], m: [3.3, 17.7] }]);
  const { x, y, stepM } = squares(ground);
  assert.equal(stepM, 1);
  assert.equal(x.length, ground.size.width / 100 + 1);
  for (const at of x) assert.ok(Number.isInteger(toMetres(ground, [at, 0])[0]));
  for (const at of y) assert.ok(Number.isInteger(toMetres(ground, [0, at])[1]));
});

test("a plan is sent as large as the hub takes and no larger, in its own shape", () => {
  assert.deepEqual(sentSize({ width: 12_000, height: 9000 }), { width: 4096, height: 3072 });
  assert.deepEqual(sentSize({ width: 300, height: 9000 }), { width: 137, height: 4096 });
  assert.deepEqual(sentSize({ width: 800, height: 600 }), { width: 800, height: 600 });
  assert.deepEqual(sentSize({ width: 1, height: 90_000 }), { width: 1, height: 4096 });
});

test("a line of known length tells how wide a plan is, and one without length nothing", () => {
  assert.equal(metresWide([100, 100], [400, 500], 25, 2000), 100);
  assert.equal(metresWide([5, 5], [5, 5], 25, 2000), null);
  assert.equal(metresWide([0, 0], [1, 0], 1000, 4096), null);
});

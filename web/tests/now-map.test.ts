import assert from "node:assert/strict";
import { test } from "vitest";
import { type Way, nextMark, sumOf } from "../src/pages/now/marks.ts";
import { Network, totalsOf } from "../src/pages/now/network.ts";
import { type Layout, type Surface, addressOfView, fit, gather, latLon, layoutOf, mercator, pan, roundLength, toScreen, toWorld, viewOfAddress, zoom } from "../src/pages/now/projection.ts";
import { END_S, camera, chance, now, tick } from "./now-town.ts";

const SIZE = { width: 800, height: 500 };

function layout(surface: Surface, count: number, seed = 1, spread = 0.1): { readonly layout: Layout; readonly network: Network } {
  const random = chance(seed);
  const network = new Network();
  network.load(now(Array.from({ length: count }, (_, i) => {
    const [east, north] = [spread * random(), spread * random()];
    return camera(`c${i}`, { lat: 52 + north, lon: 5 + east, x: 500 * east, y: 500 * north, now: tick(`c${i}`, { people: 50 * random() }) });
  })));
  return { layout: layoutOf(surface, network.cameras), network };
}

test("latitude and longitude come back from the map as they were", () => {
  const random = chance(2);
  for (let i = 0; i < 200; i++) {
    const [lat, lon] = [170 * random() - 85, 360 * random() - 180];
    const back = latLon(...mercator(lat, lon));
    assert.ok(Math.abs(back[0] - lat) < 1e-9 && Math.abs(back[1] - lon) < 1e-9);
  }
  assert.ok(mercator(90, 0).every(Number.isFinite));
});

test("a view that fits shows every camera", () => {
  for (const surface of ["earth", "plan", "rows"] as const) {
    for (const count of [1, 2, 60]) {
      const made = layout(surface, count, count).layout;
      const view = fit(made.bounds, SIZE);
      for (let i = 0; i < count; i++) {
        const [x, y] = toScreen(view, SIZE, made.x[i] ?? 0, made.y[i] ?? 0);
        assert.ok(x >= 40 && y >= 40 && x <= SIZE.width - 40 && y <= SIZE.height - 40, `${surface} ${count}: ${x} ${y}`);
      }
    }
  }
});

test("what is under the pointer stays there while one zooms in, and a view is never lost from sight", () => {
  const random = chance(4);
  const made = layout("earth", 50).layout;
  let view = fit(made.bounds, SIZE);
  for (let i = 0; i < 40; i++) {
    const [px, py] = [SIZE.width * (0.3 + 0.4 * random()), SIZE.height * (0.3 + 0.4 * random())];
    const before = toWorld(view, SIZE, px, py);
    const next = zoom(view, made, SIZE, 1.1, px, py);
    const after = toWorld(next, SIZE, px, py);
    const isHeld = next.x === made.bounds.left || next.x === made.bounds.right || next.y === made.bounds.top || next.y === made.bounds.bottom;
    if (!isHeld) assert.ok(Math.hypot(after[0] - before[0], after[1] - before[1]) * next.scale < 1e-3);
    view = next;
  }
  const far = pan(view, made, 1e9, -1e9);
  assert.ok(far.x >= made.bounds.left && far.y <= made.bounds.bottom);
});

test("every camera is in exactly one mark, the marks' sums are the network's, and fewer marks are seen from farther away", () => {
  const { layout: made, network } = layout("earth", 300);
  const total = totalsOf(network, "", END_S).value;
  let before = 0;
  for (let scale = fit(made.bounds, SIZE).scale / 4; scale < 1e9; scale *= 3) {
    const marks = gather(made, scale);
    assert.deepEqual(marks.flatMap(({ members }) => members.map(({ name }) => name)).sort(), network.cameras.map(({ name }) => name).sort());
    assert.ok(Math.abs(marks.reduce((sum, mark) => sum + sumOf(mark, END_S).people, 0) - total) < 1e-6);
    assert.ok(marks.length >= before);
    before = marks.length;
  }
  assert.equal(before, 300);
});

test("cameras that hang at one place part at the nearest view", () => {
  for (const surface of ["earth", "plan"] as const) {
    const made = layout(surface, 60, 1, 0).layout;
    assert.equal(gather(made, fit(made.bounds, SIZE).scale / 100).length, 1);
    assert.equal(gather(made, zoom(fit(made.bounds, SIZE), made, SIZE, 1e9).scale).length, 60);
  }
});

test("a mark says the worst level of its cameras, and how many are unknown", () => {
  const network = new Network();
  network.load(now([camera("a", { now: tick("a", { density: 1.5 }) }), camera("b", { now: tick("b", { density: 0.2 }) }), camera("c", { state: "unknown" })]));
  const sum = sumOf({ x: 0, y: 0, members: network.cameras }, END_S);
  assert.deepEqual([sum.level, sum.known, sum.unknown, sum.people], [4, 2, 1, 40]);
});

test("arrow keys reach every mark and lead the way that they point", () => {
  const marks = gather(layout("earth", 40).layout, 1e6);
  const [first] = marks;
  assert.ok(first !== undefined);
  const reached = new Set([first]);
  const open = [first];
  for (let mark = open.pop(); mark !== undefined; mark = open.pop()) {
    for (const way of ["left", "right", "up", "down"] as Way[]) {
      const next = nextMark(marks, mark.x, mark.y, way, mark);
      if (next === null) continue;
      const along = { left: mark.x - next.x, right: next.x - mark.x, up: mark.y - next.y, down: next.y - mark.y }[way];
      assert.ok(along > 0);
      if (!reached.has(next)) open.push(next);
      reached.add(next);
    }
  }
  assert.equal(reached.size, marks.length);
});

test("a view is read back from its address, and nonsense in an address shows all", () => {
  for (const surface of ["earth", "plan", "rows"] as const) {
    const made = layout(surface, 30).layout;
    const view = zoom(fit(made.bounds, SIZE), made, SIZE, 2.5);
    const { at, zoom: zoomed } = addressOfView(view, surface);
    const back = viewOfAddress(at, zoomed, made, SIZE);
    assert.ok(back !== null);
    const [x, y] = toScreen(view, SIZE, back.x, back.y);
    assert.ok(Math.hypot(x - SIZE.width / 2, y - SIZE.height / 2) < 4 && Math.abs(back.scale / view.scale - 1) < 0.01, surface);
    for (const [wrongAt, wrongZoom] of [["", ""], ["a,b", "3"], ["1", "3"], ["1,2,3", "3"], ["1,2", "x"], ["Infinity,0", "3"], ["1,2", ""], [undefined, "3"]] as const) {
      assert.equal(viewOfAddress(wrongAt, wrongZoom, made, SIZE), null);
    }
    for (const far of ["1e300", "-1e300"]) assert.ok(Number.isFinite(viewOfAddress("9e9,-9e9", far, made, SIZE)?.scale));
  }
});

test("a scale bar is of a round length and not longer than asked for", () => {
  for (let metres = 0.001; metres < 1e5; metres *= 1.7) {
    const length = roundLength(metres, 100);
    assert.ok(length <= 100 * metres * (1 + 1e-9) && length > 35 * metres);
    assert.match(length.toExponential(), /^[125]e/);
  }
});

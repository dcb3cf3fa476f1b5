import assert from "node:assert/strict";
import { test } from "vitest";
import { formatsOf } from "../src/core/numbers.ts";
import { EPSILON, countOf, elapsed, pressed, privateOf, shareOf, withoutLast } from "../src/pages/camera/counting.ts";
import { type NowTick, fullest, heatOf, placeNow } from "../src/pages/camera/now.ts";
import { metresToml, placesToml } from "../src/pages/camera/sitefile.ts";
import { found, lacksOf, nextOf, stepOf } from "../src/pages/camera/steps.ts";
import { bodyOf, withoutEmpty } from "../src/pages/camera/wire.ts";

const NOTHING = { line: [], zone: [], calibration: null };
const DRAWN = { ...NOTHING, line: [{ name: "door", from: [0, 0], to: [1, 1] }] } as const;

test("what a camera lacks is told in the order in which it is set up, and what is not known is not told", () => {
  assert.deepEqual(lacksOf(NOTHING, { hasPlate: false, isChecked: false }), ["plate", "places", "metres"]);
  assert.deepEqual(lacksOf(DRAWN, { hasPlate: true, isChecked: false }), ["metres", "check"]);
  assert.deepEqual(lacksOf({ ...DRAWN, calibration: {} }, { hasPlate: null, isChecked: null }), []);
});

test("a step of an address is one that there is, and leads to the next", () => {
  assert.equal(stepOf("draw"), "draw");
  assert.equal(stepOf("plan"), null);
  assert.equal(nextOf("address"), "plate");
  assert.equal(nextOf("check"), null);
});

test("cameras are found by all words of a text, in any case and any way of writing", () => {
  const cameras = [{ name: "North gate", site: "Central", sensor: "" }, { name: "Caf\u00e9", site: "Ost", sensor: "box-1" }];
  assert.deepEqual(found(cameras, "central NORTH"), [cameras[0]]);
  assert.deepEqual(found(cameras, "cafe\u0301 box"), [cameras[1]]);
  assert.deepEqual(found(cameras, " "), cameras);
  assert.deepEqual(found(cameras, "north ost"), []);
});

test("a calibration is sent back without what is empty, and a camera with all that its record holds", () => {
  const table = { points_px: [[1, 2]], points_m: [[1, 2]], points_deg: [], length: [], view: null, lens: "auto", width_px: null } as const;
  assert.deepEqual(withoutEmpty(table), { points_px: [[1, 2]], points_m: [[1, 2]], lens: "auto" });
  const camera = {
    name: "c", site: "s", sensor: "x", where: null, has_address: true, scheme: "rtsp", has_login: true, detector: "auto", tiles: "2x1", anchor: "centre", rate_hz: 7, tick_s: 30,
    line: [], zone: [], calibration: table, version: 3, of_file: false,
  } as const;
  const { sensor, tiles, anchor, rate_hz, tick_s, version } = bodyOf(camera, { sensor: "y" });
  assert.deepEqual({ sensor, tiles, anchor, rate_hz, tick_s, version }, { sensor: "y", tiles: "2x1", anchor: "centre", rate_hz: 7, tick_s: 30, version: 3 });
});

test("presses are counted and taken back, and only numbers that went through the noise are sent", () => {
  let counting = { startS: 1_800_000_000.4, presses: [] } as Parameters<typeof pressed>[0];
  for (const way of ["in", "in", "out", "in"] as const) counting = pressed(counting, way);
  counting = withoutLast(counting);
  assert.deepEqual([countOf(counting, "in"), countOf(counting, "out")], [2, 1]);
  const drawn: [number, number][] = [];
  const body = privateOf(counting, "door", 1_800_000_300, (count, epsilon) => { drawn.push([count, epsilon]); return count + 1000 * drawn.length; });
  assert.deepEqual(drawn, [[2, EPSILON], [1, EPSILON]]);
  assert.deepEqual(body, { place: "door", start: "2027-01-15T08:00:00.000Z", end: "2027-01-15T08:05:00.000Z", in: 1002, out: 2001, epsilon: EPSILON });
});

test("elapsed time and shares are written as people read them", () => {
  assert.equal(elapsed(247.9), "4:07");
  assert.equal(elapsed(-1), "0:00");
  assert.equal(shareOf(0.881), -0.12);
  assert.ok(Object.is(shareOf(0.999), 0));
});

const TICK: NowTick = {
  camera: "c", time: "2027-01-15T08:00:00Z", tick_s: 60, unknown: "",
  zones: [{ place: "hall", people: -2, people_se: 3, density: 0.2, density_se: 0.05 }],
  lines: [{ place: "door", in_per_min: 4, out_per_min: 2, per_min_se: 1 }, { place: "new", in_per_min: null, out_per_min: null, per_min_se: null }],
};

test("what is unknown or old is shown as nothing, never as a number", () => {
  const [formats, nowS] = [formatsOf("en-GB", "UTC"), 1_800_000_000];
  assert.deepEqual(placeNow(TICK, "hall", nowS, formats), { kind: "zone", people: "0 ± 6", density: "0.2 ± 0.1" });
  assert.deepEqual(placeNow(TICK, "door", nowS, formats), { kind: "line", inward: "4 ± 2", outward: "2 ± 2" });
  assert.equal(placeNow(TICK, "new", nowS, formats), null);
  assert.equal(placeNow(TICK, "nowhere", nowS, formats), null);
  assert.equal(placeNow({ ...TICK, unknown: "too dark" }, "hall", nowS, formats), null);
  assert.equal(placeNow(TICK, "hall", nowS + 300, formats), null);
  assert.equal(placeNow(null, "hall", nowS, formats), null);
});

test("a heat map shows nothing that is within the noise, and nothing that is old", () => {
  const heat = { time: "2027-01-15T07:00:00Z", values: [[0.4, -3], [2, 8]], standard_error: 1, unknown: "" };
  assert.deepEqual(heatOf(heat, 1_800_000_000), [[0, 0], [0, 1]]);
  assert.deepEqual(fullest(heat), { column: 2, row: 2, value: 8 });
  assert.equal(heatOf(heat, 1_800_000_000 + 3 * 3600), null);
  assert.equal(heatOf({ ...heat, values: null, unknown: "dark" }, 1_800_000_000), null);
});

test("what is drawn for a camera of the site file is written as the site file has it", () => {
  const drawing = [
    { id: 0, kind: "zone", name: "hall", points: [[100, 100], [900, 100], [900, 700.5]] },
    { id: 1, kind: "line", name: "door", points: [[661, 166], [1859, 520]] },
  ] as const;
  assert.equal(placesToml(drawing), '[[camera.line]]\nname = "door"\nfrom = [661, 166]\nto = [1859, 520]\n\n[[camera.zone]]\nname = "hall"\ncorners = [[100, 100], [900, 100], [900, 700.5]]\n');
  assert.equal(metresToml([{ px: [1, 2], m: [3.5, -4] }], "none"), '[camera.calibration]\npoints_px = [[1, 2]]\npoints_m = [[3.5, -4]]\nlens = "none"\n');
});

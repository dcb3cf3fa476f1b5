import assert from "node:assert/strict";
import { test } from "vitest";
import { choicesOf, foundIn, groupsOf } from "../src/pages/place/choices.ts";
import { type Late, type Series, appended, byDay, columnsOf, gapsOf, indexAt, joined, seriesOf, weekLater, within } from "../src/pages/place/curve.ts";
import { binWidthOf, binsOf, flowsOf, pointsOf, weidmannFlow, weidmannSpeed } from "../src/pages/place/diagram.ts";
import { daysOf, highestOf } from "../src/pages/place/hours.ts";
import { colourAt, digitsOf, levelsOf, roundTop } from "../src/pages/place/scale.ts";
import {
  LONGEST_S, LOOKS, PRESETS, SHORTEST_S, type View, dayStartS, daysLater, fieldOf, isoOf, moved, paramsOf, shown, spanOf, stepLengthS, stepOf,
  timeOf, viewOf, zoomed,
} from "../src/pages/place/span.ts";

/* In Europe/Amsterdam the clock was set forward at 2026-03-29T01:00Z and back at 2026-10-25T01:00Z: elsewhere these cannot be told. */
const inAmsterdam = test.skipIf(new Intl.DateTimeFormat().resolvedOptions().timeZone !== "Europe/Amsterdam");

const at = (iso: string): number => Date.parse(iso) / 1000;
const NOW = at("2026-11-30T20:30:00Z");
const HOUR = 3600;

function series(startS: number, stepS: number, values: readonly (number | null)[], error = 2): Series {
  return {
    stepS,
    startS: values.map((_, i) => startS + i * stepS),
    values,
    errors: values.map((value) => (value === null ? null : error)),
    unknown: values.map((value) => (value === null ? "dark" : "")),
  };
}

/** Numbers from 0 to 1 that are the same every time. */
function chances(count: number): number[] {
  let state = 7;
  return Array.from({ length: count }, (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647);
}

test("an address shows what it was written from, and what is wrong in it is as usual", () => {
  for (const look of LOOKS) {
    const following: View = { camera: "a & b", place: "🚪", measures: ["in", "out"], lastS: 86_400, fixed: null, compare: true, look };
    assert.deepEqual(viewOf(paramsOf(following)), following);
    const still: View = { ...following, lastS: null, fixed: { fromS: NOW - 7200, toS: NOW - 60 }, compare: false };
    assert.deepEqual(viewOf(paramsOf(still)), still);
  }
  const usual = viewOf({});
  assert.equal(usual.lastS, HOUR);
  for (const wrong of [{ last: "-1" }, { last: "x" }, { from: "x", to: "y" }, { from: isoOf(NOW), to: isoOf(NOW - 1) }, { view: "x" }, { compare: "year" }]) {
    assert.deepEqual(viewOf(wrong as Record<string, string>), usual);
  }
  assert.deepEqual(viewOf({ from: "1900-01-01", to: isoOf(NOW) }).fixed, { fromS: NOW - LONGEST_S, toS: NOW });
  assert.equal(viewOf({ last: "1e12" }).lastS, LONGEST_S);
});

test("a zoom keeps the time under the pointer where it is, and stays between a minute and a year", () => {
  for (const chance of chances(200)) {
    const span = { fromS: NOW - 10 - chance * 1e6, toS: NOW };
    const anchorS = span.fromS + chance * (span.toS - span.fromS);
    const to = zoomed(span, 2 ** (8 * chance - 4), anchorS);
    const length = to.toS - to.fromS;
    assert.ok(length >= SHORTEST_S - 1e-6 && length <= LONGEST_S + 1e-6);
    assert.ok(Math.abs((anchorS - to.fromS) / length - chance) < 1e-6);
  }
});

test("what reaches the present follows it, and nothing is shown beyond it", () => {
  const view = viewOf({});
  const earlier = shown(view, moved(spanOf(view, NOW), -0.5, NOW), NOW);
  assert.deepEqual(earlier.fixed, { fromS: NOW - 1.5 * HOUR, toS: NOW - 0.5 * HOUR });
  assert.equal(moved(spanOf(earlier, NOW), 5, NOW).toS, NOW);
  const back = shown(earlier, moved(spanOf(earlier, NOW), 5, NOW), NOW);
  assert.deepEqual([back.fixed, back.lastS], [null, HOUR]);
  assert.deepEqual(spanOf(back, NOW + 60), { fromS: NOW + 60 - HOUR, toS: NOW + 60 });
});

test("no step asks for more than about two thousand numbers, or for a day or two twenty thousand, and none for a curve of a few", () => {
  for (const tickS of [1, 10, 60, 300, 3600, 2700]) {
    for (const [, spanS] of PRESETS) {
      for (const quantity of ["in", "in_total", "occupancy"]) {
        const step = stepOf(spanS, tickS, quantity);
        const drawn = spanS / (step === "mean" ? 86_400 : stepLengthS(step, tickS));
        const most = spanS <= 2 * 86_400 ? 20_000 : 2000;
        assert.ok(drawn <= most || tickS === 2700 || tickS === 3600, `${tickS} ${spanS} ${quantity} ${step}`);
        if (tickS > 4 && step !== "tick") assert.ok(drawn >= 30, `${tickS} ${spanS} ${quantity} ${step}`);
        if (step === "day") assert.notEqual(quantity, "occupancy");
      }
    }
  }
});

inAmsterdam("days are local ones, also when the clock is changed", () => {
  assert.equal(daysLater(at("2026-03-28T12:00:00Z"), 1), at("2026-03-29T11:00:00Z"));
  assert.equal(daysLater(at("2026-10-24T12:00:00Z"), 1), at("2026-10-25T13:00:00Z"));
  assert.equal(dayStartS(at("2026-03-29T10:00:00Z")), at("2026-03-28T23:00:00Z"));
  for (const iso of ["2026-03-29T10:07:00Z", "2026-11-30T23:59:00Z", "2026-07-01T00:00:00Z"]) assert.equal(timeOf(fieldOf(at(iso))), at(iso));
});

test("a curve breaks where numbers are unknown and where none came, and nowhere else", () => {
  const wire = {
    tick_s: 60,
    rows: ["10:00", "10:01", "10:02", "10:05", "10:06"].map((time, i) => ({
      time: `2026-11-30T${time}:00Z`, value: i === 1 ? null : i - 1, standard_error: i === 1 ? null : 1, unknown: i === 1 ? "dark" : "",
    })),
  };
  const columns = columnsOf(seriesOf(wire));
  assert.deepEqual(columns.endS.map((endS) => isoOf(endS).slice(11, 16)), ["10:01", "10:02", "10:03", "10:05", "10:06", "10:07"]);
  assert.deepEqual(columns.values, [0, null, 1, null, 2, 3]);
  assert.deepEqual(columns.lower, [0, null, 0, null, 0, 1]);
  assert.deepEqual(columns.upper, [1, null, 3, null, 4, 5]);
  const span = { fromS: at("2026-11-30T09:58:00Z"), toS: at("2026-11-30T10:20:00Z") };
  const gaps = gapsOf(seriesOf(wire), span, at("2026-11-30T10:10:00Z"));
  assert.deepEqual(
    gaps.map(({ startS, endS, reason }) => [isoOf(startS).slice(11, 16), isoOf(endS).slice(11, 16), reason]),
    [["09:58", "10:00", ""], ["10:01", "10:02", "dark"], ["10:03", "10:05", ""], ["10:07", "10:10", ""]],
  );
  // The tick that is still being counted is no gap.
  assert.equal(gapsOf(seriesOf(wire), span, at("2026-11-30T10:08:03Z")).length, 3);
});

test("a count that is drawn in steps covers all of its hour, after a gap too, and nothing else", () => {
  for (const values of [[1, 2, 3], [null, 1, null, null, 2, 3, null, 4], [1, null, 2]]) {
    const one = series(NOW, HOUR, values);
    const holed: Series = { ...one, startS: one.startS.map((startS, i) => startS + (i >= 2 ? 9 * HOUR : 0)) };
    for (const counts of [one, holed]) {
      const { endS, values: drawn } = columnsOf(counts, true);
      assert.ok(endS.every((atS, i) => i === 0 || atS > (endS[i - 1] ?? 0)));
      // As it is drawn: from each point to the one before, at the height of the later, and over a break not at all.
      const heightAt = (timeS: number): number | null => {
        const i = endS.findIndex((atS) => atS >= timeS);
        return i < 1 || (drawn[i - 1] ?? null) === null ? null : (drawn[i] ?? null);
      };
      for (let timeS = NOW - HOUR / 2; timeS < NOW + 20 * HOUR; timeS += HOUR / 8 + 1) {
        const i = indexAt(counts, timeS);
        assert.equal(heightAt(timeS), i === null ? null : (values[i] ?? null));
      }
    }
  }
});

test("live ticks go on a series once, and what has left the span goes", () => {
  const first = series(NOW, 60, [1, 2, 3]);
  const late = (afterS: number, value: number): Late => ({ startS: NOW + afterS, value, error: 1, unknown: "" });
  const more = appended(appended(first, [late(120, 9), late(180, 4), late(180, 9)]), [late(180, 9)]);
  assert.deepEqual(more.values, [1, 2, 3, 4]);
  assert.deepEqual(more.startS, [0, 60, 120, 180].map((afterS) => NOW + afterS));
  assert.equal(appended(first, [late(60, 9)]), first);
  assert.deepEqual(within(more, { fromS: NOW + 90, toS: NOW + 240 }).values, [2, 3, 4]);
  assert.deepEqual(within(more, { fromS: NOW + 9000, toS: NOW + 9999 }).values, []);
  assert.equal(indexAt(more, NOW + 60), 0);
  assert.equal(indexAt(more, NOW + 61), 1);
  assert.equal(indexAt(more, NOW + 999), null);
});

test("the week before is compared by the clock on the wall, over a change of the clock too", () => {
  // Ten in the morning of each day of the week before the clock is set back, shown ten in the morning a week later.
  const before = series(at("2026-10-19T08:00:00Z"), HOUR, Array.from({ length: 168 }, (_, i) => i));
  const later = weekLater(before);
  for (const [i, startS] of later.startS.entries()) {
    assert.equal(new Date(startS * 1000).getHours(), new Date((before.startS[i] ?? 0) * 1000).getHours());
    assert.equal(new Date(startS * 1000).getDay(), new Date((before.startS[i] ?? 0) * 1000).getDay());
  }
  // Over the hour that the clock leaves out, two hours fall onto one: time never runs backwards on the axis.
  const { endS } = columnsOf(weekLater(series(at("2026-03-21T22:00:00Z"), HOUR, Array.from({ length: 24 }, (_, i) => i))));
  assert.ok(endS.every((atS, i) => i === 0 || atS > (endS[i - 1] ?? 0)));
});

test("curves of different times share one axis, and keep their numbers", () => {
  const [a, b] = [columnsOf(series(NOW, 60, [1, 2, null, 4])), columnsOf(series(NOW + 120, 60, [7, 8, 9]))];
  const [x, ...columns] = joined([a, b]);
  assert.deepEqual(x, [...new Set([...a.endS, ...b.endS])].sort());
  for (const [i, own] of [a, b].entries()) {
    const values = columns[3 * i] ?? [];
    assert.deepEqual(own.endS.map((endS): number | null | undefined => values[x.indexOf(endS)]), own.values);
    assert.ok(values.every((value, k) => own.endS.includes(x[k] ?? 0) || value === undefined));
  }
  assert.equal(joined([a, a])[0], a.endS);
});

inAmsterdam("the mean of a day is of its local hours, never surer than they are, and unknown where too few are known", () => {
  const startS = at("2026-10-23T22:00:00Z"); // local midnight; the third day has 25 hours
  const hours = Array.from({ length: 24 + 25 + 24 + 5 }, (_, i): number | null => (i < 24 ? 10 : i < 49 ? 20 : i < 60 ? null : 30));
  const days = byDay(series(startS, HOUR, hours), startS + hours.length * HOUR);
  assert.deepEqual(days.startS.map(isoOf), ["2026-10-23T22:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"]);
  assert.deepEqual(days.values, [10, 20, null]);
  assert.deepEqual(days.errors, [2, 2, null]);
  assert.deepEqual(days.unknown.map((reason) => reason !== ""), [false, false, true]);
});

inAmsterdam("every hour of a series stands in the cell of its local day and hour, counts of an hour that came twice added up", () => {
  for (const [from, to] of [["2026-03-27", "2026-04-02"], ["2026-10-23", "2026-10-28"], ["2026-11-01", "2026-11-08"]] as const) {
    const span = { fromS: at(`${from}T12:00:00Z`), toS: at(`${to}T12:00:00Z`) };
    const values = Array.from({ length: (span.toS - span.fromS) / HOUR }, (_, i) => i + 1);
    const hours = series(span.fromS, HOUR, values);
    const days = daysOf(hours, span, true);
    assert.ok(days.every(({ startS, cells }) => cells.length === 24 && new Date(startS * 1000).getHours() === 0));
    const known = days.flatMap(({ cells }) => cells.filter((cell) => cell.kind === "known"));
    assert.equal(known.reduce((sum, { value }) => sum + value, 0), values.reduce((sum, value) => sum + value, 0));
    for (const { startS, cells } of days) {
      for (const [hour, cell] of cells.entries()) {
        if (cell.kind === "skipped") assert.deepEqual([isoOf(startS), hour], ["2026-03-28T23:00:00Z", 2]);
        else assert.equal(new Date(cell.startS * 1000).getHours(), hour);
      }
    }
    assert.equal(days.flatMap(({ cells }) => cells).filter(({ kind }) => kind === "skipped").length, from === "2026-03-27" ? 1 : 0);
    assert.ok(highestOf(days) >= values.length);
  }
  const fall = { fromS: at("2026-10-24T22:00:00Z"), toS: at("2026-10-25T23:00:00Z") };
  const numbers = Array.from({ length: 25 }, (_, i) => i);
  const [twice] = [daysOf(series(fall.fromS, HOUR, numbers), fall, true)[0]?.cells[2]];
  assert.ok(twice?.kind === "known" && twice.value === 2 + 3 && Math.abs(twice.error - Math.hypot(2, 2)) < 1e-12);
  const [later] = [daysOf(series(fall.fromS, HOUR, numbers), fall, false)[0]?.cells[2]];
  assert.ok(later?.kind === "known" && later.value === 3 && later.error === 2);
  const dark = daysOf(series(fall.fromS, HOUR, [null, 1]), fall, true)[0]?.cells ?? [];
  assert.deepEqual(dark.slice(0, 3).map(({ kind }) => kind), ["unknown", "known", "none"]);
});

test("Weidmann's speed falls from that of free walking to none in a jam, and his flow has one top", () => {
  assert.equal(weidmannSpeed(0), 1.34);
  assert.ok(Math.abs(weidmannSpeed(5.4)) < 1e-12);
  assert.ok(Math.abs(weidmannSpeed(1) - 1.34 * (1 - Math.exp(-1.913 * (1 - 1 / 5.4)))) < 1e-12);
  const flows = Array.from({ length: 55 }, (_, i) => weidmannFlow(i / 10));
  const top = flows.indexOf(Math.max(...flows));
  // Weidmann gives 1.75 persons/m2 and 1.22 persons/(m s) as the point of capacity.
  assert.ok(Math.abs(top / 10 - 1.75) <= 0.1 && Math.abs((flows[top] ?? 0) - 1.22) < 0.02);
  assert.ok(flows.every((flow, i) => i === 0 || (i <= top ? flow >= (flows[i - 1] ?? 0) : flow <= (flows[i - 1] ?? 0))));
});

test("moments are those at which both are known, bins keep them all, and a mean is never surer than its numbers", () => {
  const chance = chances(400);
  const density = series(NOW, 60, chance.slice(0, 200).map((x) => (x < 0.1 ? null : 2 * x)), 0.2);
  const speed = series(NOW + 600, 60, chance.slice(200).map((x) => (x > 0.9 ? null : 1 + x)), 0.1);
  const points = pointsOf(density, speed);
  assert.equal(points.length, density.startS.filter((startS, i) => density.values[i] !== null && speed.values[speed.startS.indexOf(startS)] != null).length);
  const bins = binsOf(points, binWidthOf(points));
  assert.equal(bins.reduce((sum, { count }) => sum + count, 0), points.length);
  assert.ok(bins.length <= 13 && bins.every(({ density: d, other }) => Math.abs(d.error - 0.2) < 1e-9 && Math.abs(other.error - 0.1) < 1e-9));
  for (const [i, { other }] of flowsOf(points).entries()) {
    const [d, v] = [points[i]?.density, points[i]?.other];
    assert.equal(other.value, (d?.value ?? 0) * (v?.value ?? 0));
    // Of a product the squares of the relative errors add up.
    if (d !== undefined && v !== undefined && d.value > 0) {
      const relative = (0.2 / d.value) ** 2 + (0.1 / v.value) ** 2;
      assert.ok(Math.abs((other.error / other.value) ** 2 - relative) < 1e-9 * relative);
    }
  }
});

test("colours get darker, or in the dark lighter, with every step: sight of any kind and print tell them apart", () => {
  for (const dark of [false, true]) {
    const light = Array.from({ length: 101 }, (_, i) => {
      const [r = 0, g = 0, b = 0] = (colourAt(i / 100, dark).match(/\d+/g) ?? []).map(Number);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    });
    assert.ok(light.every((value, i) => i === 0 || (dark ? value >= (light[i - 1] ?? 0) : value <= (light[i - 1] ?? 255))));
    assert.equal(colourAt(-1, dark), colourAt(0, dark));
    assert.equal(colourAt(2, dark), colourAt(1, dark));
  }
});

test("round numbers are the next above, and digits tell steps apart", () => {
  for (const chance of chances(100)) {
    const value = 10 ** (8 * chance - 3);
    const top = roundTop(value);
    assert.ok(top >= value * (1 - 1e-9) && top <= 2.5 * value * (1 + 1e-9));
    assert.match(top.toExponential(), /^[125]e/);
  }
  assert.deepEqual([roundTop(0), roundTop(-1)], [1, 1]);
  assert.deepEqual([0.02, 0.1, 0.25, 0.5, 1, 2.5, 20].map(digitsOf), [2, 1, 2, 1, 0, 1, 0]);
});

test("a cell of the picture that cannot be told from the noise has no level, the fullest the highest", () => {
  assert.deepEqual(levelsOf([[0, 4, 5], [20, -3, 10]], 2), [[0, 0, 1], [4, 0, 2]]);
  assert.deepEqual(levelsOf([[1, -1]], 2), [[0, 0]]);
});

test("a search finds the places that hold all its words, whatever their accents, and loses none without one", () => {
  const cameras = ["Überführung 北", "door & gate", "c0001"].map((name, i) => ({
    name, site: i === 1 ? "West" : "Central", state: "live" as const, reason: "", since: "", tick_s: 60, extras: { heat: false },
    places: [{ name: "hall", kind: "zone" as const, in_metres: true }, { name: "Tür", kind: "line" as const, in_metres: true }],
  }));
  const all = choicesOf(cameras);
  assert.equal(foundIn(all, " ").length, 6);
  assert.deepEqual(foundIn(all, "UBERFUHRUNG tur").map(({ camera, place }) => [camera, place]), [["Überführung 北", "Tür"]]);
  assert.equal(foundIn(all, "west").length, 2);
  assert.equal(foundIn(all, "北").length, 2);
  assert.deepEqual(groupsOf(all).map(([site, of]) => [site, of.length]), [["Central", 4], ["West", 2]]);
});

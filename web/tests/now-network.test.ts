import assert from "node:assert/strict";
import { test } from "vitest";
import { Network, blindSinceS, sightOf, totalsOf } from "../src/pages/now/network.ts";
import type { TickWire } from "../src/pages/now/wire.ts";
import { END_S, START_S, TICK_S, camera, chance, iso, now, tick } from "./now-town.ts";

function loaded(...cameras: Parameters<typeof now>[0]): Network {
  const network = new Network();
  network.load(now(cameras));
  return network;
}

test("whatever order ticks come in, the sum is that of each camera's newest tick, and errors add in squares", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = chance(seed);
    const names = Array.from({ length: 12 }, (_, i) => `c${i}`);
    const network = loaded(...names.map((name) => camera(name, { now: null })));
    const newest = new Map<string, TickWire>();
    for (let i = 0; i < 80; i++) {
      const name = names[Math.floor(random() * names.length)] ?? "";
      const startS = START_S - TICK_S * Math.floor(random() * 3);
      const unknown = random() < 0.2 ? "dark" : "";
      const made = tick(name, { startS, people: 60 * random() - 10, se: 1 + 5 * random(), unknown, ...(unknown === "" ? {} : { zones: [], lines: [] }) });
      network.take([made]);
      if (startS >= Date.parse(newest.get(name)?.time ?? iso(0)) / 1000) newest.set(name, made);
    }
    const known = [...newest.values()].flatMap(({ zones }) => zones);
    const totals = totalsOf(network, "", END_S);
    assert.equal(totals.counted, known.length);
    assert.equal(totals.counting, names.length);
    if (known.length === 0) continue;
    assert.ok(Math.abs(totals.value - known.reduce((sum, zone) => sum + zone.people, 0)) < 1e-9);
    assert.ok(Math.abs(totals.standardError - Math.hypot(...known.map((zone) => zone.people_se))) < 1e-9);
    assert.equal(totals.missing.unknown + totals.missing.starting + totals.counted, names.length);
  }
});

test("a number is known until two ticks and five seconds after its end, and unknown from then on", () => {
  const network = loaded(camera("a"));
  const [known] = network.cameras;
  assert.ok(known !== undefined);
  assert.equal(sightOf(known, END_S + 2 * TICK_S + 5), "known");
  assert.equal(sightOf(known, END_S + 2 * TICK_S + 5.01), "stopped");
  assert.equal(blindSinceS(known), END_S);
  assert.equal(sightOf(known, END_S - 2 * TICK_S - 5.01), "stopped", "a clock that was set back");
  const totals = totalsOf(network, "", END_S + 1000);
  assert.ok(Number.isNaN(totals.value), "no stale number is summed");
  assert.equal(totals.missing.stopped, 1);
});

test("a camera that sees nothing has no number, though its newest tick has", () => {
  const network = loaded(camera("a"), camera("b"));
  assert.equal(totalsOf(network, "", END_S).value, 40);
  const state = { name: "a", site: "Central", state: "unknown" as const, reason: "dark", since: iso(END_S), places: [{ name: "door", kind: "line" as const, in_metres: true }, { name: "hall", kind: "zone" as const, in_metres: true }] };
  assert.equal(network.takeStates([state]), true);
  assert.equal(totalsOf(network, "", END_S).value, 20);
  assert.deepEqual(network.cameras.map((each) => sightOf(each, END_S)), ["unknown", "known"]);
});

test("a tick that knows less takes away what the one before knew", () => {
  const network = loaded(camera("a"));
  network.take([tick("a", { startS: START_S + TICK_S, zones: [], lines: [{ place: "door", in_per_min: null, out_per_min: null, per_min_se: null }] })]);
  const totals = totalsOf(network, "", END_S + TICK_S);
  assert.ok(Number.isNaN(totals.value));
  assert.deepEqual([totals.counted, totals.missing.partly], [0, 1]);
  assert.ok(network.places.every((place) => Number.isNaN(place.people) && Number.isNaN(place.inPerMin)));
});

test("cameras and places that nobody has told of are asked for, and ticks of them leave nothing behind", () => {
  const network = loaded(camera("a"));
  network.take([tick("stranger"), tick("a", { zones: [{ place: "elsewhere", people: 9, people_se: 1, density: null, density_se: null }] })]);
  assert.equal(network.cameras.length, 1);
  assert.equal(network.places.length, 2);
  const state = { name: "a", site: "Central", state: "live" as const, reason: "", since: iso(END_S), places: [] };
  assert.equal(network.takeStates([{ ...state, name: "stranger" }]), false);
  assert.equal(network.takeStates([state]), false, "other places");
});

test("a network without zones sums crossings, and cameras without any place are not counted", () => {
  const line = [{ place: "door", kind: "line" as const, in_metres: false }];
  const network = loaded(camera("a", { places: line }), camera("b", { places: line }), camera("c", { places: [], now: null }));
  const totals = totalsOf(network, "", END_S);
  assert.deepEqual([totals.measured, totals.value, totals.outwards, totals.counting, totals.cameras], ["crossings", 10, 8, 2, 3]);
  assert.ok(Math.abs(totals.standardError - Math.SQRT1_2) < 1e-9);
  assert.equal(totalsOf(network, "elsewhere", END_S).measured, "nothing");
  assert.equal(network.places.length, 3, "every camera is found in the table");
});

import assert from "node:assert/strict";
import { test } from "vitest";
import { begunOf, ringingOf } from "../src/core/bell.ts";
import { type Item, attentionOf, idOf } from "../src/pages/now/attention.ts";
import { Network } from "../src/pages/now/network.ts";
import type { AlarmWire, CameraWire } from "../src/pages/now/wire.ts";
import { END_S, TICK_S, alarm, camera, chance, now, tick } from "./now-town.ts";

function items(cameras: readonly CameraWire[], alarms: readonly AlarmWire[] = [], nowS = END_S, connected = true): readonly Item[] {
  const network = new Network();
  network.load(now(cameras));
  return attentionOf(network, alarms, nowS, connected);
}

const dense = (name: string, density: number, densitySe = 0.04): CameraWire => camera(name, { now: tick(name, { density, densitySe }) });
const blind = (name: string, reason = "dark"): CameraWire => camera(name, { state: "unknown", reason });

test("the worst comes first: alarms by severity, crowded zones, cameras that see nothing, what is not watched, what somebody has taken on", () => {
  const alarms = [
    alarm("taken", { severity: "danger", acknowledged: { by: "Mo", at: "", note: "" } }), alarm("unsure", { state: "cannot tell" }),
    alarm("quiet", { state: "quiet" }), alarm("note", { severity: "notice" }), alarm("grave", { severity: "danger" }), alarm("warn"),
  ];
  const told = items([blind("x"), dense("e", 1.5), dense("f", 3), camera("calm")], alarms).map(idOf);
  assert.deepEqual(told, ["alarm grave", "alarm warn", "dense f\nhall", "dense e\nhall", "alarm note", "blind dark x", "alarm unsure", "alarm taken"]);
});

test("noise puts no zone on the list whose density may be that of an empty one", () => {
  const random = chance(3);
  for (let i = 0; i < 500; i++) {
    const [density, error] = [4 * random(), 1.5 * random()];
    const isListed = items([dense("a", density, error)]).length === 1;
    assert.equal(isListed, density > 1 / 0.93 && density - 2 * error > 1 / 3.25, `${density} ± ${2 * error}`);
  }
});

test("many cameras that see nothing for one reason are one item, few are told one by one", () => {
  for (const [count, expected] of [[0, 0], [3, 3], [4, 1], [500, 1]] as const) {
    const told = items(Array.from({ length: count }, (_, i) => blind(`c${i}`)));
    assert.equal(told.length, expected);
    assert.equal(told.reduce((sum, item) => sum + (item.kind === "blind" ? item.cameras.length : 0), 0), count);
  }
  assert.equal(items([...Array(4).keys()].map((i) => blind(`c${i}`, `reason ${i % 2}`))).length, 4);
});

test("a zone whose alarm rings is told once", () => {
  assert.deepEqual(items([dense("a", 3)], [alarm("crowd")]).map(idOf), ["alarm crowd"]);
  assert.deepEqual(items([dense("a", 3)], [alarm("crowd", { state: "quiet" })]).map(idOf), ["dense a\nhall"]);
});

test("numbers that stopped are told, but not where the connection is broken", () => {
  const late = END_S + 3 * TICK_S;
  assert.deepEqual(items([camera("a")], [], late).map(({ kind }) => kind), ["stopped"]);
  assert.deepEqual(items([camera("a")], [], late, false), []);
});

test("an alarm is called out when it begins to ring, not when the page opens on it and not again while it rings", () => {
  const [rings, quiet] = [alarm("one"), alarm("two", { state: "quiet" })];
  assert.deepEqual(begunOf(null, [rings, quiet]), []);
  const before = ringingOf([rings, quiet]);
  assert.deepEqual(begunOf(before, [rings, quiet]), []);
  assert.deepEqual(begunOf(before, [rings, { ...quiet, state: "ringing" }]).map(({ name }) => name), ["two"]);
  assert.deepEqual(begunOf(ringingOf([{ ...rings, state: "quiet" }]), [rings]).map(({ name }) => name), ["one"], "it rings anew");
});

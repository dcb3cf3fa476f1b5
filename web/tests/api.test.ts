import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Hub, HubClock, HubUnreachable, SessionEnded, cameraOf, heatOf, seriesRowsOf, siteOf, tickOf } from "../src/api.ts";
import { T0, row } from "./make.ts";

const TIME = new Date(T0 * 1000).toISOString();

/** Let every request be answered so. */
function answer(t: TestContext, make: () => Response): void {
  t.mock.method(globalThis, "fetch", () => Promise.resolve(make()));
}

test("the hub's fields become the model's", () => {
  const budget = { rho_per_day: 0.2, epsilon_per_day: null, passage_counters: 4 };
  assert.deepEqual(siteOf({ name: "s", tick_s: 60, version: "1", budget }), {
    name: "s",
    tickS: 60,
    version: "1",
    rhoPerDay: 0.2,
    epsilonPerDay: null,
    passageCounters: 4,
  });
  const places = [{ name: "hall", kind: "zone", in_metres: true }] as const;
  const extras = { speed_now: true, dwell: false, heat: true };
  assert.deepEqual(cameraOf({ name: "north", state: "unknown", reason: "dark", since: TIME, tick_s: 600, extras, places }), {
    name: "north",
    phase: "unknown",
    reason: "dark",
    sinceS: T0,
    tickS: 600,
    extras: { speedNow: true, dwell: false, heat: true },
    places: [{ name: "hall", kind: "zone", inMetres: true }],
  });
});

test("a heat map keeps its rows, and one that is not there has no hour", () => {
  const values = [[1, -2], [3, 4]];
  assert.deepEqual(heatOf({ time: TIME, values, standard_error: 2, unknown: "" }), { startS: T0, values, standardError: 2, unknown: "" });
  const none = { values: null, unknown: "dark" };
  assert.deepEqual(heatOf({ ...none, time: null, standard_error: null }), { ...none, startS: null, standardError: null });
});

test("rows of a series and of a live tick come out alike", () => {
  const given = { value: 3, standard_error: 2 };
  const head = { camera: "north", tick_s: 60 };
  const ofSeries = seriesRowsOf({ ...head, place: "hall", quantity: "occupancy", rows: [{ ...given, time: TIME, unknown: "" }] });
  const ofTick = tickOf({ ...head, time: TIME, unknown: "", rows: [{ ...given, place: "hall", quantity: "occupancy" }] });
  assert.deepEqual(ofSeries, [row("north", 0, "hall", "occupancy", [3, 2], "")]);
  assert.deepEqual(ofTick.rows, ofSeries);
  assert.equal(ofTick.startS, T0);
});

test("a stranger's answer ends the session, any other failure is the hub's", async (t) => {
  answer(t, () => new Response(null, { status: 401 }));
  await assert.rejects(new Hub().site(), SessionEnded);
  answer(t, () => new Response("oops", { status: 500 }));
  await assert.rejects(new Hub().site(), HubUnreachable);
  answer(t, () => new Response("<html>", { status: 200 }));
  await assert.rejects(new Hub().site(), HubUnreachable);
  t.mock.method(globalThis, "fetch", () => Promise.reject(new TypeError("refused")));
  await assert.rejects(new Hub().site(), HubUnreachable);
});

test("names of any text arrive whole in the address of a series", async (t) => {
  const asked: string[] = [];
  t.mock.method(globalThis, "fetch", (path: string) => {
    asked.push(path);
    return Promise.resolve(Response.json({ camera: "", place: "", quantity: "", tick_s: 60, rows: [] }));
  });
  await new Hub().series("a&b=c?", "🍺 #1", "in");
  const query = new URL(asked[0] ?? "", "http://hub").searchParams;
  assert.deepEqual([query.get("camera"), query.get("place"), query.get("quantity")], ["a&b=c?", "🍺 #1", "in"]);
});

test("a wrong clock of this machine is put right by the hub's, a right one left alone", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: T0 * 1000 });
  const clock = new HubClock();
  clock.setFrom(new Date((T0 + 7200) * 1000).toUTCString());
  assert.ok(Math.abs(clock.nowS() - (T0 + 7200)) <= 1);
  clock.setFrom(new Date(T0 * 1000).toUTCString());
  assert.equal(clock.nowS(), T0);
  clock.setFrom(null);
  clock.setFrom("not a date");
  assert.equal(clock.nowS(), T0);
});

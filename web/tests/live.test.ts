import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Hub, HubUnreachable, SessionEnded, type StreamListener } from "../src/api.ts";
import { Live, retryDelayS, silenceS } from "../src/live.ts";
import type { Alarm, CameraInfo, Heat, Row, Site } from "../src/model.ts";
import { HALL, NO_EXTRAS, alarm, camera, cameraIn, heat, rowsOf, tick } from "./make.ts";

/** A hub under the test's control, in place of the network. */
class FakeHub extends Hub {
  readonly streams: { listener: StreamListener; closed: boolean }[] = [];
  /** The cameras whose heat maps were asked for. */
  readonly asked: string[] = [];
  failure: Error | null = null;

  override site(): Promise<Site> {
    return this.#unlessFailing({ name: "s", tickS: 60, version: "1", rhoPerDay: 0.2, epsilonPerDay: null, passageCounters: 4 });
  }

  override cameras(): Promise<readonly CameraInfo[]> {
    return this.#unlessFailing([camera("north", [HALL], { extras: { ...NO_EXTRAS, heat: true } }), camera("south", [HALL])]);
  }

  override alarms(): Promise<readonly Alarm[]> {
    return this.#unlessFailing([alarm("crowd"), alarm("queue")]);
  }

  override latest(): Promise<readonly Row[]> {
    return this.#unlessFailing(rowsOf("north", 2, { "hall occupancy": [3, 1] }));
  }

  override series(): Promise<readonly Row[]> {
    return this.#unlessFailing([0, 1, 2].flatMap((i) => rowsOf("north", i, { "hall occupancy": [i + 1, 1] })));
  }

  override heat(name: string): Promise<Heat> {
    this.asked.push(name);
    return this.#unlessFailing(heat([[this.asked.length]]));
  }

  override listen(listener: StreamListener): () => void {
    const stream = { listener, closed: false };
    this.streams.push(stream);
    return () => {
      stream.closed = true;
    };
  }

  get newest(): StreamListener {
    const stream = this.streams.at(-1);
    assert.ok(stream !== undefined);
    return stream.listener;
  }

  #unlessFailing<Answer>(answer: Answer): Promise<Answer> {
    return this.failure === null ? Promise.resolve(answer) : Promise.reject(this.failure);
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

async function started(t: TestContext): Promise<{ hub: FakeHub; live: Live }> {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const hub = new FakeHub();
  const live = new Live(hub, () => undefined);
  live.start();
  hub.newest.opened();
  await settled();
  return { hub, live };
}

test("the page loads what is stored, then follows the stream", async (t) => {
  const { hub, live } = await started(t);
  assert.equal(live.state.connection.kind, "live");
  assert.equal(cameraIn(live.state, "north").ticks.length, 3);
  hub.newest.tick(tick("north", 3, { "hall occupancy": [4, 1] }));
  assert.equal(cameraIn(live.state, "north").ticks.length, 4);
});

test("what the stream says while the page loads is not lost", async () => {
  const hub = new FakeHub();
  const live = new Live(hub, () => undefined);
  live.start();
  hub.newest.opened();
  hub.newest.tick(tick("north", 3, { "hall occupancy": [4, 1] }));
  await settled();
  assert.equal(cameraIn(live.state, "north").ticks.length, 4);
});

test("heat maps are loaded where there are any, and again when an hour has ended", async (t) => {
  const { hub, live } = await started(t);
  assert.deepEqual(hub.asked, ["north"]);
  assert.deepEqual(cameraIn(live.state, "north").heat, heat([[1]]));
  hub.newest.tick(tick("north", 58, { "hall occupancy": [4, 1] }));
  hub.newest.tick(tick("south", 59, { "hall occupancy": [4, 1] }));
  await settled();
  assert.deepEqual(hub.asked, ["north"]);
  hub.newest.tick(tick("north", 59, { "hall occupancy": [4, 1] }));
  await settled();
  assert.deepEqual(hub.asked, ["north", "north"]);
  assert.deepEqual(cameraIn(live.state, "north").heat, heat([[2]]));
  assert.equal(cameraIn(live.state, "south").heat, null);
});

test("a heat map that does not come counts as a break", async (t) => {
  const { hub, live } = await started(t);
  hub.failure = new HubUnreachable("gone");
  hub.newest.tick(tick("north", 59, { "hall occupancy": [4, 1] }));
  await settled();
  assert.equal(live.state.connection.kind, "broken");
});

test("alarms are loaded, and changed by the stream", async (t) => {
  const { hub, live } = await started(t);
  assert.deepEqual([...live.state.alarms.values()], [alarm("crowd"), alarm("queue")]);
  hub.newest.alarms([alarm("queue", { state: "ringing" })]);
  assert.deepEqual([...live.state.alarms.values()], [alarm("crowd"), alarm("queue", { state: "ringing" })]);
});

test("a break is marked at once, and mended by itself when the hub is back", async (t) => {
  const { hub, live } = await started(t);
  hub.failure = new HubUnreachable("gone");
  hub.newest.broken();
  assert.equal(live.state.connection.kind, "broken");
  for (let i = 0; i < 3; i++) {
    await settled();
    t.mock.timers.tick(20_000);
    hub.newest.broken();
  }
  assert.equal(hub.streams.length, 4);
  assert.ok(hub.streams.every((stream) => stream.closed));
  hub.failure = null;
  await settled();
  t.mock.timers.tick(20_000);
  hub.newest.opened();
  await settled();
  assert.equal(live.state.connection.kind, "live");
});

test("a session that ended is told apart from a break and not tried again", async (t) => {
  const { hub, live } = await started(t);
  hub.failure = new SessionEnded("over");
  hub.newest.broken();
  await settled();
  t.mock.timers.tick(60_000);
  assert.equal(live.state.connection.kind, "ended");
  assert.equal(hub.streams.length, 1);
});

test("an abandoned stream is not listened to", async (t) => {
  const { hub, live } = await started(t);
  const old = hub.newest;
  old.broken();
  await settled();
  t.mock.timers.tick(20_000);
  hub.newest.opened();
  await settled();
  old.ended();
  old.tick(tick("north", 9, { "hall occupancy": [4, 1] }));
  assert.equal(live.state.connection.kind, "live");
  assert.equal(cameraIn(live.state, "north").ticks.length, 3);
});

test("a stream that went silent is opened anew, and one that does not open counts as broken", async (t) => {
  let nowMs = 0;
  t.mock.method(performance, "now", () => nowMs);
  const { hub, live } = await started(t);
  nowMs = 1000 * silenceS(60);
  live.check();
  assert.equal(hub.streams.length, 1);
  nowMs += 1;
  live.check();
  assert.equal(hub.streams.length, 2);
  assert.equal(live.state.connection.kind, "live");
  nowMs += 10_001;
  live.check();
  assert.equal(live.state.connection.kind, "broken");
});

test("tries grow further apart but stay bounded and spread", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 30].map((attempt) => retryDelayS(attempt, 0.5)), [1, 2, 4, 8, 15, 15]);
  assert.ok(retryDelayS(30, 0) < retryDelayS(30, 1));
});

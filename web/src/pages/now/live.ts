/** The page's numbers, kept live: what is known is changed in place, and drawn at most once a frame. */

import { useLayoutEffect, useState } from "preact/hooks";
import { Bell, begunOf, ringingOf } from "../../core/bell.ts";
import { Stream } from "../../core/stream.ts";
import type { App } from "../../shell/app.ts";
import { Network } from "./network.ts";
import type { AlarmWire, NowWire, StateWire, TickWire } from "./wire.ts";

/** How often the page looks whether numbers have grown too old. */
const LOOK_MS = 5000;
/** How often it asks for the alarms, as an alarm that was removed is told by no event. */
const ALARMS_MS = 60_000;
/** Cameras that nobody has told of are asked for together, not more often than this. */
const ASK_AGAIN_MS = 2000;

export class Live {
  readonly network = new Network();
  readonly alarms = new Map<string, AlarmWire>();
  readonly bell = new Bell();
  isLoaded = false;
  isConnected = true;
  /** The alarms that began to ring last. */
  begun: readonly AlarmWire[] = [];
  readonly #app: App;
  readonly #changed: () => void;
  readonly #called: (alarm: AlarmWire) => void;
  readonly #stream: Stream;
  #ringing: ReadonlySet<string> | null = null;
  #frame = 0;
  #timers: number[] = [];
  #asking = 0;
  #isClosed = false;

  constructor(app: App, changed: () => void, called: (alarm: AlarmWire) => void) {
    this.#app = app;
    this.#changed = changed;
    this.#called = called;
    this.#stream = new Stream(app.hub, {
      events: ["now", "cameras", "alarms"],
      load: () => this.#load(),
      heard: (event, data) => this.#heard(event, data),
      connection: (state) => {
        this.isConnected = state.kind === "live" || state.kind === "connecting";
        app.connection(state);
        this.#redraw();
      },
    });
  }

  /** Begin; the numbers are asked for at once, and again when the stream is open, as it does not tell what came before. */
  open(): void {
    this.#loadNetwork().catch((error: unknown) => { if (!this.#isClosed) this.#app.failed(error); });
    // The frame is just being drawn, and cannot be drawn anew within that.
    queueMicrotask(() => this.#app.connection({ kind: "connecting" }));
    this.#stream.open();
    this.#timers.push(window.setInterval(() => this.#redraw(), LOOK_MS));
    this.#timers.push(window.setInterval(() => void this.#loadAlarms().catch(() => undefined), ALARMS_MS));
  }

  /** Begin anew after the person has signed in again. */
  reopen(): void {
    this.#stream.open();
  }

  close(): void {
    this.#isClosed = true;
    this.#stream.close();
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#asking);
    cancelAnimationFrame(this.#frame);
    void this.bell.close();
  }

  async #load(): Promise<void> {
    await Promise.all([this.#loadNetwork(), this.#loadAlarms()]);
  }

  async #loadNetwork(): Promise<void> {
    const wire = await this.#app.hub.ask<NowWire>("GET", "/api/v1/now");
    if (this.#isClosed) return;
    this.network.load(wire);
    this.isLoaded = true;
    this.#redraw();
  }

  async #loadAlarms(): Promise<void> {
    const alarms = await this.#app.hub.ask<AlarmWire[]>("GET", "/api/v1/alarms");
    if (this.#isClosed) return;
    this.alarms.clear();
    this.#takeAlarms(alarms);
  }

  #heard(event: string, data: unknown): void {
    if (event === "now") this.network.take(data as TickWire[]);
    else if (event === "alarms") this.#takeAlarms(data as AlarmWire[]);
    else if (!this.network.takeStates(data as StateWire[])) this.#askAgain();
    this.#redraw();
  }

  #takeAlarms(alarms: readonly AlarmWire[]): void {
    for (const alarm of alarms) this.alarms.set(alarm.name, alarm);
    const begun = begunOf(this.#ringing, this.alarms.values());
    this.#ringing = ringingOf(this.alarms.values());
    if (begun.length > 0) this.begun = begun;
    for (const alarm of begun) this.#called(alarm);
    this.#redraw();
  }

  /** Ask for all anew; where that fails the stream breaks as well, and loads all when it is back. */
  #askAgain(): void {
    if (this.#asking !== 0) return;
    this.#asking = window.setTimeout(() => {
      this.#asking = 0;
      this.#loadNetwork().catch(() => undefined);
    }, ASK_AGAIN_MS);
  }

  #redraw(): void {
    if (this.#frame !== 0 || this.#isClosed) return;
    this.#frame = requestAnimationFrame(() => { this.#frame = 0; this.#changed(); });
  }
}

/** The live numbers of a page as long as it is open; it is drawn anew when they change. */
export function useLive(app: App, called: (bell: Bell, alarm: AlarmWire) => void): Live {
  const [, setDrawn] = useState(0);
  const [live] = useState(() => {
    const made: Live = new Live(app, () => setDrawn((count) => count + 1), (alarm) => called(made.bell, alarm));
    return made;
  });
  useLayoutEffect(() => {
    live.open();
    const stop = app.onReturn(() => live.reopen());
    return () => { stop(); live.close(); };
  }, []);
  return live;
}

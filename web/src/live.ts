/** Keeps the state in step with the hub: loads what is stored, follows the stream, and comes back by itself after a break. */

import { type Hub, SessionEnded } from "./api.ts";
import { wantedOf } from "./curve.ts";
import {
  EMPTY,
  type State,
  applyAlarms,
  applyCamera,
  applyCameras,
  applyHeat,
  applyRows,
  applySite,
  applyTick,
  changeAlarms,
  connected,
  disconnected,
  ended,
  endsHour,
  partsOf,
} from "./model.ts";

const LONGEST_RETRY_S = 15;
const OPENING_S = 10;
const SERIES_AT_ONCE = 4;

/** Seconds to wait before the next try: doubling, bounded, and spread so that many pages do not return at once. */
export function retryDelayS(attempt: number, random: number): number {
  return Math.min(LONGEST_RETRY_S, 2 ** attempt) * (0.75 + 0.5 * random);
}

/** How long the stream of a hub may be silent before it counts as dead, seconds. */
export function silenceS(tickS: number): number {
  return Math.max(30, 2 * tickS + 15);
}

export class Live {
  state: State = EMPTY;
  readonly #hub: Hub;
  readonly #changed: () => void;
  #close: () => void = () => undefined;
  #attempt = 0;
  /** Counts the streams, so that what an abandoned one still delivers is dropped. */
  #stream = 0;
  #heardS = 0;
  #opening = false;
  #waiting: ((state: State) => State)[] | null = null;
  /** The end of the queue of heat maps to load. */
  #heat: Promise<void> = Promise.resolve();

  constructor(hub: Hub, changed: () => void) {
    this.#hub = hub;
    this.#changed = changed;
  }

  start(): void {
    const stream = ++this.#stream;
    const current = (then: () => void) => (): void => {
      if (stream !== this.#stream) return;
      this.#heardS = monotonicS();
      then();
    };
    this.#close();
    this.#opening = true;
    this.#heardS = monotonicS();
    this.#waiting = [];
    this.#close = this.#hub.listen({
      opened: current(() => {
        this.#opening = false;
        void this.#load(stream);
      }),
      tick: (tick) => {
        current(() => {
          this.#arrived((state) => applyTick(state, tick));
          if (endsHour(tick)) void this.#loadHeat(stream, [tick.camera]);
        })();
      },
      camera: (info) => {
        current(() => {
          this.#arrived((state) => applyCamera(state, info));
        })();
      },
      alarms: (alarms) => {
        current(() => {
          this.#arrived((state) => changeAlarms(state, alarms));
        })();
      },
      ended: current(() => {
        this.#end();
      }),
      broken: current(() => {
        void this.#broke();
      }),
    });
  }

  /** Notice a stream that died without a word, as after the machine slept. Called now and then. */
  check(): void {
    const silentS = monotonicS() - this.#heardS;
    if (this.#opening) {
      if (silentS > OPENING_S) void this.#broke();
    } else if (this.state.connection.kind === "live" && silentS > silenceS(this.#shortestTickS())) {
      this.start();
    }
  }

  async #load(stream: number): Promise<void> {
    try {
      const hub = this.#hub;
      const [site, cameras, alarms, latest] = await Promise.all([hub.site(), hub.cameras(), hub.alarms(), hub.latest()]);
      if (stream !== this.#stream) return;
      const waited = this.#waiting ?? [];
      this.#waiting = null;
      this.#attempt = 0;
      const named = applyAlarms(applyCameras(applySite(connected(this.state), site), cameras), alarms);
      const loaded = applyRows(named, latest);
      this.#set(waited.reduce((state, change) => change(state), loaded));
      await this.#loadSeries(stream);
      await this.#loadHeat(stream, [...(this.state.cameras?.keys() ?? [])]);
    } catch (error) {
      this.#failed(stream, error);
    }
  }

  async #loadSeries(stream: number): Promise<void> {
    const asked = [...(this.state.cameras?.values() ?? [])].flatMap(({ info }) =>
      wantedOf(info).flatMap((wanted) => wanted.keys.map((key) => ({ camera: info.name, ...partsOf(key) }))),
    );
    const next = asked.values();
    const worker = async (): Promise<void> => {
      for (const { camera, place, quantity } of next) {
        const rows = await this.#hub.series(camera, place, quantity);
        if (stream !== this.#stream) return;
        this.#set(applyRows(this.state, rows));
      }
    };
    await Promise.all(Array.from({ length: SERIES_AT_ONCE }, worker));
  }

  /** One after the other, however many hours end at once: a map is no hurry. */
  #loadHeat(stream: number, cameras: readonly string[]): Promise<void> {
    this.#heat = this.#heat.then(async () => {
      try {
        for (const camera of cameras) {
          if (stream !== this.#stream) return;
          if (this.state.cameras?.get(camera)?.info.extras.heat !== true) continue;
          const heat = await this.#hub.heat(camera);
          if (stream === this.#stream) this.#set(applyHeat(this.state, camera, heat));
        }
      } catch (error) {
        this.#failed(stream, error);
      }
    });
    return this.#heat;
  }

  #shortestTickS(): number {
    const ticksS = [...(this.state.cameras?.values() ?? [])].map(({ info }) => info.tickS);
    return ticksS.length > 0 ? Math.min(...ticksS) : 60;
  }

  #arrived(change: (state: State) => State): void {
    if (this.#waiting === null) this.#set(change(this.state));
    else this.#waiting.push(change);
  }

  async #broke(): Promise<void> {
    const stream = ++this.#stream;
    this.#close();
    this.#opening = false;
    this.#set(disconnected(this.state, this.#hub.clock.nowS()));
    const delayS = retryDelayS(this.#attempt++, Math.random());
    try {
      await this.#hub.site();
    } catch (error) {
      if (error instanceof SessionEnded && stream === this.#stream) {
        this.#end();
        return;
      }
    }
    if (stream !== this.#stream) return;
    setTimeout(() => {
      if (stream === this.#stream) this.start();
    }, delayS * 1000);
  }

  #failed(stream: number, error: unknown): void {
    if (stream !== this.#stream) return;
    if (error instanceof SessionEnded) this.#end();
    else void this.#broke();
  }

  #end(): void {
    this.#stream += 1;
    this.#opening = false;
    this.#close();
    this.#set(ended(this.state));
  }

  #set(state: State): void {
    this.state = state;
    this.#changed();
  }
}

function monotonicS(): number {
  return performance.now() / 1000;
}

/** The hub's live events, kept open: notices a stream that died, and comes back by itself. */

import { type Hub, HubAway, Refused, SessionEnded, withQuery } from "./hub.ts";

export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** `sinceS` is when the numbers stopped, Unix time on the hub's clock. */
  | { readonly kind: "broken"; readonly sinceS: number }
  | { readonly kind: "ended" };

/** What a page does with the stream. `load` runs each time it opens, before the events that came meanwhile are handed over. */
export interface Listener {
  /** "now", "ticks", "cameras", "alarms": only what is asked for is sent. */
  readonly events: readonly string[];
  /** Ticks of one camera alone. */
  readonly camera?: string;
  load(): Promise<void>;
  heard(event: string, data: unknown): void;
  connection(state: Connection): void;
}

const LONGEST_RETRY_S = 15;
const LONGEST_SILENCE_S = 45;
const CHECK_MS = 5000;

/** Seconds to wait before the next try: doubling, bounded, and spread so that many pages do not return at once. */
export function retryDelayS(attempt: number, random: number): number {
  return Math.min(LONGEST_RETRY_S, 2 ** attempt) * (0.75 + 0.5 * random);
}

/** A stream for one page, until it is closed. The hub sends a heartbeat at least every 15 seconds. */
export class Stream {
  readonly #hub: Hub;
  readonly #listener: Listener;
  #source: EventSource | null = null;
  #waiting: [string, unknown][] | null = null;
  #attempt = 0;
  #heardMs = 0;
  #brokenS: number | null = null;
  #timers: ReturnType<typeof setTimeout>[] = [];

  constructor(hub: Hub, listener: Listener) {
    this.#hub = hub;
    this.#listener = listener;
  }

  open(): void {
    this.close();
    const { events, camera } = this.#listener;
    const source = new EventSource(withQuery("/api/v1/live", { events: events.join(","), ...(camera === undefined ? {} : { camera }) }));
    this.#source = source;
    this.#waiting = [];
    this.#heardMs = performance.now();
    const own = (then: (event: MessageEvent<string>) => void) => (event: Event): void => {
      if (this.#source !== source) return;
      this.#heardMs = performance.now();
      then(event as MessageEvent<string>);
    };
    source.addEventListener("open", own(() => void this.#load(source)));
    source.addEventListener("error", own(() => void this.#broke()));
    source.addEventListener("ended", own(() => this.#end()));
    source.addEventListener("reload", own(() => this.open()));
    source.addEventListener("beat", own(() => undefined));
    for (const name of events) source.addEventListener(name, own((event) => this.#heard(name, JSON.parse(event.data))));
    this.#timers.push(setInterval(() => this.#check(), CHECK_MS));
  }

  close(): void {
    this.#source?.close();
    this.#source = null;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }

  async #load(source: EventSource): Promise<void> {
    try {
      await this.#listener.load();
    } catch (error) {
      if (this.#source !== source) return;
      if (error instanceof SessionEnded) this.#end();
      else if (error instanceof HubAway || error instanceof Refused) void this.#broke();
      else throw error;
      return;
    }
    if (this.#source !== source) return;
    this.#attempt = 0;
    this.#brokenS = null;
    this.#listener.connection({ kind: "live" });
    const waited = this.#waiting ?? [];
    this.#waiting = null;
    for (const [event, data] of waited) this.#listener.heard(event, data);
  }

  #heard(event: string, data: unknown): void {
    if (this.#waiting === null) this.#listener.heard(event, data);
    else this.#waiting.push([event, data]);
  }

  /** Notice a stream that died without a word, as after the machine slept. */
  #check(): void {
    if (performance.now() - this.#heardMs > LONGEST_SILENCE_S * 1000) void this.#broke();
  }

  async #broke(): Promise<void> {
    this.close();
    this.#brokenS ??= this.#hub.clock.nowS();
    this.#listener.connection({ kind: "broken", sinceS: this.#brokenS });
    const again = setTimeout(() => this.open(), retryDelayS(this.#attempt++, Math.random()) * 1000);
    this.#timers.push(again);
    try {
      await this.#hub.ask("GET", "/api/v1/site"); // an EventSource does not tell a session that ended from a hub that is away
    } catch (error) {
      if (error instanceof SessionEnded && this.#source === null) this.#end();
    }
  }

  #end(): void {
    this.close();
    this.#listener.connection({ kind: "ended" });
  }
}

/** The hub's HTTP contract: requests, their answers turned into the model's words, and the live stream. */

import type { Alarm, CameraInfo, CameraPhase, Heat, LiveTick, PlaceKind, Row, Site } from "./model.ts";

/** The hub answered that nobody is signed in. */
export class SessionEnded extends Error {}

/** The hub could not be reached, or answered with something other than what was asked. */
export class HubUnreachable extends Error {}

export interface SignInCode {
  readonly url: string;
  readonly expiresS: number;
}

export interface StreamListener {
  opened(): void;
  tick(tick: LiveTick): void;
  camera(info: CameraInfo): void;
  alarms(alarms: readonly Alarm[]): void;
  ended(): void;
  broken(): void;
}

const TIMEOUT_MS = 10_000;


/* The hub's own field names stay inside this file. */

interface WireRow {
  readonly camera: string;
  readonly place: string;
  readonly quantity: string;
  readonly time: string;
  readonly tick_s: number;
  readonly value: number | null;
  readonly standard_error: number | null;
  readonly unknown: string;
}

interface WireSeries {
  readonly camera: string;
  readonly place: string;
  readonly quantity: string;
  readonly tick_s: number;
  readonly rows: readonly Pick<WireRow, "time" | "value" | "standard_error" | "unknown">[];
}

interface WireTick {
  readonly camera: string;
  readonly time: string;
  readonly tick_s: number;
  readonly unknown: string;
  readonly rows: readonly Pick<WireRow, "place" | "quantity" | "value" | "standard_error">[];
}

interface WireCamera {
  readonly name: string;
  readonly state: CameraPhase;
  readonly reason: string;
  readonly since: string;
  readonly tick_s: number;
  readonly extras: { readonly speed_now: boolean; readonly dwell: boolean; readonly heat: boolean };
  readonly places: readonly { readonly name: string; readonly kind: PlaceKind; readonly in_metres: boolean }[];
}

interface WireHeat {
  readonly time: string | null;
  readonly values: readonly (readonly number[])[] | null;
  readonly standard_error: number | null;
  readonly unknown: string;
}

interface WireAlarm {
  readonly name: string;
  readonly severity: Alarm["severity"];
  readonly state: Alarm["state"];
  readonly since: string | null;
  readonly time: string | null;
  readonly unseen: string;
  readonly sentence: string;
}

interface WireSite {
  readonly name: string;
  readonly tick_s: number;
  readonly version: string;
  readonly budget: {
    readonly rho_per_day: number | null;
    readonly epsilon_per_day: number | null;
    readonly passage_counters: number;
  };
}

export function siteOf(wire: WireSite): Site {
  return {
    name: wire.name,
    tickS: wire.tick_s,
    version: wire.version,
    rhoPerDay: wire.budget.rho_per_day,
    epsilonPerDay: wire.budget.epsilon_per_day,
    passageCounters: wire.budget.passage_counters,
  };
}

export function cameraOf(wire: WireCamera): CameraInfo {
  const places = wire.places.map(({ name, kind, in_metres }) => ({ name, kind, inMetres: in_metres }));
  const { speed_now, dwell, heat } = wire.extras;
  return {
    name: wire.name,
    phase: wire.state,
    reason: wire.reason,
    sinceS: secondsOf(wire.since),
    tickS: wire.tick_s,
    extras: { speedNow: speed_now, dwell, heat },
    places,
  };
}

export function heatOf({ time, values, standard_error, unknown }: WireHeat): Heat {
  return { startS: time === null ? null : secondsOf(time), values, standardError: standard_error, unknown };
}

export function alarmOf({ name, severity, state, since, time, unseen, sentence }: WireAlarm): Alarm {
  const [sinceS, atS] = [since, time].map((moment) => (moment === null ? null : secondsOf(moment)));
  return { name, severity, state, sinceS: sinceS ?? null, atS: atS ?? null, unseen, sentence };
}

export function rowOf(wire: WireRow): Row {
  return {
    camera: wire.camera,
    place: wire.place,
    quantity: wire.quantity,
    startS: secondsOf(wire.time),
    tickS: wire.tick_s,
    value: wire.value,
    standardError: wire.standard_error,
    unknown: wire.unknown,
  };
}

export function seriesRowsOf(wire: WireSeries): readonly Row[] {
  const { camera, place, quantity, tick_s } = wire;
  return wire.rows.map((row) => rowOf({ ...row, camera, place, quantity, tick_s }));
}

export function tickOf(wire: WireTick): LiveTick {
  const { camera, time, tick_s, unknown } = wire;
  return {
    camera,
    startS: secondsOf(time),
    tickS: tick_s,
    unknown,
    rows: wire.rows.map((row) => rowOf({ ...row, camera, time, tick_s, unknown })),
  };
}

/** The hub's clock as far as this machine can tell: its own may be wrong. */
export class HubClock {
  #aheadS = 0;

  nowS(): number {
    return Date.now() / 1000 + this.#aheadS;
  }

  /** Take over the hub's time from the date of an answer, which is exact to a second. */
  setFrom(date: string | null): void {
    const hubMs = date === null ? Number.NaN : Date.parse(date);
    if (!Number.isFinite(hubMs)) return;
    const aheadS = (hubMs + 500 - Date.now()) / 1000;
    this.#aheadS = Math.abs(aheadS) < 2 ? 0 : aheadS;
  }
}

export class Hub {
  readonly clock = new HubClock();

  async site(): Promise<Site> {
    return siteOf((await this.#json("GET", "/api/v1/site")) as WireSite);
  }

  async cameras(): Promise<readonly CameraInfo[]> {
    return ((await this.#json("GET", "/api/v1/cameras")) as WireCamera[]).map(cameraOf);
  }

  async alarms(): Promise<readonly Alarm[]> {
    return ((await this.#json("GET", "/api/v1/alarms")) as WireAlarm[]).map(alarmOf);
  }

  async latest(): Promise<readonly Row[]> {
    return ((await this.#json("GET", "/api/v1/latest")) as WireRow[]).map(rowOf);
  }

  /** The last hour of one quantity. */
  async series(camera: string, place: string, quantity: string): Promise<readonly Row[]> {
    const query = new URLSearchParams({ camera, place, quantity });
    return seriesRowsOf((await this.#json("GET", `/api/v1/series?${query.toString()}`)) as WireSeries);
  }

  /** The heat map of the last hour. */
  async heat(camera: string): Promise<Heat> {
    return heatOf((await this.#json("GET", `/api/v1/heat?${new URLSearchParams({ camera }).toString()}`)) as WireHeat);
  }

  async signInCode(): Promise<SignInCode> {
    const wire = (await this.#json("POST", "/api/v1/sign-in-codes")) as { url: string; expires_s: number };
    return { url: wire.url, expiresS: wire.expires_s };
  }

  async signOut(): Promise<void> {
    const answer = await this.#answer("POST", "/sign-out");
    if (answer.status >= 400) throw new HubUnreachable(`the hub answered ${answer.status} to signing out`);
  }

  /** Listen to the live stream until it breaks or ends, either of which closes it. Returns how to close it. */
  listen(listener: StreamListener): () => void {
    const source = new EventSource("/api/v1/live");
    const heard = <Wire>(name: string, then: (wire: Wire) => void): void => {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        then(JSON.parse(event.data) as Wire);
      });
    };
    source.addEventListener("open", () => {
      listener.opened();
    });
    source.addEventListener("error", () => {
      source.close();
      listener.broken();
    });
    source.addEventListener("ended", () => {
      source.close();
      listener.ended();
    });
    heard<readonly WireTick[]>("ticks", (wires) => {
      for (const wire of wires) listener.tick(tickOf(wire));
    });
    heard<readonly WireCamera[]>("cameras", (wires) => {
      for (const wire of wires) listener.camera(cameraOf(wire));
    });
    heard<readonly WireAlarm[]>("alarms", (wire) => {
      listener.alarms(wire.map(alarmOf));
    });
    return () => {
      source.close();
    };
  }

  async #json(method: "GET" | "POST", path: string): Promise<unknown> {
    const answer = await this.#answer(method, path);
    if (!answer.ok) throw new HubUnreachable(`the hub answered ${answer.status} to ${method} ${path.split("?", 1)[0] ?? ""}`);
    this.clock.setFrom(answer.headers.get("date"));
    try {
      return await answer.json();
    } catch {
      throw new HubUnreachable("the hub's answer broke off");
    }
  }

  async #answer(method: "GET" | "POST", path: string): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(path, { method, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch {
      throw new HubUnreachable("the hub does not answer");
    }
    if (answer.status === 401) throw new SessionEnded("the session has ended");
    return answer;
  }
}

function secondsOf(time: string): number {
  return Date.parse(time) / 1000;
}

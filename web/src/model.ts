/**
 * What the page knows, and how each message of the hub changes it. Pure: every function takes a state and returns a new one.
 *
 * Times are Unix seconds on the hub's clock; a tick is kept under the time at which it ended.
 */

export interface Site {
  readonly name: string;
  readonly tickS: number;
  readonly version: string;
  /** The day's budget: rho, or with the mechanism pure-tree epsilon; the other is null. */
  readonly rhoPerDay: number | null;
  readonly epsilonPerDay: number | null;
  readonly passageCounters: number;
}

export type PlaceKind = "line" | "zone";

export interface Place {
  readonly name: string;
  readonly kind: PlaceKind;
  /** Whether its camera is calibrated. */
  readonly inMetres: boolean;
}

export type CameraPhase = "starting" | "live" | "unknown";

export interface CameraInfo {
  readonly name: string;
  readonly phase: CameraPhase;
  readonly reason: string;
  readonly sinceS: number;
  readonly tickS: number;
  /** What it measures beside its counts. */
  readonly extras: Extras;
  readonly places: readonly Place[];
}

export interface Extras {
  readonly speedNow: boolean;
  readonly dwell: boolean;
  readonly heat: boolean;
}

/** A protected number with its standard error, in its quantity's unit. Unclipped, so it may be negative. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
}

/** One tick of one camera. `values` holds what has arrived so far, by `keyOf`; an unknown tick holds none. */
export interface Tick {
  readonly endS: number;
  readonly tickS: number;
  readonly unknown: string;
  readonly values: ReadonlyMap<string, Estimate>;
}

/** A number of one camera as the hub sends it: live, in a series, or as the latest. */
export interface Row {
  readonly camera: string;
  readonly place: string;
  readonly quantity: string;
  readonly startS: number;
  readonly tickS: number;
  readonly value: number | null;
  readonly standardError: number | null;
  readonly unknown: string;
}

/** One live tick: all rows of one camera that began at the same time. */
export interface LiveTick {
  readonly camera: string;
  readonly startS: number;
  readonly tickS: number;
  readonly unknown: string;
  readonly rows: readonly Row[];
}

/** How many people were in each part of the picture in one hour, row by row from the upper left. */
export interface Heat {
  /** When the hour began; null where there is no map yet. */
  readonly startS: number | null;
  readonly values: readonly (readonly number[])[] | null;
  readonly standardError: number | null;
  readonly unknown: string;
}

export type Severity = "notice" | "warning" | "danger";

/** An alarm as the hub sends it; its sentence says all of it in plain words. */
export interface Alarm {
  readonly name: string;
  readonly severity: Severity;
  readonly state: "quiet" | "pending" | "ringing" | "cannot tell" | "unknown";
  readonly sinceS: number | null;
  /** The end of the last known tick. */
  readonly atS: number | null;
  /** Why there is no number now; empty where there is one. */
  readonly unseen: string;
  readonly sentence: string;
}

export interface CameraState {
  readonly info: CameraInfo;
  /** The last hour, oldest first, one entry per tick. */
  readonly ticks: readonly Tick[];
  /** The newest heat map; null where none was asked for or it has not been loaded. */
  readonly heat: Heat | null;
}

export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "broken"; readonly sinceS: number }
  | { readonly kind: "ended" };

export interface State {
  readonly site: Site | null;
  /** By name, in the order of the site; null until the hub has said which cameras there are. */
  readonly cameras: ReadonlyMap<string, CameraState> | null;
  /** By name, in the order of the site. */
  readonly alarms: ReadonlyMap<string, Alarm>;
  readonly connection: Connection;
}

/** How much of the past the page keeps and draws, seconds. */
export const WINDOW_S = 3600;

export const EMPTY: State = { site: null, cameras: null, alarms: new Map(), connection: { kind: "connecting" } };

const NOTHING = { ticks: [], heat: null } as const;

/** The name under which a tick keeps a place's quantity. */
export function keyOf(place: string, quantity: string): string {
  return `${quantity}\n${place}`;
}

/** The place and quantity that `keyOf` joined. */
export function partsOf(key: string): { readonly place: string; readonly quantity: string } {
  const cut = key.indexOf("\n");
  return { quantity: key.slice(0, cut), place: key.slice(cut + 1) };
}

export function applySite(state: State, site: Site): State {
  return { ...state, site };
}

/** Take the list of cameras as the truth, keeping what is already known of those that stay. */
export function applyCameras(state: State, infos: readonly CameraInfo[]): State {
  const cameras = new Map(infos.map((info) => [info.name, { ...(state.cameras?.get(info.name) ?? NOTHING), info }]));
  return { ...state, cameras };
}

/** One camera changed its state, or is new. */
export function applyCamera(state: State, info: CameraInfo): State {
  return withCamera(state, info.name, (before) => ({ ...(before ?? NOTHING), info }));
}

export function applyAlarms(state: State, alarms: readonly Alarm[]): State {
  return { ...state, alarms: new Map(alarms.map((alarm) => [alarm.name, alarm])) };
}

/** Some alarms were judged again. */
export function changeAlarms(state: State, alarms: readonly Alarm[]): State {
  return applyAlarms(state, [...state.alarms.values(), ...alarms]);
}

/** A live tick holds all rows of its camera, so it replaces whatever was known of that time. */
export function applyTick(state: State, tick: LiveTick): State {
  const before = state.cameras?.get(tick.camera);
  if (before === undefined) return state;
  const made = tickOf(tick.startS, tick.tickS, tick.unknown, tick.rows);
  return withCamera(state, tick.camera, () => ({ ...before, ticks: insert(before.ticks, made) }));
}

/** Stored rows, of any cameras and times, join what is already known. */
export function applyRows(state: State, rows: readonly Row[]): State {
  let next = state;
  for (const [camera, ofCamera] of Map.groupBy(rows, (row) => row.camera)) {
    const before = next.cameras?.get(camera);
    if (before === undefined) continue;
    next = withCamera(next, camera, () => ({ ...before, ticks: joined(before.ticks, ofCamera) }));
  }
  return next;
}

/** A heat map was loaded. */
export function applyHeat(state: State, camera: string, heat: Heat): State {
  const before = state.cameras?.get(camera);
  return before === undefined ? state : withCamera(state, camera, () => ({ ...before, heat }));
}

/** Whether a tick ends an hour, and with it a heat map is released. */
export function endsHour({ startS, tickS }: LiveTick): boolean {
  return Math.floor(startS / 3600) !== Math.floor((startS + tickS) / 3600);
}

export function connected(state: State): State {
  return { ...state, connection: { kind: "live" } };
}

/** The stream broke. A break that lasts keeps the time at which it began, and an ended session stays ended. */
export function disconnected(state: State, nowS: number): State {
  const kind = state.connection.kind;
  return kind === "broken" || kind === "ended" ? state : { ...state, connection: { kind: "broken", sinceS: nowS } };
}

export function ended(state: State): State {
  return { ...state, connection: { kind: "ended" } };
}

/** The places of one kind, in the order of the site. */
export function placesOf(info: CameraInfo, kind: PlaceKind): readonly string[] {
  return info.places.filter((place) => place.kind === kind).map((place) => place.name);
}

function withCamera(state: State, name: string, change: (before: CameraState | undefined) => CameraState): State {
  const cameras = new Map(state.cameras ?? []);
  cameras.set(name, change(cameras.get(name)));
  return { ...state, cameras };
}

function tickOf(startS: number, tickS: number, unknown: string, rows: readonly Row[]): Tick {
  const values = new Map<string, Estimate>();
  for (const row of rows) {
    if (row.value !== null && row.standardError !== null) {
      values.set(keyOf(row.place, row.quantity), { value: row.value, standardError: row.standardError });
    }
  }
  return { endS: startS + tickS, tickS, unknown, values: unknown === "" ? values : new Map() };
}

/** Put one tick at its place in time; the usual one is the newest. */
function insert(ticks: readonly Tick[], tick: Tick): readonly Tick[] {
  const after = ticks.findLastIndex((other) => other.endS < tick.endS) + 1;
  return lastHour(ticks.toSpliced(after, ticks[after]?.endS === tick.endS ? 1 : 0, tick));
}

/** Forget what has left the window. */
function lastHour(ticks: readonly Tick[]): readonly Tick[] {
  const oldestS = (ticks.at(-1)?.endS ?? 0) - WINDOW_S;
  return ticks.filter((tick) => tick.endS > oldestS);
}

function joined(ticks: readonly Tick[], rows: readonly Row[]): readonly Tick[] {
  const byEnd = new Map(ticks.map((tick) => [tick.endS, tick]));
  // The newest row of an hour says nothing of the tick that it stands in, which the other rows may have left behind.
  const ofTicks = rows.filter((row) => !row.quantity.endsWith("_hour"));
  for (const [endS, atEnd] of Map.groupBy(ofTicks, (row) => row.startS + row.tickS)) {
    const first = atEnd[0];
    if (first === undefined) continue;
    // Some numbers may be unknown in a tick that is not, as a speed when few have passed.
    const dark = atEnd.every((row) => row.unknown !== "") ? first.unknown : "";
    const made = tickOf(first.startS, first.tickS, dark, atEnd);
    const before = byEnd.get(endS);
    const unknown = before?.unknown || made.unknown;
    const values = unknown === "" ? new Map([...(before?.values ?? []), ...made.values]) : new Map<string, Estimate>();
    byEnd.set(endS, { ...made, unknown, values });
  }
  return lastHour([...byEnd.values()].sort((a, b) => a.endS - b.endS));
}

/** What the page says of a camera and of the whole site at one moment, derived from the state. Pure. */

import {
  type CameraState,
  type Estimate,
  type Heat,
  type State,
  type Tick,
  keyOf,
  placesOf,
} from "./model.ts";

/** A number now, or plainly why there is none. */
export type Reading =
  | { readonly kind: "known"; readonly estimate: Estimate; readonly atS: number }
  | { readonly kind: "unknown"; readonly reason: string; readonly sinceS: number | null }
  | { readonly kind: "starting" };

export interface LineReading {
  readonly name: string;
  readonly in: Reading;
  readonly out: Reading;
}

export interface ZoneReading {
  readonly name: string;
  readonly people: Reading;
  /** What needs metres; null where the camera is not calibrated. */
  readonly crowd: CrowdReading | null;
  /** How long half of the visits and 95 in 100 of them last at most, seconds; null where that is not measured. */
  readonly stays: { readonly median: Reading; readonly p95: Reading } | null;
}

export interface CrowdReading {
  /** People per square metre. */
  readonly density: Reading;
  /** Mean speed of those who left lately, metres a second. */
  readonly speed: Reading;
  /** Mean speed of those inside, metres a second; null where it is not measured. */
  readonly speedNow: Reading | null;
  /** How long they had stayed, seconds. */
  readonly stay: Reading;
}

export interface CameraReading {
  readonly name: string;
  readonly phase: "starting" | "live" | "unknown";
  /** What a camera that is seen through has to say all the same, as that its machine is overloaded; else empty. */
  readonly note: string;
  /** People in all its zones together; null for a camera that has no zone. */
  readonly people: Reading | null;
  readonly zones: readonly ZoneReading[];
  readonly lines: readonly LineReading[];
  /** Both directions over all its lines together; null for a camera that has no line. */
  readonly flow: { readonly in: Reading; readonly out: Reading } | null;
  /** Where people were in the last hour; null where that is not measured, or not loaded yet. */
  readonly heat: Heat | null;
  readonly tickS: number;
}

export interface Missing {
  readonly camera: string;
  readonly why: string;
}

export interface SiteReading {
  readonly cameras: readonly CameraReading[];
  /** What is measured: people now where there is a zone anywhere, else crossings, else nothing. */
  readonly measured: "people" | "flow" | "nothing";
  /** The sum over the cameras that are known; null when none is. */
  readonly people: Estimate | null;
  readonly flow: { readonly in: Estimate; readonly out: Estimate } | null;
  /** The cameras that the sum leaves out, and why. */
  readonly missing: readonly Missing[];
  readonly atS: number | null;
}

/** How long after a missed tick its camera becomes unknown, seconds. */
const GRACE_S = 5;

/** A sum of independently noised numbers: values add, and so do variances. */
export function sum(estimates: readonly Estimate[]): Estimate {
  const value = estimates.reduce((total, estimate) => total + estimate.value, 0);
  return { value, standardError: Math.hypot(...estimates.map((estimate) => estimate.standardError)) };
}

/** The sum of some quantities of one tick, or null where the tick does not hold all of them. */
export function sumOf(tick: Tick, keys: readonly string[]): Estimate | null {
  const estimates = keys.map((key) => tick.values.get(key));
  return estimates.every((estimate) => estimate !== undefined) ? sum(estimates) : null;
}

/**
 * The time at which the page looks at its numbers: now, or, while it is cut off, the moment that began. What is shown then is
 * marked as old as a whole instead of turning unknown camera by camera.
 */
export function lookedAtS(state: State, nowS: number): number {
  return state.connection.kind === "broken" ? Math.min(nowS, state.connection.sinceS) : nowS;
}

/** A sum of quantities of one camera now. Never an old number: a camera whose ticks stop coming becomes unknown. */
export function read(camera: CameraState, keys: readonly string[], nowS: number): Reading {
  const { info, ticks } = camera;
  if (info.phase === "unknown") return { kind: "unknown", reason: info.reason || "the camera is not answering", sinceS: info.sinceS };
  const tick = ticks.findLast((candidate) => candidate.unknown !== "" || sumOf(candidate, keys) !== null);
  if (info.phase === "starting" || tick === undefined) return { kind: "starting" };
  if (tick.unknown !== "") return { kind: "unknown", reason: tick.unknown, sinceS: unknownSinceS(ticks) };
  const estimate = sumOf(tick, keys);
  if (estimate === null || nowS > tick.endS + 2 * tick.tickS + GRACE_S) {
    return { kind: "unknown", reason: "no new numbers have come from this camera", sinceS: tick.endS };
  }
  return { kind: "known", estimate, atS: tick.endS };
}

export function readCamera(camera: CameraState, nowS: number): CameraReading {
  const { info } = camera;
  const zones = placesOf(info, "zone");
  const lines = placesOf(info, "line");
  const of = (places: readonly string[], quantity: string): Reading =>
    read(camera, places.map((place) => keyOf(place, quantity)), nowS);
  const people = zones.length > 0 ? of(zones, "occupancy") : null;
  const flow = lines.length > 0 ? { in: of(lines, "in_total"), out: of(lines, "out_total") } : null;
  const first = people ?? flow?.in;
  return {
    name: info.name,
    phase: first === undefined ? info.phase : first.kind === "known" ? "live" : first.kind,
    note: info.phase === "live" ? info.reason : "",
    people,
    zones: zones.map((name) => ({
      name,
      people: of([name], "occupancy"),
      crowd: crowdOf(camera, name, nowS),
      stays: staysOf(camera, name, nowS),
    })),
    lines: lines.map((name) => ({ name, in: of([name], "in_total"), out: of([name], "out_total") })),
    flow,
    heat: camera.heat,
    tickS: info.tickS,
  };
}

function crowdOf(camera: CameraState, zone: string, nowS: number): CrowdReading | null {
  if (!camera.info.places.some((place) => place.name === zone && place.kind === "zone" && place.inMetres)) return null;
  const of = (quantity: string): Reading => readBeside(camera, keyOf(zone, quantity), keyOf(zone, "occupancy"), nowS);
  const speedNow = camera.info.extras.speedNow ? of("speed_now") : null;
  return { density: of("density"), speed: of("mean_speed"), speedNow, stay: of("mean_dwell") };
}

function staysOf(camera: CameraState, zone: string, nowS: number): ZoneReading["stays"] {
  if (!camera.info.extras.dwell) return null;
  const of = (quantity: string): Reading => readBeside(camera, keyOf(zone, quantity), keyOf(zone, "occupancy"), nowS);
  return { median: of("dwell_median"), p95: of("dwell_p95") };
}

/** A number that may be unknown by itself in a tick whose people are known: a speed, when few have left. */
function readBeside(camera: CameraState, key: string, people: string, nowS: number): Reading {
  const reading = read(camera, [people], nowS);
  if (reading.kind !== "known") return reading;
  const estimate = camera.ticks.findLast((tick) => tick.endS === reading.atS)?.values.get(key);
  if (estimate === undefined) return { kind: "unknown", reason: "too few people to tell", sinceS: null };
  return { kind: "known", estimate, atS: reading.atS };
}

export function readSite(state: State, nowS: number): SiteReading {
  const atS = lookedAtS(state, nowS);
  const cameras = [...(state.cameras?.values() ?? [])].map((camera) => readCamera(camera, atS));
  const withZones = cameras.filter((camera) => camera.people !== null);
  const counted = withZones.length > 0 ? withZones : cameras.filter((camera) => camera.flow !== null);
  const known = counted.filter((camera) => camera.phase === "live");
  return {
    cameras,
    measured: withZones.length > 0 ? "people" : counted.length > 0 ? "flow" : "nothing",
    people: total(known.map((camera) => camera.people)),
    flow: flowTotal(known),
    missing: counted.filter((camera) => camera.phase !== "live").map((camera) => ({ camera: camera.name, why: why(camera) })),
    atS: known.reduce<number | null>((newest, camera) => later(newest, camera.people ?? camera.flow?.in ?? null), null),
  };
}

function flowTotal(cameras: readonly CameraReading[]): { in: Estimate; out: Estimate } | null {
  const inward = total(cameras.map((camera) => camera.flow?.in ?? null));
  const outward = total(cameras.map((camera) => camera.flow?.out ?? null));
  return inward !== null && outward !== null ? { in: inward, out: outward } : null;
}

function total(readings: readonly (Reading | null)[]): Estimate | null {
  const known = readings.filter((reading) => reading?.kind === "known");
  return known.length > 0 ? sum(known.map((reading) => reading.estimate)) : null;
}

function later(newest: number | null, reading: Reading | null): number | null {
  if (reading?.kind !== "known") return newest;
  return newest === null ? reading.atS : Math.max(newest, reading.atS);
}

function why(camera: CameraReading): string {
  const reading = camera.people ?? camera.flow?.in;
  return reading?.kind === "unknown" ? reading.reason : "starting";
}

function unknownSinceS(ticks: readonly Tick[]): number | null {
  const lastKnown = ticks.findLastIndex((tick) => tick.unknown === "");
  const first = ticks[lastKnown + 1];
  return first === undefined ? null : first.endS - first.tickS;
}

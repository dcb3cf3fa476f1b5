/**
 * What is known of every camera and place, changed in place as the hub's messages come: a tick of a thousand cameras makes no garbage
 * to speak of. Pure. Times are Unix seconds on the hub's clock.
 */

import { levelOf } from "../../core/service.ts";
import type { CameraWire, NowWire, SiteWire, StateWire, TickWire } from "./wire.ts";

export type PlaceKind = "line" | "zone";

export interface Place {
  readonly camera: Camera;
  readonly name: string;
  /** "none" stands for a camera that has neither line nor zone, so that it is found all the same. */
  readonly kind: PlaceKind | "none";
  readonly inMetres: boolean;
  /** NaN where it is unknown or not measured. */
  people: number;
  peopleSe: number;
  density: number;
  densitySe: number;
  inPerMin: number;
  outPerMin: number;
  rateSe: number;
}

export interface Camera {
  readonly name: string;
  readonly site: string;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly x: number | null;
  readonly y: number | null;
  readonly places: Place[];
  state: "starting" | "live" | "unknown";
  reason: string;
  sinceS: number;
  tickS: number;
  /** When the newest tick began; NaN before the first. */
  startS: number;
  /** Why the newest tick is unknown; empty where it is known. */
  unknown: string;
  /** Of its known zones together; NaN where none is known. */
  people: number;
  peopleVariance: number;
  /** The worst level of its zones, 0 for A to 5 for F; -1 where there is none. */
  level: number;
  /** Of its known lines together; NaN where none is known. */
  inPerMin: number;
  outPerMin: number;
  rateVariance: number;
}

/** Whether a camera's numbers are known now, and if not, what keeps them from being known. */
export type Sight = "known" | "starting" | "unknown" | "stopped";

/** Seconds after two missed ticks at which numbers count as stopped; the hub's alarms wait as long. */
const GRACE_S = 5;
export const LEVELS = "ABCDEF";

export class Network {
  cameras: Camera[] = [];
  places: Place[] = [];
  sites: readonly SiteWire[] = [];
  /** Grows with every change of a number or state. */
  version = 0;
  /** Grows when there are other cameras or places than before. */
  shape = 0;
  #byName = new Map<string, Camera>();

  /** Take the hub's whole answer as the truth. */
  load(wire: NowWire): void {
    this.sites = wire.sites;
    this.cameras = wire.cameras.map(cameraOf);
    this.places = this.cameras.flatMap((camera) => camera.places);
    this.#byName = new Map(this.cameras.map((camera) => [camera.name, camera]));
    for (const { now } of wire.cameras) if (now !== null) this.#take(now);
    this.version += 1;
    this.shape += 1;
  }

  /** Take new ticks, one for each camera; those of cameras that nobody has told of, and ticks older than the known one, change nothing. */
  take(ticks: readonly TickWire[]): void {
    for (const tick of ticks) this.#take(tick);
    this.version += 1;
  }

  /** Take states of cameras; false where one of them is new or has other places, so that all has to be loaded anew. */
  takeStates(states: readonly StateWire[]): boolean {
    let known = true;
    for (const wire of states) {
      const camera = this.#byName.get(wire.name);
      if (camera === undefined || !sameShape(camera, wire)) {
        known = false;
        continue;
      }
      camera.state = wire.state;
      camera.reason = wire.reason;
      camera.sinceS = secondsOf(wire.since);
    }
    this.version += 1;
    return known;
  }

  #take(tick: TickWire): void {
    const camera = this.#byName.get(tick.camera);
    if (camera === undefined) return;
    const startS = secondsOf(tick.time);
    if (startS < camera.startS) return;
    camera.startS = startS;
    camera.tickS = tick.tick_s;
    camera.unknown = tick.unknown;
    for (const place of camera.places) forget(place);
    for (const wire of tick.zones) {
      const zone = placeOf(camera, wire.place, "zone");
      if (zone === undefined) continue;
      zone.people = wire.people;
      zone.peopleSe = wire.people_se;
      zone.density = wire.density ?? Number.NaN;
      zone.densitySe = wire.density_se ?? Number.NaN;
    }
    for (const wire of tick.lines) {
      const line = placeOf(camera, wire.place, "line");
      if (line === undefined) continue;
      line.inPerMin = wire.in_per_min ?? Number.NaN;
      line.outPerMin = wire.out_per_min ?? Number.NaN;
      line.rateSe = wire.per_min_se ?? Number.NaN;
    }
    sumUp(camera);
  }
}

/** What a camera's numbers are worth at a moment. */
export function sightOf(camera: Camera, nowS: number): Sight {
  if (camera.state === "unknown") return "unknown";
  if (Number.isNaN(camera.startS)) return "starting";
  // A clock that was set back leaves a newest tick in the future, after which older ones no longer count.
  if (Math.abs(nowS - camera.startS - camera.tickS) > 2 * camera.tickS + GRACE_S) return "stopped";
  return camera.unknown === "" ? "known" : "unknown";
}

/** Since when a camera's numbers are not known: its state's begin, or the end of its newest tick. */
export function blindSinceS(camera: Camera): number {
  return camera.state === "unknown" || Number.isNaN(camera.startS) ? camera.sinceS : camera.startS + (camera.unknown === "" ? camera.tickS : 0);
}

/** Why a camera's numbers are unknown, in the hub's words. */
export function reasonOf(camera: Camera): string {
  return camera.state === "unknown" ? camera.reason : camera.unknown;
}

/** Sums over the cameras of a site, or of all where the site is empty. */
export interface Totals {
  readonly cameras: number;
  /** What the sum is of: people in zones where there is a zone anywhere, else crossings of lines. */
  readonly measured: "people" | "crossings" | "nothing";
  /** How many cameras should be in the sum, and how many are in it with all their places. */
  readonly counting: number;
  readonly counted: number;
  /** People, or people a minute inwards; NaN where nothing is known. */
  readonly value: number;
  readonly standardError: number;
  readonly outwards: number;
  /** Cameras that the sum leaves out, by what keeps them from being known; "partly" are those of which a place is missing. */
  readonly missing: Readonly<Record<Exclude<Sight, "known"> | "partly", number>>;
  /** The end of the newest tick in the sum; NaN where there is none. */
  readonly atS: number;
}

/** The cameras of a site, or all where it is empty. */
export function camerasOf({ cameras }: Network, site: string): readonly Camera[] {
  return site === "" ? cameras : cameras.filter((camera) => camera.site === site);
}

export function totalsOf(network: Network, site: string, nowS: number): Totals {
  const cameras = camerasOf(network, site);
  const has = (kind: PlaceKind): boolean => cameras.some((camera) => camera.places.some((place) => place.kind === kind));
  const kind = has("zone") ? "zone" : "line";
  const missing = { starting: 0, unknown: 0, stopped: 0, partly: 0 };
  let [counting, counted, value, variance, outwards, any, atS] = [0, 0, 0, 0, 0, false, Number.NaN];
  for (const camera of cameras) {
    if (!camera.places.some((place) => place.kind === kind)) continue;
    counting += 1;
    const sight = sightOf(camera, nowS);
    if (sight !== "known") {
      missing[sight] += 1;
      continue;
    }
    const mine = kind === "zone" ? camera.people : camera.inPerMin;
    if (camera.places.some((place) => place.kind === kind && Number.isNaN(kind === "zone" ? place.people : place.inPerMin))) missing.partly += 1;
    else counted += 1;
    if (Number.isNaN(mine)) continue;
    any = true;
    value += mine;
    variance += kind === "zone" ? camera.peopleVariance : camera.rateVariance;
    outwards += kind === "zone" ? 0 : camera.outPerMin;
    atS = Math.max(Number.isNaN(atS) ? 0 : atS, camera.startS + camera.tickS);
  }
  return {
    cameras: cameras.length, counting, counted, missing, atS, outwards,
    measured: counting === 0 ? "nothing" : kind === "zone" ? "people" : "crossings",
    value: any ? value : Number.NaN,
    standardError: Math.sqrt(variance),
  };
}

export function secondsOf(time: string): number {
  return Date.parse(time) / 1000;
}

function cameraOf(wire: CameraWire): Camera {
  const { lat, lon, x, y } = wire;
  const camera: Camera = {
    name: wire.camera, site: wire.site, lat, lon, x, y, places: [],
    state: wire.state, reason: wire.reason, sinceS: secondsOf(wire.since), tickS: wire.tick_s, startS: Number.NaN, unknown: "",
    people: Number.NaN, peopleVariance: 0, level: -1, inPerMin: Number.NaN, outPerMin: Number.NaN, rateVariance: 0,
  };
  const places = wire.places.length === 0 ? [{ place: "", kind: "none" as const, in_metres: false }] : wire.places;
  for (const { place, kind, in_metres: inMetres } of places) camera.places.push(forget({ camera, name: place, kind, inMetres } as Place));
  return camera;
}

function forget(place: Place): Place {
  place.people = place.peopleSe = place.density = place.densitySe = Number.NaN;
  place.inPerMin = place.outPerMin = place.rateSe = Number.NaN;
  return place;
}

function placeOf(camera: Camera, name: string, kind: PlaceKind): Place | undefined {
  return camera.places.find((place) => place.name === name && place.kind === kind);
}

function sumUp(camera: Camera): void {
  camera.people = camera.inPerMin = camera.outPerMin = Number.NaN;
  camera.peopleVariance = camera.rateVariance = 0;
  camera.level = -1;
  for (const place of camera.places) {
    if (!Number.isNaN(place.people)) {
      camera.people = (Number.isNaN(camera.people) ? 0 : camera.people) + place.people;
      camera.peopleVariance += place.peopleSe ** 2;
    }
    if (!Number.isNaN(place.density)) camera.level = Math.max(camera.level, LEVELS.indexOf(levelOf(place.density)));
    if (!Number.isNaN(place.inPerMin) && !Number.isNaN(place.outPerMin)) {
      camera.inPerMin = (Number.isNaN(camera.inPerMin) ? 0 : camera.inPerMin) + place.inPerMin;
      camera.outPerMin = (Number.isNaN(camera.outPerMin) ? 0 : camera.outPerMin) + place.outPerMin;
      camera.rateVariance += place.rateSe ** 2;
    }
  }
}

function sameShape(camera: Camera, wire: StateWire): boolean {
  const places = camera.places.filter((place) => place.kind !== "none");
  return (
    camera.site === wire.site &&
    places.length === wire.places.length &&
    wire.places.every((place, i) => places[i]?.name === place.name && places[i]?.kind === place.kind && places[i]?.inMetres === place.in_metres)
  );
}

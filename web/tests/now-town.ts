/** Made-up answers of the hub for the tests of Now, and chance that is the same in every run. */

import type { AlarmWire, CameraWire, NowWire, TickWire } from "../src/pages/now/wire.ts";

export const START_S = 1_790_000_000;
export const TICK_S = 60;
export const END_S = START_S + TICK_S;

/** Numbers between 0 and 1: a linear congruence, as a test needs no better. */
export function chance(seed: number): () => number {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

export function iso(timeS: number): string {
  return new Date(timeS * 1000).toISOString();
}

export function tick(camera: string, change: Partial<TickWire> & { startS?: number; people?: number; se?: number; density?: number | null; densitySe?: number } = {}): TickWire {
  const { startS = START_S, people = 20, se = 4, density = 0.2, densitySe = 0.04, ...rest } = change;
  return {
    camera, time: iso(startS), tick_s: TICK_S, unknown: "",
    zones: [{ place: "hall", people, people_se: se, density, density_se: density === null ? null : densitySe }],
    lines: [{ place: "door", in_per_min: 5, out_per_min: 4, per_min_se: 0.5 }],
    ...rest,
  };
}

export function camera(name: string, change: Partial<CameraWire> = {}): CameraWire {
  return {
    camera: name, site: "Central", lat: 52, lon: 5, x: null, y: null, state: "live", reason: "", since: iso(START_S - 3600), tick_s: TICK_S,
    places: [{ place: "door", kind: "line", in_metres: true }, { place: "hall", kind: "zone", in_metres: true }],
    now: tick(name), ...change,
  };
}

export function now(cameras: readonly CameraWire[]): NowWire {
  return { time: iso(END_S), sites: [{ name: "Central", title: "", plan: null }], cameras };
}

export function alarm(name: string, change: Partial<AlarmWire> = {}): AlarmWire {
  return {
    name, camera: "a", place: "hall", quantity: "occupancy", direction: "above", threshold: 120, severity: "warning", state: "ringing",
    since: iso(START_S), value: 131.2, standard_error: 4.2, unseen: "", acknowledged: null, ...change,
  };
}

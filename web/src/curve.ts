/** The last hour of one camera as columns to draw: values, error band, and gaps with their reasons. Pure. */

import { type CameraInfo, type CameraState, type Tick, WINDOW_S, keyOf, placesOf } from "./model.ts";
import { sumOf } from "./readings.ts";

/** One curve: the raw values and their band of two standard errors, null where unknown. */
export interface Trace {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly lower: readonly (number | null)[];
  readonly upper: readonly (number | null)[];
}

/** A stretch of time without numbers. */
export interface Gap {
  readonly startS: number;
  readonly endS: number;
  readonly reason: string;
}

export interface Curve {
  readonly endS: readonly number[];
  readonly traces: readonly Trace[];
  readonly gaps: readonly Gap[];
}

export interface Wanted {
  readonly name: string;
  readonly keys: readonly string[];
}

/** The half width of the band, in standard errors. */
export const BAND = 2;

const NOT_RECEIVED = "no numbers were received";

/** What a camera's curve shows: people in its zones, or, without a zone, crossings per tick each way. */
export function wantedOf(info: CameraInfo): readonly Wanted[] {
  const zones = placesOf(info, "zone");
  if (zones.length > 0) return [{ name: "people", keys: zones.map((zone) => keyOf(zone, "occupancy")) }];
  const lines = placesOf(info, "line");
  if (lines.length === 0) return [];
  return ["in", "out"].map((way) => ({ name: way, keys: lines.map((line) => keyOf(line, way)) }));
}

export function curveOf(camera: CameraState, nowS: number): Curve {
  const wanted = wantedOf(camera.info);
  const ticks = camera.ticks.filter(
    (tick) => tick.endS > nowS - WINDOW_S && (tick.unknown !== "" || wanted.every((one) => sumOf(tick, one.keys) !== null)),
  );
  const slots = withHoles(ticks);
  return {
    endS: slots.map((slot) => slot.endS),
    traces: wanted.map((one) => traceOf(one, slots)),
    gaps: gapsOf(slots),
  };
}

/** The range of the vertical axis: always with zero, never flatter than ten people. */
export function rangeOf(curve: Curve): readonly [number, number] {
  const all = curve.traces.flatMap((trace) => [...trace.lower, ...trace.upper]).filter((value) => value !== null);
  const low = all.reduce((least, value) => Math.min(least, value), 0);
  const high = all.reduce((most, value) => Math.max(most, value), Math.max(0, low + 10));
  const margin = 0.06 * (high - low);
  return [low < 0 ? low - margin : 0, high + margin];
}

/** Stands between two ticks that do not meet, so that no curve is drawn across the hole. */
type Slot = Tick & { readonly hole?: true };

function withHoles(ticks: readonly Tick[]): readonly Slot[] {
  return ticks.flatMap((tick, i): readonly Slot[] => {
    const before = ticks[i - 1];
    const startS = tick.endS - tick.tickS;
    if (before === undefined || startS - before.endS < 0.5 * tick.tickS) return [tick];
    const lengthS = startS - before.endS;
    return [{ endS: startS, tickS: lengthS, unknown: NOT_RECEIVED, values: new Map(), hole: true }, tick];
  });
}

function traceOf(wanted: Wanted, slots: readonly Slot[]): Trace {
  const sums = slots.map((slot) => (slot.unknown === "" ? sumOf(slot, wanted.keys) : null));
  return {
    name: wanted.name,
    values: sums.map((one) => one?.value ?? null),
    lower: sums.map((one) => (one === null ? null : one.value - BAND * one.standardError)),
    upper: sums.map((one) => (one === null ? null : one.value + BAND * one.standardError)),
  };
}

function gapsOf(slots: readonly Slot[]): readonly Gap[] {
  const gaps: Gap[] = [];
  for (const slot of slots) {
    if (slot.unknown === "") continue;
    const last = gaps.at(-1);
    const startS = slot.endS - slot.tickS;
    if (last !== undefined && last.reason === slot.unknown && Math.abs(last.endS - startS) < 1) {
      gaps[gaps.length - 1] = { ...last, endS: slot.endS };
    } else {
      gaps.push({ startS, endS: slot.endS, reason: slot.unknown });
    }
  }
  return gaps;
}

/** The newest protected numbers of a camera, as they are written beside its lines and zones. Pure. */

import { BAND, type Formats } from "../../core/numbers.ts";

export interface NowTick {
  readonly camera: string;
  readonly time: string;
  readonly tick_s: number;
  /** Why nothing is known; empty where something is. */
  readonly unknown: string;
  readonly zones: readonly { readonly place: string; readonly people: number; readonly people_se: number; readonly density: number | null; readonly density_se: number | null }[];
  readonly lines: readonly { readonly place: string; readonly in_per_min: number | null; readonly out_per_min: number | null; readonly per_min_se: number | null }[];
}

export type PlaceNow =
  | { readonly kind: "line"; readonly inward: string; readonly outward: string }
  | { readonly kind: "zone"; readonly people: string; readonly density: string | null };

/** So many ticks, and so many seconds more, after its end a tick is shown: then it is old, and nothing is known. As for the alarms. */
const SHOWN_TICKS = 2;
const LATE_S = 5;

export function isOld({ time, tick_s }: NowTick, nowS: number): boolean {
  return nowS > Date.parse(time) / 1000 + (1 + SHOWN_TICKS) * tick_s + LATE_S;
}

/** What is known of a place now; null where nothing is. */
export function placeNow(tick: NowTick | null, place: string, nowS: number, formats: Formats): PlaceNow | null {
  if (tick === null || tick.unknown !== "" || isOld(tick, nowS)) return null;
  const zone = tick.zones.find((each) => each.place === place);
  if (zone !== undefined) {
    const density = zone.density === null || zone.density_se === null ? null : formats.measured(zone.density, zone.density_se);
    return { kind: "zone", people: formats.withMargin(zone.people, zone.people_se), density };
  }
  const line = tick.lines.find((each) => each.place === place);
  if (line === undefined || line.in_per_min === null || line.out_per_min === null || line.per_min_se === null) return null;
  return { kind: "line", inward: formats.measured(line.in_per_min, line.per_min_se), outward: formats.measured(line.out_per_min, line.per_min_se) };
}

export interface Heat {
  readonly time: string | null;
  readonly values: readonly (readonly number[])[] | null;
  readonly standard_error: number | null;
  readonly unknown: string;
}

const HOUR_S = 3600;
/** How long after its hour began a map is shown. */
const HEAT_SHOWN_S = 3 * HOUR_S;

/** How dark each cell is drawn, from 0 to 1: nothing where it cannot be told from the noise. Null: there is no map to show. */
export function heatOf({ time, values, standard_error }: Heat, nowS: number): readonly (readonly number[])[] | null {
  if (values === null || standard_error === null || time === null || nowS > Date.parse(time) / 1000 + HEAT_SHOWN_S) return null;
  const most = Math.max(...values.flat());
  return values.map((row) => row.map((value) => (value <= BAND * standard_error ? 0 : value / most)));
}

/** The fullest cell: its column and row from one, and its number. Null where none can be told from the noise. */
export function fullest(heat: Heat): { column: number; row: number; value: number } | null {
  let best: { column: number; row: number; value: number } | null = null;
  heat.values?.forEach((row, y) => row.forEach((value, x) => {
    if (value > BAND * (heat.standard_error ?? 0) && value > (best?.value ?? 0)) best = { column: x + 1, row: y + 1, value };
  }));
  return best;
}

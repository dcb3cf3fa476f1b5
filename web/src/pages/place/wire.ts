/** What the hub tells of a place, as the page asks for it. */

import type { Hub } from "../../core/hub.ts";
import { type Series, type WireSeries, byDay, seriesOf } from "./curve.ts";
import { type Span, type Step, type View, askedStep, dayStartS, daysLater, isoOf } from "./span.ts";

export interface WireCamera {
  readonly name: string;
  readonly site: string;
  readonly state: "starting" | "live" | "unknown";
  readonly reason: string;
  readonly since: string;
  readonly tick_s: number;
  readonly extras: { readonly heat: boolean };
  readonly places: readonly { readonly name: string; readonly kind: "line" | "zone"; readonly in_metres: boolean }[];
}

export interface WireTick {
  readonly camera: string;
  readonly time: string;
  readonly tick_s: number;
  readonly unknown: string;
  readonly rows: readonly WireNumber[];
}

interface WireNumber {
  readonly place: string;
  readonly quantity: string;
  readonly value: number | null;
  readonly standard_error: number | null;
  readonly unknown: string;
}

export interface WireHeat {
  readonly time: string | null;
  readonly columns: number | null;
  readonly rows: number | null;
  readonly values: readonly (readonly number[])[] | null;
  readonly standard_error: number | null;
  readonly unknown: string;
}

/** A camera of which a place is shown, and what is measured there. */
export interface Facts {
  readonly camera: WireCamera;
  readonly quantities: readonly string[];
}

/** The newest number of a quantity: when its tick began, how long that was, and what it says. */
export interface Newest {
  readonly startS: number;
  readonly tickS: number;
  readonly value: number | null;
  readonly error: number | null;
  readonly unknown: string;
}

/** The facts of a place; null where there is none of that name that the reader may see. */
export async function askFacts(hub: Hub, camera: string, place: string): Promise<Facts | null> {
  const [cameras, measures] = await Promise.all([
    hub.ask<readonly WireCamera[]>("GET", "/api/v1/cameras", { camera }),
    hub.ask<readonly { place: string; quantities: readonly string[] }[]>("GET", "/api/v1/measures", { camera }),
  ]);
  const [found, quantities] = [cameras[0], measures.find((measure) => measure.place === place)?.quantities];
  return found === undefined || quantities === undefined ? null : { camera: found, quantities };
}

/** The newest number of each quantity of a place. */
export async function askNewest(hub: Hub, camera: string, place: string): Promise<ReadonlyMap<string, Newest>> {
  const rows = await hub.ask<readonly (WireNumber & { time: string; tick_s: number })[]>("GET", "/api/v1/latest", { camera });
  return new Map(rows.filter((row) => row.place === place).map((row) => [row.quantity, newestOf(row, row.time, row.tick_s)]));
}

/** The newest numbers with those of a live tick. */
export function withTick(known: ReadonlyMap<string, Newest>, tick: WireTick, place: string): ReadonlyMap<string, Newest> {
  const news = new Map(known);
  for (const row of tick.rows) if (row.place === place) news.set(row.quantity, newestOf(row, tick.time, tick.tick_s));
  return news;
}

function newestOf(row: WireNumber, time: string, tickS: number): Newest {
  return { startS: Date.parse(time) / 1000, tickS, value: row.value, error: row.standard_error, unknown: row.unknown };
}

export async function askSeries(hub: Hub, view: View, quantity: string, span: Span, step: Step): Promise<Series> {
  const { camera, place } = view;
  const fromS = step === "mean" ? dayStartS(span.fromS) : span.fromS;
  const query = { camera, place, quantity, step: askedStep(step), start: isoOf(fromS), end: isoOf(span.toS) };
  const series = seriesOf(await hub.ask<WireSeries>("GET", "/api/v1/series", query));
  return step === "mean" ? byDay(series, span.toS) : series;
}

/** The span a week before, by the local clock, and a little more: the present moves on until it is asked for again, every hour. */
export function weekBefore({ fromS, toS }: Span): Span {
  return { fromS: daysLater(fromS, -7), toS: daysLater(toS, -7) + AHEAD_S };
}

const AHEAD_S = 2 * 3600;

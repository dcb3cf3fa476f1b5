/** A measure by local day and hour. Pure but for the reader's time zone; days of 23 and 25 hours are as they are. */

import type { Series } from "./curve.ts";
import { type Span, dayStartS, daysLater } from "./span.ts";

export type Cell =
  | { readonly kind: "known"; readonly startS: number; readonly value: number; readonly error: number }
  | { readonly kind: "unknown"; readonly startS: number; readonly reason: string }
  /** The hour is still to come, or nothing was received. */
  | { readonly kind: "none"; readonly startS: number }
  /** The clock was set forward over this hour. */
  | { readonly kind: "skipped" };

/** A local day: its midnight, and one cell for each hour that a clock shows. */
export interface Day {
  readonly startS: number;
  readonly cells: readonly Cell[];
}

const HOUR_S = 3600;

/**
 * Days and hours of a series that came by the hour, the newest day last.
 *
 * An hour that the clock showed twice is both together where they add up (their variances too), else the later one.
 */
export function daysOf(series: Series, span: Span, addsUp: boolean): readonly Day[] {
  const byHour = new Map(series.startS.map((startS, i) => [startS, i]));
  const days: Day[] = [];
  for (let startS = dayStartS(span.fromS); startS < span.toS; startS = daysLater(startS, 1)) {
    const cells: Cell[] = Array.from({ length: 24 }, () => ({ kind: "skipped" }));
    const endS = daysLater(startS, 1);
    // The hours of UTC begin at half past where the zone is half an hour off: each counts to the hour in which it begins.
    for (let hourS = Math.ceil(startS / HOUR_S) * HOUR_S; hourS < endS; hourS += HOUR_S) {
      const hour = new Date(hourS * 1000).getHours();
      const before = cells[hour] ?? { kind: "skipped" };
      cells[hour] = together(before, cellOf(series, byHour.get(hourS), hourS), addsUp);
    }
    days.push({ startS, cells });
  }
  return days;
}

/** The largest value of some days, and zero. */
export function highestOf(days: readonly Day[]): number {
  return days.reduce((most, { cells }) => cells.reduce((top, cell) => (cell.kind === "known" ? Math.max(top, cell.value) : top), most), 0);
}

function cellOf(series: Series, i: number | undefined, startS: number): Cell {
  if (i === undefined) return { kind: "none", startS };
  const value = series.values[i] ?? null;
  if (value === null) return { kind: "unknown", startS, reason: series.unknown[i] ?? "" };
  return { kind: "known", startS, value, error: series.errors[i] ?? 0 };
}

function together(before: Cell, cell: Cell, addsUp: boolean): Cell {
  if (before.kind === "skipped" || (!addsUp && cell.kind === "known")) return cell;
  if (before.kind !== "known" || cell.kind !== "known") return before.kind === "known" && addsUp ? cell : before;
  return { kind: "known", startS: before.startS, value: before.value + cell.value, error: Math.hypot(before.error, cell.error) };
}

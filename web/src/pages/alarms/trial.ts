/** When a rule would have rung, and the curve behind it, thinned to what a drawing can show. Pure. */

import { secondsOf } from "./model.ts";

export interface Ring {
  readonly startS: number;
  /** Null where it would ring still. */
  readonly endS: number | null;
  readonly worst: number;
  readonly worstError: number;
}

export interface Trial {
  readonly rings: readonly Ring[];
  /** Of the time: how much was known, and how much of all of it the rule could not tell. */
  readonly known: number;
  readonly cannotTell: number;
  readonly ticks: number;
}

export interface Point {
  readonly timeS: number;
  /** Null where it is unknown. */
  readonly value: number | null;
  readonly error: number;
}

/** One column of pixels: what lay in it, null where nothing is known. */
export interface Column {
  readonly least: number;
  readonly most: number;
  /** Two standard errors beyond. */
  readonly lower: number;
  readonly upper: number;
}

const BAND = 2;

interface TrialWire {
  readonly rings: readonly { readonly start: string; readonly end: string | null; readonly worst: number; readonly worst_se: number }[];
  readonly known_share: number;
  readonly cannot_tell_share: number;
  readonly ticks: number;
}

export function trialOf(wire: unknown): Trial {
  const { rings, known_share: known, cannot_tell_share: cannotTell, ticks } = wire as TrialWire;
  return {
    rings: rings.map((ring) => ({ startS: secondsOf(ring.start), endS: ring.end === null ? null : secondsOf(ring.end), worst: ring.worst, worstError: ring.worst_se })),
    known, cannotTell, ticks,
  };
}

export function pointsOf(wire: unknown): readonly Point[] {
  const { rows } = wire as { rows: readonly { time: string; value: number | null; standard_error: number | null }[] };
  return rows.map((row) => ({ timeS: secondsOf(row.time), value: row.value, error: row.standard_error ?? 0 }));
}

/** The points of a stretch of time in so many columns. */
export function columnsOf(points: readonly Point[], startS: number, endS: number, count: number): readonly (Column | null)[] {
  const columns: (Column | null)[] = new Array<Column | null>(count).fill(null);
  for (const { timeS, value, error } of points) {
    const at = Math.floor(((timeS - startS) / (endS - startS)) * count);
    if (value === null || at < 0 || at >= count) continue;
    const before = columns[at];
    columns[at] = {
      least: Math.min(before?.least ?? value, value), most: Math.max(before?.most ?? value, value),
      lower: Math.min(before?.lower ?? Infinity, value - BAND * error), upper: Math.max(before?.upper ?? -Infinity, value + BAND * error),
    };
  }
  return columns;
}

/** The largest standard error of what is known; 0 where nothing is. */
export function worstError(points: readonly Point[]): number {
  return points.reduce((worst, { value, error }) => (value === null ? worst : Math.max(worst, error)), 0);
}

/** The upper end of the drawing's axis: all that is drawn, and the levels, lie below it. */
export function topOf(columns: readonly (Column | null)[], levels: readonly number[]): number {
  const most = columns.reduce((top, column) => Math.max(top, column?.upper ?? 0), Math.max(0, ...levels.filter(Number.isFinite)));
  return most === 0 ? 1 : most * 1.08;
}

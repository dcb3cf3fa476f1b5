/** A measure over time as columns to draw: values, band of two standard errors, and gaps with their reasons. Pure. */

import { BAND } from "../../core/numbers.ts";
import { type Span, dayStartS, daysLater } from "./span.ts";

/** What the hub tells of a series. */
export interface WireSeries {
  readonly tick_s: number;
  readonly rows: readonly {
    readonly time: string;
    readonly value: number | null;
    readonly standard_error: number | null;
    readonly unknown: string;
  }[];
}

/** One measure over time, oldest first, each number from its start to `stepS` later. */
export interface Series {
  readonly stepS: number;
  readonly startS: readonly number[];
  readonly values: readonly (number | null)[];
  readonly errors: readonly (number | null)[];
  readonly unknown: readonly string[];
}

/** A column of numbers to draw; null breaks the curve. */
export type Column = readonly (number | null | undefined)[];

/** A measure as uPlot draws it: each number at the end of its step, never below zero. */
export interface Columns {
  readonly endS: readonly number[];
  readonly values: Column;
  readonly lower: Column;
  readonly upper: Column;
}

/** A stretch of time without numbers; an empty reason: none were received. */
export interface Gap {
  readonly startS: number;
  readonly endS: number;
  readonly reason: string;
}

export function seriesOf({ tick_s, rows }: WireSeries): Series {
  return {
    stepS: tick_s,
    startS: rows.map(({ time }) => Date.parse(time) / 1000),
    values: rows.map(({ value }) => value),
    errors: rows.map(({ standard_error }) => standard_error),
    unknown: rows.map(({ unknown }) => unknown),
  };
}

/** One number that came live. */
export interface Late {
  readonly startS: number;
  readonly value: number | null;
  readonly error: number | null;
  readonly unknown: string;
}

/** A series with later numbers, oldest first, at its end; those that are there already, or older, change nothing. */
export function appended(series: Series, numbers: readonly Late[]): Series {
  const lastS = series.startS.at(-1) ?? -Infinity;
  const later = numbers.filter(({ startS }, i) => startS > Math.max(lastS, numbers[i - 1]?.startS ?? -Infinity));
  if (later.length === 0) return series;
  return {
    stepS: series.stepS,
    startS: [...series.startS, ...later.map(({ startS }) => startS)],
    values: [...series.values, ...later.map(({ value }) => value)],
    errors: [...series.errors, ...later.map(({ error }) => error)],
    unknown: [...series.unknown, ...later.map(({ unknown }) => unknown)],
  };
}

/** The part of a series that reaches into a span. */
export function within(series: Series, span: Span): Series {
  const first = series.startS.findIndex((startS) => startS + series.stepS > span.fromS);
  const after = series.startS.findLastIndex((startS) => startS < span.toS) + 1;
  if (first === 0 && after === series.startS.length) return series;
  const cut = <Value>(column: readonly Value[]): readonly Value[] => (first < 0 ? [] : column.slice(first, after));
  return {
    stepS: series.stepS,
    startS: cut(series.startS),
    values: cut(series.values),
    errors: cut(series.errors),
    unknown: cut(series.unknown),
  };
}

/** A series as if it had been a week later by the local clock; UTC days move by seven of their kind. */
export function weekLater(series: Series): Series {
  const later = series.stepS >= 86_400 ? (startS: number): number => startS + 7 * 86_400 : (startS: number): number => daysLater(startS, 7);
  return { ...series, startS: series.startS.map(later) };
}

/** So many hours of a day must be known for its mean: the day's rise and fall would else be taken for a change between days. */
const FEWEST_HOURS = 20;
const FEW_HOURS = "fewer than 20 of its hours are known";

/**
 * The mean of each local day of a series by the hour, at the day's beginning; a day that is not over has none.
 *
 * How the noise of hours hangs together differs between mechanisms, so the standard error is told as the mean of theirs: more it cannot be.
 */
export function byDay(series: Series, untilS: number): Series {
  const days = Map.groupBy(series.startS.keys(), (i) => dayStartS(series.startS[i] ?? 0));
  const whole = [...days].filter(([startS]) => daysLater(startS, 1) <= untilS);
  const means = whole.map(([, of]) => {
    const known = of.filter((i) => series.values[i] != null && series.errors[i] != null);
    if (known.length < FEWEST_HOURS) return null;
    const mean = (column: readonly (number | null)[]): number => known.reduce((sum, i) => sum + (column[i] ?? 0), 0) / known.length;
    return { value: mean(series.values), error: mean(series.errors) };
  });
  return {
    stepS: 86_400,
    startS: whole.map(([startS]) => startS),
    values: means.map((mean) => mean?.value ?? null),
    errors: means.map((mean) => mean?.error ?? null),
    unknown: means.map((mean) => (mean === null ? FEW_HOURS : "")),
  };
}

/** With `steps`, a number stands at the beginning of its step too where none stands before it, so that it is drawn over its whole length. */
export function columnsOf({ stepS, startS, values, errors }: Series, steps = false): Columns {
  const endS: number[] = [];
  const known: (number | null)[] = [];
  const halves: number[] = [];
  const push = (atS: number, value: number | null, half: number): void => {
    endS.push(atS);
    known.push(value);
    halves.push(half);
  };
  for (const [i, beginS] of startS.entries()) {
    const [atS, lastS, value, half] = [beginS + stepS, endS.at(-1), values[i] ?? null, BAND * (errors[i] ?? 0)];
    if (lastS !== undefined && atS <= lastS) continue; // an hour that a change of the clock has folded onto another
    if (lastS !== undefined && beginS - lastS > 0.5 * stepS) push(beginS, null, 0);
    if (steps && value !== null && (known.at(-1) ?? null) === null) {
      if (endS.length > 0) endS[endS.length - 1] = beginS - stepS / 2; // the break makes room
      push(beginS, value, half);
    }
    push(atS, value, half);
  }
  const shown = (by: -1 | 0 | 1): Column => known.map((value, i) => (value === null ? null : Math.max(0, value + by * (halves[i] ?? 0))));
  return { endS, values: shown(0), lower: shown(-1), upper: shown(1) };
}

/** Several measures on one axis of time; where one has no number of its own, undefined, which breaks no curve. */
export function joined(all: readonly Columns[]): readonly [readonly number[], ...Column[]] {
  const [first, ...others] = all;
  if (first === undefined) return [[]];
  const same = others.every(({ endS }) => endS.length === first.endS.length && endS.every((atS, i) => atS === first.endS[i]));
  if (same) return [first.endS, ...all.flatMap(({ values, upper, lower }) => [values, upper, lower])];
  const endS = [...new Set(all.flatMap((one) => one.endS))].sort((a, b) => a - b);
  const placed = all.flatMap((one) => {
    const at = new Map(one.endS.map((atS, i) => [atS, i]));
    return [one.values, one.upper, one.lower].map((column) =>
      endS.map((atS) => {
        const i = at.get(atS);
        return i === undefined ? undefined : column[i];
      }),
    );
  });
  return [endS, ...placed];
}

/** The stretches of a span up to now in which nothing is known, and why. What has not been measured yet is none. */
export function gapsOf({ stepS, startS, unknown }: Series, span: Span, nowS: number): readonly Gap[] {
  const gaps: Gap[] = [];
  const add = (fromS: number, toS: number, reason: string): void => {
    const last = gaps.at(-1);
    if (last !== undefined && last.reason === reason && fromS - last.endS < 1) gaps[gaps.length - 1] = { ...last, endS: toS };
    else gaps.push({ startS: fromS, endS: toS, reason });
  };
  let untilS = span.fromS;
  for (const [i, beginS] of startS.entries()) {
    // The number of a span's first piece belongs to a step that began before it.
    if (beginS - untilS >= (i === 0 ? 1 : 0.5) * stepS) add(untilS, beginS, "");
    const reason = unknown[i] ?? "";
    if (reason !== "") add(Math.max(beginS, span.fromS), Math.min(beginS + stepS, span.toS), reason);
    untilS = Math.max(untilS, beginS + stepS);
  }
  // The newest tick comes when it has ended, and a little later.
  const dueS = Math.min(span.toS, nowS - stepS - 5);
  if (dueS - untilS > 0.5 * stepS) add(untilS, Math.min(span.toS, nowS), "");
  return gaps;
}

/** What a series holds at a time that is drawn: the number of the step that ends there or holds it; null where none does. */
export function indexAt({ startS, stepS }: Series, timeS: number): number | null {
  const i = startS.findLastIndex((beginS) => beginS < timeS);
  return i >= 0 && timeS <= (startS[i] ?? 0) + stepS ? i : null;
}

/** The range of the vertical axis for people: with zero, and never flatter than ten; of other units than one tenth. */
export function topOf(highest: number, inPeople: boolean): number {
  return 1.06 * Math.max(highest, inPeople ? 10 : 0.1);
}

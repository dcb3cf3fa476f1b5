/** Counting along by hand: presses in memory, and nothing else. Pure. */

export const LEAST_S = 180;
export const MOST_S = 3600;
export type Way = "in" | "out";

/** What is being counted. It is never sent: only `Private` is. */
export interface Counting {
  readonly startS: number;
  readonly presses: readonly Way[];
}

export function countOf({ presses }: Counting, way: Way): number {
  return presses.filter((press) => press === way).length;
}

export function pressed(counting: Counting, way: Way): Counting {
  return { ...counting, presses: [...counting.presses, way] };
}

export function withoutLast(counting: Counting): Counting {
  return { ...counting, presses: counting.presses.slice(0, -1) };
}

/** What leaves the page: both counts with noise of their own, over whole seconds. */
export interface Private {
  readonly place: string;
  readonly start: string;
  readonly end: string;
  readonly in: number;
  readonly out: number;
  readonly epsilon: number;
}

export const EPSILON = 0.5;

/** A counting made private at its end; `noised` draws the noise. */
export function privateOf(counting: Counting, place: string, endS: number, noised: (count: number, epsilon: number) => number): Private {
  const at = (timeS: number): string => new Date(Math.round(timeS) * 1000).toISOString();
  return {
    place,
    start: at(counting.startS),
    end: at(endS),
    in: noised(countOf(counting, "in"), EPSILON),
    out: noised(countOf(counting, "out"), EPSILON),
    epsilon: EPSILON,
  };
}

/** "4:07" */
export function elapsed(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** What the hub answers. */
export interface Check {
  readonly place: string;
  readonly start: string;
  readonly counts: boolean;
  readonly ways: readonly {
    readonly way: "in" | "out" | "both";
    readonly counted: number;
    readonly released: number;
    readonly released_se: number;
    /** Released over counted; null where too few were counted to say. */
    readonly ratio: { readonly value: number; readonly lowest: number; readonly highest: number } | null;
  }[];
}

/** How far a ratio is from all: -0.12 is 12 per cent too few. In whole per cents, so that none is told as "-0". */
export function shareOf(ratio: number): number {
  return Math.round(100 * (ratio - 1)) / 100 || 0;
}

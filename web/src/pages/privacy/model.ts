/** What the privacy page makes of the hub's answers. Pure. */

import type { Cost } from "./risk.ts";

export interface ErrorWire {
  readonly place: string;
  readonly kind: "line" | "zone";
  readonly quantity: string;
  readonly unit: string;
  readonly now: number | null;
  readonly worst: number | null;
  readonly unknown: string;
}

export interface SpentWire {
  readonly camera: string;
  readonly site: string;
  readonly epochs: readonly number[];
  readonly rho: readonly number[];
  readonly epsilon: readonly number[];
  readonly checks: readonly number[];
  readonly checks_rho: readonly number[];
}

export interface SpendWire {
  readonly days: readonly string[];
  readonly cameras: readonly SpentWire[];
  readonly public: boolean;
}

export interface AccuracyWire {
  readonly camera: string;
  readonly place: string;
  readonly checks: number;
  readonly days: number;
  readonly ratio: { readonly value: number; readonly lowest: number; readonly highest: number } | null;
}

/** Quantities that come in two directions, or as counts of the same things, are told as one. */
const FAMILIES: Readonly<Record<string, Family>> = {
  in: "tick", out: "tick", entries: "tick", exits: "tick",
  in_hour: "hour", out_hour: "hour", entries_hour: "hour", exits_hour: "hour",
  in_total: "total", out_total: "total", entries_total: "total", exits_total: "total",
  specific_flow: "specific_flow", occupancy: "occupancy", density: "density", mean_speed: "mean_speed", speed_now: "speed_now",
  mean_dwell: "mean_dwell", wait: "wait", dwell_median: "dwell_median", dwell_p95: "dwell_p95",
};
export const FAMILY_ORDER = [
  "occupancy", "tick", "hour", "total", "specific_flow", "density", "mean_speed", "speed_now", "mean_dwell", "dwell_median", "dwell_p95", "wait",
] as const;
export type Family = (typeof FAMILY_ORDER)[number];

/** How far off one kind of number of a place is: of several directions, the one that is off most. */
export interface Off {
  readonly family: Family;
  readonly unit: string;
  readonly now: number | null;
  readonly worst: number | null;
  readonly unknown: string;
}

export interface PlaceErrors {
  readonly place: string;
  readonly kind: "line" | "zone";
  readonly off: readonly Off[];
}

/** The errors by place, in the order of the hub, each kind of number once. A number that is unknown in one direction is unknown. */
export function placesOf(errors: readonly ErrorWire[]): PlaceErrors[] {
  const places = new Map<string, { kind: "line" | "zone"; off: Map<Family, Off> }>();
  for (const { place, kind, quantity, unit, now, worst, unknown } of errors) {
    const family = FAMILIES[quantity];
    if (family === undefined) continue;
    const entry = places.get(place) ?? { kind, off: new Map<Family, Off>() };
    const before = entry.off.get(family);
    entry.off.set(family, {
      family,
      unit,
      now: before === undefined ? now : before.now === null || now === null ? null : Math.max(before.now, now),
      worst: before === undefined ? worst : largest(before.worst, worst),
      unknown: before === undefined || before.unknown === "" ? unknown : before.unknown,
    });
    places.set(place, entry);
  }
  return [...places].map(([place, { kind, off }]) => ({
    place,
    kind,
    off: FAMILY_ORDER.flatMap((family) => off.get(family) ?? []),
  }));
}

function largest(one: number | null, other: number | null): number | null {
  return one === null ? other : other === null ? one : Math.max(one, other);
}

/** A day of one camera as a bar: heights are shares of the highest thing that is drawn. */
export interface Bar {
  readonly day: string;
  readonly epochs: number;
  readonly spent: number;
  readonly checks: number;
  readonly along: number;
  readonly spentShare: number;
  readonly alongShare: number;
}

export interface Bars {
  readonly bars: readonly Bar[];
  /** Where the day's budget lies, as a share of the highest. */
  readonly budgetShare: number;
}

/** The bars of a camera's days; `budget` is what a day may cost, as a rho. */
export function barsOf(days: readonly string[], spent: SpentWire, budget: number): Bars {
  const at = (numbers: readonly number[], i: number): number => numbers[i] ?? 0;
  const highest = Math.max(budget, ...days.map((_, i) => at(spent.rho, i) + at(spent.checks_rho, i)));
  const share = (rho: number): number => (highest > 0 ? rho / highest : 0);
  return {
    bars: days.map((day, i) => ({
      day,
      epochs: at(spent.epochs, i),
      spent: at(spent.rho, i),
      checks: at(spent.checks, i),
      along: at(spent.checks_rho, i),
      spentShare: share(at(spent.rho, i)),
      alongShare: share(at(spent.checks_rho, i)),
    })),
    budgetShare: share(budget),
  };
}

/** What a day may cost as a rho: an epsilon costs epsilon^2 / 2 (Bun and Steinke 2016, proposition 1.4). */
export function rhoOf({ rho, epsilon }: Cost): number {
  return rho ?? (epsilon ?? 0) ** 2 / 2;
}

/** How many of the shown cameras spent something today, how many began anew, and the most that one spent. */
export interface Today {
  readonly cameras: number;
  readonly begun: number;
  readonly again: number;
  readonly most: number;
}

export function todayOf(spend: SpendWire): Today {
  const last = spend.days.length - 1;
  const epochs = spend.cameras.map((camera) => camera.epochs[last] ?? 0);
  return {
    cameras: spend.cameras.length,
    begun: epochs.filter((each) => each > 0).length,
    again: epochs.filter((each) => each > 1).length,
    most: Math.max(0, ...spend.cameras.map((camera) => camera.rho[last] ?? 0)),
  };
}

/** A whole number of an address, within bounds. */
export function wholeOf(text: string | undefined, lowest: number, highest: number, usual: number): number {
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? Math.min(highest, Math.max(lowest, Math.round(value))) : usual;
}

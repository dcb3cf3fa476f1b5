/** The measures of a place: their names in words, their units, and how a number of one reads. */

import { localeOf, reading } from "../../core/language.ts";
import { type Formats } from "../../core/numbers.ts";
import { type Key, say } from "./words.ts";

/** In the order in which they are shown. What a tick says of the hour that it ends is left out: the hours of the counts say it. */
const ORDER = [
  "occupancy", "density", "mean_speed", "speed_now", "mean_dwell", "dwell_median", "dwell_p95", "wait", "entries", "exits", "entries_total",
  "exits_total", "in", "out", "in_total", "out_total", "specific_flow",
] as const;
type Quantity = (typeof ORDER)[number];

const UNITS: Readonly<Record<Quantity, string>> = {
  occupancy: "people", density: "people/m²", mean_speed: "m/s", speed_now: "m/s", mean_dwell: "s", dwell_median: "s", dwell_p95: "s",
  wait: "s", entries: "people", exits: "people", entries_total: "people", exits_total: "people", in: "people", out: "people",
  in_total: "people", out_total: "people", specific_flow: "people/(m s)",
};

/** What is shown of a place of which this is measured. */
export function shownOf(quantities: readonly string[]): readonly string[] {
  return ORDER.filter((quantity) => quantities.includes(quantity));
}

export function isPeople(quantity: string): boolean {
  return UNITS[quantity as Quantity] === "people";
}

export function nameOf(quantity: string): string {
  return say(`m_${quantity}` as Key);
}

/** The unit in the reader's language; empty for people, whom the measure's name names. */
export function unitOf(quantity: string): string {
  return isPeople(quantity) ? "" : (UNITS[quantity as Quantity] ?? "").replace("people", say("people"));
}

/** The name of a measure with its unit. */
export function titleOf(quantity: string): string {
  const unit = unitOf(quantity);
  return unit === "" ? nameOf(quantity) : `${nameOf(quantity)}, ${unit}`;
}

/** "128 ± 12", "1.24 ± 0.05 m/s" */
export function textOf(formats: Formats, quantity: string, value: number, error: number): string {
  if (isPeople(quantity)) return formats.withMargin(value, error);
  return `${formats.measured(value, error)} ${unitOf(quantity)}`;
}

/** A number without its margin, as an axis or a summary shows it. */
export function plainOf(formats: Formats, quantity: string, value: number): string {
  return isPeople(quantity) ? formats.people(value) : formats.number(Math.max(0, value), value >= 20 ? 0 : value >= 2 ? 1 : 2);
}

/** How long a tick is: "1 min", and not "60 s". */
export function lengthText(seconds: number): string {
  const [unit, size] = seconds % 3600 === 0 ? ["hour", 3600] : seconds % 60 === 0 ? ["minute", 60] : ["second", 1];
  return new Intl.NumberFormat(localeOf(reading()), { style: "unit", unit: unit as string, unitDisplay: "short" }).format(seconds / (size as number));
}

const REASONS: readonly (readonly [RegExp, Key])[] = [
  [/^$/, "r_notReceived"],
  [/^starting$/, "r_starting"],
  [/^no picture arrived$/, "r_noPicture"],
  [/^the clock was set back$/, "r_clock"],
  [/^too few people have left in the last (\d+) ticks/, "r_tooFew"],
  [/^the size of its pictures is not known yet$/, "r_size"],
  [/^the counting began within this hour$/, "r_begun"],
  [/^the camera is too dark$/, "r_dark"],
  [/^fewer than 20 of its hours are known$/, "r_fewHours"],
];

/** Why something is unknown, in the reader's language where the reason is known, else as the hub says it. */
export function reasonOf(reason: string): string {
  for (const [pattern, key] of REASONS) {
    const found = pattern.exec(reason);
    if (found !== null) return say(key, { count: Number(found[1] ?? 0) });
  }
  return reason;
}

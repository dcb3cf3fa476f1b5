/** Numbers, times and sentences as people read them. Pure; times are shown in the reader's own time zone. */

import { BAND, type Curve, type Gap } from "./curve.ts";
import type { Estimate, Site, State } from "./model.ts";
import type { CameraReading, Missing, Reading, SiteReading } from "./readings.ts";

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const CLOCK_WITH_SECONDS = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const ONE_DIGIT = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** The point of a normal distribution that one draw in a hundred falls below. */
const ONE_IN_A_HUNDRED = -2.3263478740408408;

/** A number of people to show: whole, and never below zero, whatever the noise did. */
export function people(value: number): string {
  return WHOLE.format(Math.max(0, Math.round(value)));
}

/** Two standard errors, rounded up to whole people. */
export function margin(standardError: number): string {
  return `± ${WHOLE.format(Math.max(0, Math.ceil(BAND * standardError - 1e-9)))}`;
}

export function withMargin(estimate: Estimate): string {
  return `${people(estimate.value)} ${margin(estimate.standardError)}`;
}

export function oneDigit(value: number): string {
  return ONE_DIGIT.format(value);
}

/** A time of day, with the date where it is not today's. */
export function clock(timeS: number, nowS: number, seconds = false): string {
  const time = new Date(timeS * 1000);
  const text = (seconds ? CLOCK_WITH_SECONDS : CLOCK).format(time);
  return DAY.format(time) === DAY.format(new Date(nowS * 1000)) ? text : `${DAY.format(time)}, ${text}`;
}

/** Times to the second where ticks are shorter than a minute. */
export function tickClock(timeS: number, nowS: number, tickS: number): string {
  return clock(timeS, nowS, tickS < 60);
}

export function tickLength(tickS: number): string {
  if (tickS === 60) return "minute";
  return tickS % 60 === 0 ? `${tickS / 60} minutes` : `${tickS} seconds`;
}

/** How often new numbers come, where cameras may differ. */
export function ticksText(ticksS: readonly number[]): string {
  if (ticksS.length === 0) return "tick";
  const [shortest, longest] = [Math.min(...ticksS), Math.max(...ticksS)].map(tickLength);
  return shortest === longest ? `${shortest}` : `${shortest} to ${longest}, by camera`;
}

/** A camera or site name may be any text; one of blanks alone would leave nothing to see. */
export function nameOrDash(name: string): string {
  return name.trim() === "" ? "(no name)" : name;
}

export function reasonSentence(reading: Reading, nowS: number): string {
  if (reading.kind === "starting") return "Waiting for the first numbers.";
  if (reading.kind === "known") return "";
  const since = reading.sinceS === null ? "" : `, since ${clock(reading.sinceS, nowS)}`;
  return `${capitalised(reading.reason)}${since}.`;
}

export function readingText(reading: Reading): string {
  return reading.kind === "known" ? withMargin(reading.estimate) : reading.kind;
}

/** A number that is no count of people, with two standard errors, never below zero: "1.2 ± 0.1 m/s". */
export function measureText(reading: Reading, unit: string, digits: number): string {
  if (reading.kind !== "known") return reading.kind;
  const { value, standardError } = reading.estimate;
  const half = Math.ceil(BAND * standardError * 10 ** digits - 1e-9) / 10 ** digits;
  const text = [Math.max(0, value), half].map((number) => number.toFixed(digits)).join(" ± ");
  return unit === "" ? text : `${text} ${unit}`;
}

/** Which cameras a total leaves out, in one sentence; empty when it is complete. */
export function missingSentence(missing: readonly Missing[]): string {
  if (missing.length === 0) return "";
  const named = missing.slice(0, 3).map((one) => `${nameOrDash(one.camera)} (${one.why})`);
  const rest = missing.length - named.length;
  return `Without ${listed(rest > 0 ? [...named, `${rest} more`] : named)}.`;
}

export function gapSentence(gap: Gap, nowS: number): string {
  const start = clock(gap.startS, nowS);
  const end = clock(gap.endS, nowS);
  return `${start === end ? start : `${start} to ${end}`} ${gap.reason}`;
}

/** The newest stretches without numbers, shortly; empty when there is none. */
export function gapsSentence(gaps: readonly Gap[], nowS: number): string {
  if (gaps.length === 0) return "";
  const named = gaps.slice(-2).map((gap) => gapSentence(gap, nowS));
  const rest = gaps.length - named.length;
  return `Unknown: ${named.join("; ")}${rest > 0 ? `; and ${rest} earlier` : ""}.`;
}

/** What a curve shows, for those who cannot see it. */
export function curveSentence(curve: Curve, nowS: number): string {
  const parts = curve.traces.map((trace) => {
    const known = trace.values.filter((value) => value !== null);
    if (known.length === 0) return `${trace.name}: nothing known yet`;
    const newest = trace.values.at(-1) ?? null;
    const last = newest === null ? "unknown now" : `${people(newest)} now`;
    return `${trace.name}: lowest ${people(Math.min(...known))}, highest ${people(Math.max(...known))}, ${last}`;
  });
  return `Last hour, ${parts.join("; ")}. ${gapsSentence(curve.gaps, nowS)}`.trim();
}

/** What one point of a curve says. */
export function pointSentence(curve: Curve, i: number, nowS: number): string {
  const endS = curve.endS[i];
  if (endS === undefined) return "";
  const at = clock(endS, nowS, true).replace(/:00$/, "");
  const values = curve.traces.map((trace) => {
    const value = trace.values[i] ?? null;
    const upper = trace.upper[i] ?? null;
    if (value === null || upper === null) return null;
    const text = withMargin({ value, standardError: (upper - value) / BAND });
    return curve.traces.length > 1 ? `${trace.name} ${text}` : text;
  });
  if (values.every((value) => value !== null)) return `${at}: ${values.join(", ")}`;
  const reason = curve.gaps.find((gap) => gap.startS <= endS && endS <= gap.endS)?.reason ?? "";
  return `${at}: unknown, ${reason}`;
}

/** What stands across the page when its numbers are not live; null when they are. */
export function bannerSentence(state: State, nowS: number): string | null {
  switch (state.connection.kind) {
    case "broken":
      return state.cameras === null
        ? `Not connected since ${clock(state.connection.sinceS, nowS)}. Trying again by itself.`
        : `Not connected since ${clock(state.connection.sinceS, nowS)}, numbers below are old. Trying again by itself.`;
    case "ended":
      return state.cameras === null ? "Your session has ended." : "Your session has ended, numbers below are old.";
    case "connecting":
    case "live":
      return null;
  }
}

/** What a screen reader should hear of a camera that changed its state; null when it did not. */
export function phaseSentence(before: CameraReading | undefined, after: CameraReading): string | null {
  if (before === undefined || before.phase === after.phase) return null;
  const reading = after.people ?? after.flow?.in;
  const reason = reading?.kind === "unknown" ? `: ${reading.reason}` : "";
  return `${nameOrDash(after.name)} is ${after.phase}${reason}.`;
}

export function siteSentence(site: SiteReading): string {
  const incomplete = site.missing.length > 0 ? ", incomplete" : "";
  if (site.measured === "people") {
    return site.people === null ? "People now: unknown." : `People now: ${withMargin(site.people)}${incomplete}.`;
  }
  if (site.measured === "flow" && site.flow !== null) {
    return `In ${withMargin(site.flow.in)}, out ${withMargin(site.flow.out)}${incomplete}.`;
  }
  return "";
}

type DayBudget = Pick<Site, "rhoPerDay" | "epsilonPerDay">;

export function budgetText({ rhoPerDay, epsilonPerDay }: DayBudget): string {
  return rhoPerDay === null ? `ε ${epsilonPerDay ?? "unknown"}, δ 0` : `ρ ${rhoPerDay}`;
}

/**
 * Of a hundred tries to recognise one person's passage, how many the best attacker gets right who accepts one false alarm in a
 * hundred: the power of a Gaussian mechanism with budget rho, Phi(sqrt(2 rho) + z_0.01); or what an epsilon with a delta of zero
 * allows at most, min(e^epsilon / 100, 1 - 0.99 / e^epsilon) (Kairouz, Oh and Viswanath 2015).
 */
export function recognisedInAHundred({ rhoPerDay, epsilonPerDay }: DayBudget): number {
  if (rhoPerDay !== null) return 100 * normalCdf(Math.sqrt(2 * rhoPerDay) + ONE_IN_A_HUNDRED);
  const odds = Math.exp(epsilonPerDay ?? Number.POSITIVE_INFINITY);
  return Math.min(odds, 100 - 99 / odds);
}

/** The normal distribution function, by Abramowitz and Stegun 26.2.17 (error below 1e-7). */
function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * poly;
  return x >= 0 ? 1 - tail : tail;
}

export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1) ?? ""}`;
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, "");
}

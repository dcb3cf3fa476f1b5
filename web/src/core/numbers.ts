/** Numbers and times as people read them, in a language. Pure but for the reader's time zone. */

import { localeOf, reading } from "./language.ts";

/** Standard errors to either side of what is shown: about 95 in 100 true values lie within. */
export const BAND = 2;

export interface Formats {
  /** Whole people, never below zero, whatever the noise did. */
  people(value: number): string;
  /** "± 12": two standard errors, rounded up to whole people. */
  margin(standardError: number): string;
  /** "128 ± 12" */
  withMargin(value: number, standardError: number): string;
  /** A number with its margin and no more digits than the margin leaves a meaning: "1.24 ± 0.05". */
  measured(value: number, standardError: number): string;
  number(value: number, digits: number): string;
  percent(share: number): string;
  /** A time of day, with the date where it is not the day of `nowS`. */
  clock(timeS: number, nowS: number, withSeconds?: boolean): string;
  /** Date and time. */
  moment(timeS: number): string;
  day(timeS: number): string;
  /** "3 min", "2 h": whole, of the largest unit that fits. */
  span(seconds: number): string;
}

export function formatsOf(locale: string = localeOf(reading()), timeZone?: string): Formats {
  const zone = timeZone === undefined ? {} : { timeZone };
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const share = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", ...zone });
  const seconds = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", ...zone });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", ...zone });
  const longDay = new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short", year: "numeric", ...zone });
  const byDigits = [0, 1, 2, 3].map((digits) => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  const number = (value: number, digits: number): string => (byDigits[Math.min(digits, 3)] ?? whole).format(value);
  const people = (value: number): string => whole.format(Math.max(0, Math.round(value)));
  const margin = (error: number): string => `± ${whole.format(Math.max(0, Math.ceil(BAND * error - 1e-9)))}`;
  const clock = (timeS: number, nowS: number, withSeconds = false): string => {
    const text = (withSeconds ? seconds : time).format(timeS * 1000);
    return day.format(timeS * 1000) === day.format(nowS * 1000) ? text : `${day.format(timeS * 1000)}, ${text}`;
  };
  return {
    people,
    margin,
    withMargin: (value, error) => `${people(value)} ${margin(error)}`,
    measured: (value, error) => {
      const half = BAND * error;
      const digits = half >= 2 ? 0 : half >= 0.1 ? 1 : 2;
      return `${number(Math.max(0, value), digits)} ± ${number(Math.ceil(half * 10 ** digits - 1e-9) / 10 ** digits, digits)}`;
    },
    number,
    percent: (value) => share.format(value),
    clock,
    moment: (timeS) => `${longDay.format(timeS * 1000)}, ${time.format(timeS * 1000)}`,
    day: (timeS) => longDay.format(timeS * 1000),
    span: (length) => {
      const [unit, size] = UNITS.find(([, each]) => length >= 2 * each) ?? ["second", 1];
      return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 }).format(length / size);
    },
  };
}

/** Unit, its length, and from how many of it on it is used. */
const UNITS: readonly (readonly [string, number])[] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** What happened to the alarms, by the day, filtered, and as a table to take along. Pure. */

import { type Severity, secondsOf } from "./model.ts";

export type Happening = "rang" | "cleared" | "acknowledged" | "handed over";

export interface Entry {
  readonly name: string;
  readonly severity: Severity;
  readonly event: Happening | (string & {});
  readonly atS: number;
  readonly by: string;
  readonly note: string;
  /** The hub's own English. */
  readonly sentence: string;
}

/** A protected number that a sentence of the hub tells, with two standard errors to either side. */
export interface Told {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly digits: number;
  readonly unit: string;
}

const DAY_S = 86_400;
const USUAL_DAYS = 7;

export function entriesOf(wire: unknown): readonly Entry[] {
  type Wire = Omit<Entry, "atS" | "by" | "note"> & { readonly at: string; readonly by: string | null; readonly note: string | null };
  return (wire as readonly Wire[]).map(({ name, severity, event, at, by, note, sentence }) => (
    { name, severity, event, atS: secondsOf(at), by: by ?? "", note: note ?? "", sentence }
  ));
}

export function filtered(entries: readonly Entry[], alarm: string, severity: string): readonly Entry[] {
  return entries.filter((entry) => (alarm === "" || entry.name === alarm) && (severity === "" || entry.severity === severity));
}

/** The entries of each day as `dayOf` names it, in the order in which they come. */
export function byDay(entries: readonly Entry[], dayOf: (timeS: number) => string): readonly (readonly [string, readonly Entry[]])[] {
  const days = new Map<string, Entry[]>();
  for (const entry of entries) {
    const day = dayOf(entry.atS);
    const of = days.get(day);
    if (of === undefined) days.set(day, [entry]);
    else of.push(entry);
  }
  return [...days];
}

/** The number in a sentence such as "north, hall: 5.4 people/m2 (between 5.2 and 5.6), above 5 for 2 minutes". */
export function toldBy(sentence: string): Told | null {
  const found = /: (?:last seen at [^:]*:\d\d UTC with )?(\d+(?:\.(\d+))?) ([^()]+|people\/\(m s\)) \(between ([\d.]+) and ([\d.]+)\)/.exec(sentence);
  if (found === null) return null;
  const [, value, decimals = "", unit = "", low, high] = found;
  return { value: Number(value), low: Number(low), high: Number(high), digits: decimals.length, unit };
}

/** The span of the days that somebody asked for, as Unix time: from the beginning of the first to the end of the last, in local time. */
export function spanOf(from: string, to: string, nowS: number): readonly [number, number] {
  const start = localDay(from);
  const end = localDay(to);
  const endS = end === null ? nowS : end.setDate(end.getDate() + 1) / 1000;
  const startS = start === null ? Infinity : start.getTime() / 1000;
  return [startS < endS ? startS : endS - USUAL_DAYS * DAY_S, endS];
}

function localDay(text: string): Date | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (found === null) return null;
  const day = new Date(Number(found[1]), Number(found[2]) - 1, Number(found[3]));
  return day.getMonth() === Number(found[2]) - 1 ? day : null;
}

const COLUMNS = ["time", "alarm", "severity", "event", "by", "note", "sentence"] as const;

/** The entries as comma-separated values (RFC 4180), times in UTC. */
export function csvOf(entries: readonly Entry[]): string {
  const rows = entries.map(({ name, severity, event, atS, by, note, sentence }) => [new Date(atS * 1000).toISOString(), name, severity, event, by, note, sentence]);
  return [COLUMNS, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** A text that a spreadsheet would take for a formula is marked as text. */
function cell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

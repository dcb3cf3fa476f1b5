/** What the hub tells of alarms, as the page holds it. Times are Unix seconds. Pure. */

export type Severity = "notice" | "warning" | "danger";
export type State = "quiet" | "pending" | "ringing" | "cannot tell" | "unknown";
export type Direction = "above" | "below";
/** The gravest first. */
export const SEVERITIES: readonly Severity[] = ["danger", "warning", "notice"];

export interface Acknowledged {
  readonly by: string;
  readonly atS: number;
  readonly note: string;
}

export interface HandedTo {
  readonly name: string;
  readonly by: string;
  readonly atS: number;
}

export interface Alarm {
  readonly name: string;
  readonly camera: string;
  readonly place: string;
  readonly quantity: string;
  readonly unit: string;
  readonly direction: Direction;
  readonly threshold: number;
  readonly clear: number;
  readonly severity: Severity;
  /** One of `State`, or what a newer hub calls it. */
  readonly state: State | (string & {});
  readonly sinceS: number | null;
  /** The end of the last known tick. */
  readonly atS: number | null;
  readonly value: number | null;
  readonly standardError: number | null;
  /** Why there is no number now; empty where there is one. */
  readonly unseen: string;
  /** All of it in the hub's own English. */
  readonly sentence: string;
  readonly reaches: Reaches | null;
  readonly acknowledged: Acknowledged | null;
  readonly handedTo: HandedTo | null;
}

/** The next worse level, and in how long it is reached at the present rate. */
export interface Reaches {
  readonly level: number;
  readonly inS: number;
}

interface AlarmWire {
  readonly name: string;
  readonly camera: string;
  readonly place: string;
  readonly quantity: string;
  readonly unit: string;
  readonly direction: Direction;
  readonly threshold: number;
  readonly clear: number;
  readonly severity: Severity;
  readonly state: string;
  readonly since: string | null;
  readonly time: string | null;
  readonly value: number | null;
  readonly standard_error: number | null;
  readonly unseen: string;
  readonly sentence: string;
  readonly reaches?: { readonly level: number; readonly in_s: number } | null;
  readonly acknowledged?: { readonly by: string; readonly at: string; readonly note: string } | null;
  readonly handed_to?: { readonly name: string; readonly by: string; readonly at: string } | null;
}

export function secondsOf(iso: string): number {
  return Date.parse(iso) / 1000;
}

export function alarmsOf(wire: unknown): readonly Alarm[] {
  return (wire as readonly AlarmWire[]).map(alarmOf);
}

function alarmOf(wire: AlarmWire): Alarm {
  const { acknowledged, handed_to: handed, reaches } = wire;
  const { name, camera, place, quantity, unit, direction, threshold, clear, severity, state, value, unseen, sentence } = wire;
  return {
    name, camera, place, quantity, unit, direction, threshold, clear, severity, state, value, unseen, sentence,
    sinceS: wire.since === null ? null : secondsOf(wire.since),
    atS: wire.time === null ? null : secondsOf(wire.time),
    standardError: wire.standard_error,
    reaches: reaches == null ? null : { level: reaches.level, inS: reaches.in_s },
    acknowledged: acknowledged == null ? null : { by: acknowledged.by, atS: secondsOf(acknowledged.at), note: acknowledged.note },
    handedTo: handed == null ? null : { name: handed.name, by: handed.by, atS: secondsOf(handed.at) },
  };
}

/** The alarms with those of an event in the place of the ones before; new ones come last. */
export function merged(before: readonly Alarm[], news: readonly Alarm[]): readonly Alarm[] {
  const of = new Map(news.map((alarm) => [alarm.name, alarm]));
  const known = new Set(before.map((alarm) => alarm.name));
  return [...before.map((alarm) => of.get(alarm.name) ?? alarm), ...news.filter((alarm) => !known.has(alarm.name))];
}

/** Which alarms ring, and which of them are news. Pure. */

import { type Alarm, SEVERITIES } from "./model.ts";

/** How long after a missed tick an alarm counts as unseen, seconds; the hub waits as long. */
const GRACE_S = 5;

export interface Groups {
  /** The ones that nobody has acknowledged first, then the gravest, then the newest. */
  readonly ringing: readonly Alarm[];
  readonly pending: readonly Alarm[];
  readonly cannotTell: readonly Alarm[];
  /** Without a number that can be relied on, or in a state that this page does not know. */
  readonly unknown: readonly Alarm[];
  readonly quiet: readonly Alarm[];
}

/** Whether numbers should have come that did not: the hub, or what feeds it, has stopped. */
export function isLost(alarm: Alarm, nowS: number, tickS: number): boolean {
  return alarm.unseen === "" && alarm.atS !== null && Math.abs(nowS - alarm.atS) > 2 * tickS + GRACE_S;
}

export function groupsOf(alarms: readonly Alarm[], nowS: number, tickSOf: (camera: string) => number): Groups {
  const groups = { ringing: [] as Alarm[], pending: [] as Alarm[], cannotTell: [] as Alarm[], unknown: [] as Alarm[], quiet: [] as Alarm[] };
  for (const alarm of alarms) {
    if (alarm.state === "ringing") groups.ringing.push(alarm);
    else if (isLost(alarm, nowS, tickSOf(alarm.camera))) groups.unknown.push(alarm);
    else if (alarm.state === "pending") groups.pending.push(alarm);
    else if (alarm.state === "cannot tell") groups.cannotTell.push(alarm);
    else if (alarm.state === "quiet") groups.quiet.push(alarm);
    else groups.unknown.push(alarm);
  }
  groups.ringing.sort(worseFirst);
  return groups;
}

function worseFirst(a: Alarm, b: Alarm): number {
  return Number(a.acknowledged !== null) - Number(b.acknowledged !== null)
    || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)
    || (b.sinceS ?? 0) - (a.sinceS ?? 0)
    || (a.name < b.name ? -1 : 1);
}

/** Remembers which rings were told, so that each is told once, whatever is repeated. */
export class Told {
  readonly #told = new Set<string>();

  /** The rings that nobody was told of yet, the gravest first; one that somebody has acknowledged needs no telling. */
  news(alarms: readonly Alarm[]): readonly Alarm[] {
    const ringing = alarms.filter((alarm) => alarm.state === "ringing");
    const keys = new Set(ringing.map(keyOf));
    for (const key of this.#told) if (!keys.has(key)) this.#told.delete(key);
    const news = ringing.filter((alarm) => alarm.acknowledged === null && !this.#told.has(keyOf(alarm)));
    for (const key of keys) this.#told.add(key);
    return news.sort(worseFirst);
  }
}

/** One ring of an alarm: it rings anew once it was over. */
function keyOf(alarm: Alarm): string {
  return JSON.stringify([alarm.name, alarm.sinceS]);
}

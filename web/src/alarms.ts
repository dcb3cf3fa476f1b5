/** What the page says of the alarms at one moment. Pure. */

import { capitalised, clock } from "./format.ts";
import type { Alarm, Severity, State } from "./model.ts";

/** An alarm to show: what it is in a word, and what it says. */
export interface Notice {
  readonly name: string;
  readonly kind: Severity | "not watched";
  readonly word: string;
  readonly sentence: string;
  readonly detail: string;
}

/** How long after a missed tick an alarm counts as unseen, seconds; the hub waits as long. */
const GRACE_S = 5;
const GRAVEST_FIRST: readonly Notice["kind"][] = ["danger", "warning", "notice", "not watched"];

/** The alarms that ring, the gravest first, and after them those that nobody can rely on now. */
export function noticesOf(state: State, nowS: number): readonly Notice[] {
  const tickS = state.site?.tickS ?? 60;
  const notices = [...state.alarms.values()].flatMap((alarm) => noticeOf(alarm, nowS, tickS));
  return GRAVEST_FIRST.flatMap((kind) => notices.filter((notice) => notice.kind === kind));
}

/** What a screen reader should hear at once: the alarms that ring now and did not before. */
export function newlyRinging(before: readonly Notice[], after: readonly Notice[]): string {
  const known = new Set(before.filter((notice) => notice.kind !== "not watched").map((notice) => notice.name));
  return after
    .filter((notice) => notice.kind !== "not watched" && !known.has(notice.name))
    .map((notice) => `${notice.word}: ${notice.sentence}.`)
    .join(" ");
}

function noticeOf(alarm: Alarm, nowS: number, tickS: number): readonly Notice[] {
  const { name, severity } = alarm;
  const lost = alarm.unseen === "" && alarm.atS !== null && Math.abs(nowS - alarm.atS) > 2 * tickS + GRACE_S;
  if (alarm.state === "ringing") {
    const since = alarm.sinceS === null ? "" : `since ${clock(alarm.sinceS, nowS)}`;
    const seen = lost ? `last seen ${clock(alarm.atS, nowS)}` : "";
    const detail = [name, since, seen].filter((part) => part !== "").join(", ");
    return [{ name, kind: severity, word: capitalised(severity), sentence: alarm.sentence, detail }];
  }
  if (!lost && alarm.state !== "cannot tell" && alarm.state !== "unknown") return [];
  const word = alarm.state === "cannot tell" ? "Cannot tell" : "Not watched";
  const sentence = lost && alarm.state !== "unknown" ? `no new numbers since ${clock(alarm.atS, nowS)}` : alarm.sentence;
  return [{ name, kind: "not watched", word, sentence, detail: name }];
}

/** An alarm in words, composed from its fields in the reader's language. Pure. */

import type { Formats } from "../../core/numbers.ts";
import { type Level, levelsOf } from "../../core/service.ts";
import type { Alarm, Direction } from "./model.ts";
import { type Key, type SayAlarm, WORDS } from "./words.ts";

/** What speaks: the words and the numbers of one language. */
export interface Tongue {
  readonly say: SayAlarm;
  readonly formats: Formats;
}

/** Standard errors between the two levels of a rule with which it can always tell: docs/alarms.md. */
export const NEEDED = 8;
/** Standard errors short of the threshold from which on the threshold is ruled out: docs/alarms.md. */
const HIDDEN = 3.2;
const FARTHEST_S = 3600;

const UNITS: Readonly<Record<string, Key>> = {
  "people": "unitPeople", "people/m2": "unitDensity", "people/(m s)": "unitFlow", "m/s": "unitSpeed", "s": "unitSeconds",
};

const UNIT_OF: Readonly<Record<string, string>> = {
  density: "people/m2", specific_flow: "people/(m s)", mean_speed: "m/s", speed_now: "m/s", mean_dwell: "s", wait: "s", dwell_median: "s", dwell_p95: "s",
};

const REASONS: Readonly<Record<string, Key>> = {
  "no numbers have come yet": "noNumbersYet",
  "no new numbers have come": "noNewNumbers",
  "no new numbers have come from this camera": "noNewNumbers",
  "the camera is too dark": "dark",
  "the camera sends no pictures": "silent",
  "the camera does not answer": "noAnswer",
  "the camera is not answering": "noAnswer",
  "the camera loses most of its frames": "lossy",
  "the picture is out of focus": "unsharp",
  "the camera was moved or covered: what it sees is no longer the scene that its lines were drawn on": "moved",
  "the camera is blinded: most of its picture is white": "blinded",
  "the camera is covered: there is nothing to be made out in its picture": "covered",
  "the camera's process ended and is started again": "restarted",
};

/** A name within a sentence, so that one written from right to left turns nothing else around. */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}

export function unitOf(unit: string, { say }: Tongue): string {
  const key = UNITS[unit];
  return key === undefined ? unit : say(key);
}

/** In what a quantity is measured: people, where it is nothing else. */
export function unitOfQuantity(quantity: string): string {
  return UNIT_OF[quantity] ?? "people";
}

/** What a quantity is called; its own name where a newer hub has one that is not known here. */
export function measureOf(quantity: string, { say }: Tongue): string {
  const key = `of_${quantity}`;
  return key in WORDS.en ? say(key as Key) : quantity;
}

/** The hub's reason in the reader's language where it is a known one. */
export function reasonOf(reason: string, { say }: Tongue): string {
  const key = REASONS[reason];
  return key === undefined ? reason : say(key);
}

/** "5 people/m²" */
export function leveled(level: number, unit: string, tongue: Tongue): string {
  return `${plain(level, tongue)} ${unitOf(unit, tongue)}`;
}

/** A level as it was typed: with the digits that it has, two at most. */
export function plain(level: number, { formats }: Tongue): string {
  const digits = [0, 1].find((each) => Math.abs(level * 10 ** each - Math.round(level * 10 ** each)) < 1e-9);
  return formats.number(level, digits ?? 2);
}

/** "4.3 ± 0.2 people/m²"; empty where there is no number. */
export function numberOf(alarm: Alarm, tongue: Tongue): string {
  const { value, standardError, unit } = alarm;
  if (value === null || standardError === null || alarm.state === "unknown") return "";
  return `${tongue.formats.measured(value, standardError)} ${unitOf(unit, tongue)}`;
}

/** The best and the worst level of service that a density may be of; null for all else. */
export function serviceOf(alarm: Alarm): readonly [Level, Level] | null {
  const { value, standardError } = alarm;
  if (alarm.quantity !== "density" || value === null || standardError === null || alarm.state === "unknown") return null;
  return levelsOf(value, standardError);
}

/** How many times too large a standard error is for two levels to be told apart at any number: at most 1 where it is not. */
export function tooNoisy(standardError: number, threshold: number, clear: number): number {
  return (NEEDED * standardError) / Math.abs(threshold - clear);
}

/** What an alarm says beside its number, sentence by sentence; `lost` where numbers should have come and did not. */
export function sentencesOf(alarm: Alarm, nowS: number, lost: boolean, tongue: Tongue): readonly string[] {
  const { say } = tongue;
  const unseen = alarm.unseen !== "" ? alarm.unseen : lost ? "no new numbers have come" : "";
  if (alarm.state === "ringing") return [ringingOf(alarm, nowS, tongue), ...(unseen === "" ? rateOf(alarm, tongue) : [seenOf(alarm, unseen, nowS, tongue)])];
  if (unseen !== "" || alarm.state === "unknown") return [say("unknownBecause", { reason: reasonOf(unseen, tongue) })];
  if (alarm.state === "pending") return [say("wouldRing")];
  if (alarm.state === "cannot tell") return shortageOf(alarm, tongue);
  return alarm.state === "quiet" ? [] : [alarm.sentence];
}

function ringingOf(alarm: Alarm, nowS: number, tongue: Tongue): string {
  const { say, formats } = tongue;
  const { value, standardError, threshold, direction, unit } = alarm;
  const sinceS = alarm.sinceS ?? nowS;
  const values = {
    level: leveled(threshold, unit, tongue),
    clear: leveled(alarm.clear, unit, tongue),
    time: formats.clock(sinceS, nowS),
    span: formats.span(Math.max(0, nowS - sinceS)),
  };
  const beyond = value === null ? 0 : signOf(direction) * (value - threshold);
  if (beyond >= 0) return say(direction, values);
  if (beyond >= -HIDDEN * (standardError ?? 0)) return say("mayBe", values);
  return say(direction === "above" ? "notDown" : "notUp", values);
}

function rateOf(alarm: Alarm, tongue: Tongue): readonly string[] {
  const { reaches, unit } = alarm;
  if (reaches === null || reaches.inS > FARTHEST_S) return [];
  const span = tongue.formats.span(Math.max(60, reaches.inS));
  return [tongue.say("atThisRate", { level: leveled(reaches.level, unit, tongue), span }).replace("..", ".")]; // "4 Min." ends with a stop of its own
}

function seenOf(alarm: Alarm, unseen: string, nowS: number, tongue: Tongue): string {
  const reason = reasonOf(unseen, tongue);
  if (alarm.atS === null) return tongue.say("unknownBecause", { reason });
  return tongue.say("lastSeen", { time: tongue.formats.clock(alarm.atS, nowS), reason });
}

function shortageOf(alarm: Alarm, tongue: Tongue): readonly string[] {
  const { say } = tongue;
  const { threshold, clear, unit, quantity } = alarm;
  const noisy = say("noisy", { threshold: plain(threshold, tongue), clear: leveled(clear, unit, tongue) });
  return [noisy, ...remedy(tooNoisy(alarm.standardError ?? 0, threshold, clear), quantity, tongue)];
}

/** What would let a rule tell whose noise is so many times too large. */
export function remedy(times: number, quantity: string, { say, formats }: Tongue): readonly string[] {
  if (times <= 1) return [];
  const values = { times: formats.number(Math.ceil(times * 10) / 10, 1), budget: formats.number(Math.ceil(times ** 2 * 10) / 10, 1) };
  return [say(quantity === "density" ? "largerZone" : "largerBudget", values)];
}

export function signOf(direction: Direction): 1 | -1 {
  return direction === "above" ? 1 : -1;
}

/** What the page says of numbers, levels, alarms and reasons. Pure but for the reader's language. */

import type { Values } from "../../core/language.ts";
import type { Formats } from "../../core/numbers.ts";
import { type Level, levelOf, levelsOf } from "../../core/service.ts";
import type { Place, Sight, Totals } from "./network.ts";
import type { AlarmWire } from "./wire.ts";
import type { Key } from "./words.ts";

export type Say = (key: Key, values?: Values) => string;

/** The hub's reasons that the page can say in the reader's language; others are shown as they come. */
const REASONS: readonly (readonly [string, Key])[] = [
  ["the picture is dark", "rDark"],
  ["the camera is too dark", "rTooDark"],
  ["the camera is blinded", "rBlinded"],
  ["the camera is covered", "rCovered"],
  ["the camera was moved or covered", "rMoved"],
  ["the picture is frozen", "rFrozen"],
  ["the picture is out of focus", "rDefocused"],
  ["the camera loses most of its frames", "rLossy"],
  ["the camera sends no pictures", "rSilent"],
  ["no numbers have come yet", "rNoNumbers"],
  ["no new numbers have come", "rNoNew"],
];

export function reasonText(reason: string, say: Say): string {
  const known = REASONS.find(([begin]) => reason.startsWith(begin));
  return known === undefined ? reason : say(known[1]);
}

/** The level of a zone, and those it may be of where that is not sure: "C", "B to D". */
export function levelText({ density, densitySe }: Place, say: Say): { readonly level: Level; readonly text: string } {
  const level = levelOf(density);
  const [best, worst] = levelsOf(density, densitySe);
  return { level, text: best === worst ? level : say("range", { best, worst }) };
}

interface Flow {
  readonly inPerMin: number;
  readonly outPerMin: number;
  readonly rateSe: number;
}

/** Inwards and outwards a minute, each with its margin; "inOut" where it is said beside that this is a minute. */
export function flowText(flow: Flow, formats: Formats, say: Say, key: "inMotion" | "inOut" = "inMotion"): string {
  return say(key, { in: formats.measured(flow.inPerMin, flow.rateSe), out: formats.measured(flow.outPerMin, flow.rateSe) });
}

const LEFT_OUT: readonly (readonly [Key, keyof Totals["missing"]])[] = [
  ["mUnknown", "unknown"],
  ["mStopped", "stopped"],
  ["mStarting", "starting"],
  ["mPartly", "partly"],
];

/** Which cameras a sum leaves out, and why; empty where it leaves out none. */
export function missingText({ missing }: Totals, locale: string, say: Say): string {
  const told = LEFT_OUT.filter(([, why]) => missing[why] > 0).map(([key, why]) => say(key, { count: missing[why] }));
  return told.length === 0 ? "" : say("leavesOut", { list: new Intl.ListFormat(locale).format(told) });
}

/** Why a camera has no number now, with since when. */
export function sightText(sight: Exclude<Sight, "known">, reason: string, since: string, say: Say): string {
  if (sight === "starting") return say("starting");
  if (sight === "stopped") return say("noNewSince", { time: since });
  return [reasonText(reason, say), say("since", { time: since })].filter((part) => part !== "").join(", ");
}

/** What an alarm watches, what was judged last, and where it rings. */
export function alarmText(alarm: AlarmWire, formats: Formats, say: Say): string {
  const [name, unit] = quantityOf(alarm.quantity);
  const { value, standard_error: error } = alarm;
  const number = value === null || error === null ? "" : formats.measured(value, error);
  const rings = say(alarm.direction, { threshold: shortest(alarm.threshold, formats) });
  return `${say(name)}${number === "" ? "" : ` ${unit === null ? number : say(unit, { value: number })}`}, ${rings}`;
}

/** The name of a quantity, and its unit where its name does not say it. */
function quantityOf(quantity: string): readonly [Key, Key | null] {
  if (quantity === "density") return ["qDensity", "uDensity"];
  if (quantity === "specific_flow") return ["qFlow", "uFlow"];
  if (quantity.includes("speed")) return ["qSpeed", "uSpeed"];
  if (quantity.includes("dwell") || quantity === "wait") return ["qStay", "uTime"];
  const ways: readonly (readonly [string, Key])[] = [["in", "qIn"], ["out", "qOut"], ["entries", "qEntries"], ["exits", "qExits"]];
  return [ways.find(([way]) => quantity.split("_")[0] === way)?.[1] ?? "qPeople", null];
}

/** A level that somebody typed, with no more digits than he gave it, and two at most. */
function shortest(value: number, formats: Formats): string {
  const digits = [0, 1].find((each) => Math.abs(value - Number(value.toFixed(each))) < 1e-9) ?? 2;
  return formats.number(value, digits);
}

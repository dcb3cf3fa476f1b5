/** The form of an alarm: what was typed, what is wrong with it, and what is sent. Pure. */

import { type Direction, type Severity } from "./model.ts";

/** A place, and what is released of it. */
export interface Measured {
  readonly camera: string;
  readonly place: string;
  readonly kind: string;
  readonly quantities: readonly string[];
}

/** A rule as the hub keeps it, with all that a preset stands for worked in. */
export interface Rule {
  readonly name: string;
  readonly camera: string;
  readonly place: string;
  readonly quantity: string;
  readonly direction: Direction;
  readonly level: number;
  readonly clear: number;
  readonly forS: number;
  /** 0 where it does not ring ahead of time. */
  readonly withinS: number;
  readonly severity: Severity;
  readonly version: number;
  /** Of the site file, and changed there alone. */
  readonly ofFile: boolean;
  /** Why it has nothing to watch at present; empty where it has. */
  readonly problem: string;
}

/** Numbers as they are typed. */
export interface Draft {
  readonly name: string;
  readonly camera: string;
  readonly place: string;
  readonly quantity: string;
  readonly direction: Direction;
  readonly level: string;
  readonly clear: string;
  readonly forMinutes: string;
  readonly withinMinutes: string;
  readonly severity: Severity;
  /** Of the rule that is changed; 0 for a new one. */
  readonly version: number;
}

export type Mistake =
  | "nameMissing" | "nameWrong" | "nameTaken" | "placeMissing" | "measureMissing"
  | "levelWrong" | "clearWrong" | "clearAbove" | "clearBelow" | "minutesWrong";
export type Mistakes = Readonly<Partial<Record<"name" | "place" | "quantity" | "level" | "clear" | "forMinutes" | "withinMinutes", Mistake>>>;

interface Levels {
  readonly quantity: string;
  readonly level: number;
  readonly clear: number;
  readonly severity: Severity;
}

/** The levels of docs/alarms.md, by the name that a site file gives them. */
export const PRESETS: Readonly<Record<string, Levels>> = {
  "standing-crowd": { quantity: "density", level: 5, clear: 3, severity: "danger" },
  "moving-crowd": { quantity: "density", level: 4, clear: 2, severity: "danger" },
  "queue": { quantity: "wait", level: 600, clear: 300, severity: "warning" },
};

const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._-]*[\p{L}\p{M}\p{N}._-])?$/u;
const LONGEST_NAME = 64;
const HIGHEST = 1e6;
const USUAL_FOR_S = 120;

export const BLANK: Draft = {
  name: "", camera: "", place: "", quantity: "density", direction: "above", level: "5", clear: "3", forMinutes: "2", withinMinutes: "",
  severity: "danger", version: 0,
};

/** A number that somebody typed, with a comma or a point; null where it is none. */
export function typed(text: string): number | null {
  const plain = text.trim().replace(",", ".");
  return /^\d+(\.\d*)?$|^\.\d+$/.test(plain) ? Number(plain) : null;
}

export function mistakesOf(draft: Draft, places: readonly Measured[], taken: ReadonlySet<string>): Mistakes {
  const [level, clear] = [typed(draft.level), typed(draft.clear)];
  const place = placeOf(draft, places);
  const minutes = (text: string): boolean => secondsOf(text) !== null;
  const found: { -readonly [Field in keyof Mistakes]: Mistake | false } = {
    name: nameMistake(draft, taken),
    place: place === undefined && "placeMissing",
    quantity: place !== undefined && !place.quantities.includes(draft.quantity) && "measureMissing",
    level: (level === null || level <= 0 || level > HIGHEST) && "levelWrong",
    clear: clear === null || clear > HIGHEST ? "clearWrong" : level !== null && sideMistake(draft.direction, level, clear),
    forMinutes: !minutes(draft.forMinutes) && "minutesWrong",
    withinMinutes: draft.withinMinutes.trim() !== "" && !minutes(draft.withinMinutes) && "minutesWrong",
  };
  return Object.fromEntries(Object.entries(found).filter(([, mistake]) => mistake !== false));
}

/** The level where an alarm is over lies on the other side of the one where it rings. */
function sideMistake(direction: Direction, level: number, clear: number): Mistake | false {
  if (direction === "above") return clear >= level && "clearBelow";
  return clear <= level && "clearAbove";
}

function nameMistake({ name, version }: Draft, taken: ReadonlySet<string>): Mistake | false {
  const plain = nameOf(name);
  if (plain === "") return "nameMissing";
  if (!isName(plain)) return "nameWrong";
  return version === 0 && taken.has(plain) && "nameTaken";
}

/** Whether the hub takes a text for a name. */
export function isName(text: string): boolean {
  return text.length <= LONGEST_NAME && NAME.test(text);
}

/** A name as the hub keeps it: the same letters are the same name however they were typed. */
export function nameOf(name: string): string {
  return name.trim().normalize("NFC");
}

export function placeOf(draft: Pick<Draft, "camera" | "place">, places: readonly Measured[]): Measured | undefined {
  return places.find((each) => each.camera === draft.camera && each.place === draft.place);
}

/** Whole seconds of typed minutes, from a minute to an hour; null where it is none of these. */
function secondsOf(minutes: string): number | null {
  const value = typed(minutes);
  return value === null || value < 1 || value > 60 ? null : Math.round(value * 60);
}

/** What is sent of a draft without mistakes: a rule as the site file's `[[alarm]]` table has it. */
export function tableOf(draft: Draft): Readonly<Record<string, string | number>> {
  const within = secondsOf(draft.withinMinutes);
  return {
    name: nameOf(draft.name), camera: draft.camera, place: draft.place, quantity: draft.quantity,
    [draft.direction]: typed(draft.level) ?? 0, clear: typed(draft.clear) ?? 0,
    for_s: secondsOf(draft.forMinutes) ?? USUAL_FOR_S, ...(within === null ? {} : { within_s: within }), severity: draft.severity,
  };
}

type Told = Readonly<Record<string, unknown>>;

/** A rule as the hub tells it: the keys of the site file's table, of which a preset may stand for some. */
export function ruleOf(wire: unknown): Rule {
  const told = wire as Told;
  const preset = typeof told["preset"] === "string" ? PRESETS[told["preset"]] : undefined;
  const direction = typeof told["below"] === "number" ? "below" : "above";
  const own = told[direction];
  const level = typeof own === "number" ? own : (preset?.level ?? 0);
  const usual = direction === "below" ? 2 * level : level / 2;
  const text = (key: string, other: string): string => (typeof told[key] === "string" ? (told[key] as string) : other);
  const number = (key: string, other: number): number => (typeof told[key] === "number" ? (told[key] as number) : other);
  return {
    name: text("name", ""), camera: text("camera", ""), place: text("place", ""), quantity: text("quantity", preset?.quantity ?? ""), direction, level,
    clear: number("clear", preset !== undefined && typeof own !== "number" ? preset.clear : usual),
    forS: number("for_s", USUAL_FOR_S), withinS: number("within_s", 0), severity: text("severity", preset?.severity ?? "warning") as Severity,
    version: number("version", 0), ofFile: told["of_file"] === true, problem: text("problem", ""),
  };
}

/** A rule to be changed; its numbers as they are typed in a language whose decimal mark is a comma or a point: both are read. */
export function draftOf(rule: Rule): Draft {
  const { name, camera, place, quantity, direction, severity, version } = rule;
  const minutes = (seconds: number): string => String(Math.round((seconds / 60) * 100) / 100);
  return {
    name, camera, place, quantity, direction, severity, version, level: String(rule.level), clear: String(rule.clear),
    forMinutes: minutes(rule.forS), withinMinutes: rule.withinS === 0 ? "" : minutes(rule.withinS),
  };
}

/** A draft with the levels of a preset. */
export function withPreset(draft: Draft, name: string): Draft {
  const preset = PRESETS[name];
  if (preset === undefined) return draft;
  return { ...draft, quantity: preset.quantity, direction: "above", level: String(preset.level), clear: String(preset.clear), severity: preset.severity };
}

/** The preset whose levels a draft has; empty where it has its own. */
export function presetOf(draft: Draft): string {
  const same = ([, { quantity, level, clear }]: [string, Levels]): boolean =>
    draft.direction === "above" && draft.quantity === quantity && typed(draft.level) === level && typed(draft.clear) === clear;
  return Object.entries(PRESETS).find(same)?.[0] ?? "";
}

/** A draft at another place, with the first preset that can be measured there, or else its first quantity. */
export function atPlace(draft: Draft, place: Measured): Draft {
  const moved = { ...draft, camera: place.camera, place: place.place };
  if (place.quantities.includes(draft.quantity)) return moved;
  const preset = Object.entries(PRESETS).find(([, { quantity }]) => place.quantities.includes(quantity))?.[0];
  return preset === undefined ? { ...moved, quantity: place.quantities[0] ?? "", level: "", clear: "", severity: "warning" } : withPreset(moved, preset);
}

/** A name for the alarm of a place that no alarm has yet. */
export function suggested({ camera, place }: Pick<Draft, "camera" | "place">, taken: ReadonlySet<string>): string {
  if (camera === "") return "";
  const plain = `${camera} ${place}`.replace(/[^\p{L}\p{M}\p{N} ._-]/gu, "").slice(0, LONGEST_NAME - 4).trim();
  for (let count = 1; ; count++) {
    const name = count === 1 ? plain : `${plain} ${count}`;
    if (!taken.has(name)) return name;
  }
}

/** The places whose names hold all words of a search. */
export function foundOf(places: readonly Measured[], search: string): readonly Measured[] {
  const words = search.toLocaleLowerCase().split(/\s+/).filter((word) => word !== "");
  return places.filter(({ camera, place }) => {
    const text = `${camera} ${place}`.toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** In what two rules differ. */
export function differencesOf(mine: Draft, theirs: Draft): readonly (keyof Draft)[] {
  return (Object.keys(theirs) as (keyof Draft)[]).filter((key) => key !== "version" && mine[key] !== theirs[key]);
}

import assert from "node:assert/strict";
import { test } from "vitest";
import { type Draft, type Measured, BLANK, PRESETS, atPlace, differencesOf, draftOf, foundOf, isName, mistakesOf, presetOf, ruleOf, suggested, tableOf, typed, withPreset } from "../src/pages/alarms/draft.ts";
import { type Entry, byDay, csvOf, entriesOf, filtered, spanOf, toldBy } from "../src/pages/alarms/history.ts";
import { type OutletDraft, NEW_OUTLET, outletBodyOf, outletDraftOf, outletMistakesOf, outletsOf } from "../src/pages/alarms/outlet_draft.ts";
import { type Point, columnsOf, pointsOf, topOf, trialOf, worstError } from "../src/pages/alarms/trial.ts";

const HALL: Measured = { camera: "Überführung 北", place: "hall", kind: "zone", quantities: ["occupancy", "wait", "density"] };
const DOOR: Measured = { camera: "south", place: "door", kind: "line", quantities: ["in", "out"] };
const GOOD: Draft = { ...atPlace(BLANK, HALL), name: "crush" };

test("numbers are read with a comma or a point, and nothing else is taken for one", () => {
  assert.deepEqual(["4.5", " 4,5 ", "5", ".5", "0"].map(typed), [4.5, 4.5, 5, 0.5, 0]);
  assert.deepEqual(["", "-1", "1e9", "4,5,6", "five", "4 5", "Infinity"].map(typed), [null, null, null, null, null, null, null]);
});

test("a form says what is wrong in each field, and a right one nothing", () => {
  const wrong = (change: Partial<Draft>): object => mistakesOf({ ...GOOD, ...change }, [HALL, DOOR], new Set(["taken"]));
  assert.deepEqual(wrong({}), {});
  assert.deepEqual(wrong({ name: " " }), { name: "nameMissing" });
  assert.deepEqual(wrong({ name: "🚪" }), { name: "nameWrong" });
  assert.deepEqual(wrong({ name: "taken" }), { name: "nameTaken" });
  assert.deepEqual(wrong({ name: "taken", version: 3 }), {});
  assert.deepEqual(wrong({ camera: "south" }), { place: "placeMissing" });
  assert.deepEqual(wrong({ quantity: "in" }), { quantity: "measureMissing" });
  assert.deepEqual(wrong({ level: "0" }), { level: "levelWrong", clear: "clearBelow" });
  assert.deepEqual(wrong({ clear: "" }), { clear: "clearWrong" });
  assert.deepEqual(wrong({ clear: "5" }), { clear: "clearBelow" });
  assert.deepEqual(wrong({ direction: "below" }), { clear: "clearAbove" });
  assert.deepEqual(wrong({ direction: "below", clear: "6" }), {});
  assert.deepEqual(wrong({ forMinutes: "0.5", withinMinutes: "61" }), { forMinutes: "minutesWrong", withinMinutes: "minutesWrong" });
});

test("a rule that is read, changed in nothing and sent says the same again", () => {
  const rules = [
    { name: "a", camera: "c", place: "p", quantity: "density", above: 4.5, below: null, clear: 2, for_s: 180, within_s: 300, severity: "warning", version: 3, of_file: false, problem: "" },
    { name: "b", camera: "c", place: "p", quantity: "speed_now", above: null, below: 0.3, clear: 0.6, for_s: 60, within_s: null, severity: "danger", version: 1, of_file: true, problem: "there is no camera" },
    { name: "c", camera: "c", place: "p", quantity: "wait", above: 100, below: null, clear: 10, for_s: 100, within_s: null, severity: "notice", version: 1, of_file: false, problem: "" },
  ];
  for (const rule of rules) {
    const { version, of_file, problem, ...table } = rule;
    assert.deepEqual(tableOf(draftOf(ruleOf(rule))), Object.fromEntries(Object.entries(table).filter(([, value]) => value !== null)));
    assert.deepEqual([ruleOf(rule).version, ruleOf(rule).ofFile, ruleOf(rule).problem], [version, of_file, problem]);
  }
});

test("a rule of the site file may leave all to its preset or to the defaults, as docs/site-file.md says", () => {
  const { quantity, level, clear, severity, forS } = ruleOf({ name: "a", camera: "c", place: "p", preset: "moving-crowd" });
  assert.deepEqual([quantity, level, clear, severity, forS], ["density", 4, 2, "danger", 120]);
  assert.equal(ruleOf({ preset: "moving-crowd", above: 3 }).clear, 1.5);
  assert.equal(ruleOf({ quantity: "speed_now", below: 0.3 }).clear, 0.6);
});

test("a preset is recognised by its levels, and not once one is changed", () => {
  for (const name of Object.keys(PRESETS)) {
    assert.equal(presetOf(withPreset(GOOD, name)), name);
    assert.equal(presetOf({ ...withPreset(GOOD, name), clear: "1" }), "");
    assert.equal(presetOf({ ...withPreset(GOOD, name), direction: "below" }), "");
  }
});

test("moved to a place where it is not measured, a rule watches what is", () => {
  assert.equal(atPlace(BLANK, HALL).quantity, "density");
  assert.deepEqual([atPlace(BLANK, DOOR).quantity, atPlace(BLANK, DOOR).level], ["in", ""]);
  assert.equal(atPlace(BLANK, { ...HALL, quantities: ["occupancy", "wait"] }).level, "600");
});

test("a suggested name is one that the hub takes and that nobody has, whatever the camera is called", () => {
  for (const camera of ["north", "Überführung 北", "c".repeat(80), "🚪 gate", "a/b?c"]) {
    const taken = new Set<string>();
    for (let count = 0; count < 12; count++) {
      const name = suggested({ camera, place: "hall" }, taken);
      assert.ok(isName(name) && !taken.has(name), name);
      taken.add(name);
    }
  }
});

test("a search finds the places that have all its words", () => {
  assert.deepEqual(foundOf([HALL, DOOR], "ÜBER ha"), [HALL]);
  assert.deepEqual(foundOf([HALL, DOOR], ""), [HALL, DOOR]);
  assert.deepEqual(foundOf([HALL, DOOR], "hall south"), []);
});

test("two rules differ in what they differ in, and never in their version", () => {
  assert.deepEqual(differencesOf(GOOD, { ...GOOD, version: 9 }), []);
  assert.deepEqual(differencesOf(GOOD, { ...GOOD, level: "6", severity: "notice" }), ["level", "severity"]);
});

test("each column of the drawing holds just the points that lie in it", () => {
  const points: Point[] = Array.from({ length: 997 }, (_, i) => ({ timeS: i * 10, value: i % 50 < 5 ? null : 3 + 2 * Math.sin(i * 1.7), error: 0.1 + (i % 7) / 10 }));
  const [startS, endS, count] = [200, 9000, 83];
  const columns = columnsOf(points, startS, endS, count);
  assert.equal(columns.length, count);
  columns.forEach((column, at) => {
    const within = points.filter(({ timeS, value }) => value !== null && timeS >= startS && timeS < endS && Math.floor(((timeS - startS) / (endS - startS)) * count) === at);
    if (within.length === 0) assert.equal(column, null);
    else {
      assert.equal(column?.least, Math.min(...within.map(({ value }) => value ?? NaN)));
      assert.equal(column?.most, Math.max(...within.map(({ value }) => value ?? NaN)));
      assert.equal(column?.lower, Math.min(...within.map(({ value, error }) => (value ?? NaN) - 2 * error)));
      assert.equal(column?.upper, Math.max(...within.map(({ value, error }) => (value ?? NaN) + 2 * error)));
    }
  });
  assert.ok(topOf(columns, [5, 3]) > Math.max(...columns.map((column) => column?.upper ?? 0)));
  assert.ok(topOf([null], [5, 3]) > 5);
  assert.ok(topOf([], []) > 0);
  assert.equal(worstError(points), Math.max(...points.filter(({ value }) => value !== null).map(({ error }) => error)));
  assert.equal(worstError([{ timeS: 0, value: null, error: 9 }]), 0);
});

test("a trial and a series are read as they come", () => {
  const trial = trialOf({ rings: [{ start: "1970-01-01T00:01:00Z", end: null, worst: 5, worst_se: 0.1 }], known_share: 0.9, cannot_tell_share: 0.1, ticks: 7 });
  assert.deepEqual(trial, { rings: [{ startS: 60, endS: null, worst: 5, worstError: 0.1 }], known: 0.9, cannotTell: 0.1, ticks: 7 });
  assert.deepEqual(pointsOf({ rows: [{ time: "1970-01-01T00:01:00Z", value: null, standard_error: null }] }), [{ timeS: 60, value: null, error: 0 }]);
});

function entry(change: Partial<Entry> = {}): Entry {
  return { name: "crush", severity: "danger", event: "rang", atS: 1_800_000_000, by: "", note: "", sentence: "", ...change };
}

test("the days of the history hold every entry once, in its order", () => {
  const entries = Array.from({ length: 40 }, (_, i) => entry({ atS: 1_800_000_000 - i * 9000, name: String(i) }));
  const days = byDay(entries, (timeS) => new Date(timeS * 1000).toISOString().slice(0, 10));
  assert.deepEqual(days.flatMap(([, of]) => of), entries);
  assert.equal(new Set(days.map(([day]) => day)).size, days.length);
  for (const [day, of] of days) for (const { atS } of of) assert.equal(new Date(atS * 1000).toISOString().slice(0, 10), day);
});

test("a filter keeps what it names, and an empty one all", () => {
  const entries = [entry(), entry({ name: "stairs" }), entry({ severity: "notice" })];
  assert.deepEqual(filtered(entries, "", ""), entries);
  assert.deepEqual(filtered(entries, "crush", "danger"), [entries[0]]);
});

test("a span of days ends with its last day, also where the clocks change in it", () => {
  const local = (text: string): number => new Date(text).getTime() / 1000;
  assert.deepEqual(spanOf("2026-10-24", "2026-10-25", 0), [local("2026-10-24T00:00"), local("2026-10-26T00:00")]);
  for (const [from, to] of [["", ""], ["2027-13-01", "x"], ["2030-01-01", "2026-01-01"], ["2026-02-31", ""]] as const) {
    const [startS, endS] = spanOf(from, to, 1_800_000_000);
    assert.ok(startS < endS);
  }
});

test("the number of then is read from the sentences that the hub writes", () => {
  assert.deepEqual(toldBy("north, hall: 5.4 people/m2 (between 5.2 and 5.6), above 5 for 2 minutes"), { value: 5.4, low: 5.2, high: 5.6, digits: 1, unit: "people/m2" });
  assert.deepEqual(toldBy("a: b, c: 12 people/(m s) (between 0 and 30)"), { value: 12, low: 0, high: 30, digits: 0, unit: "people/(m s)" });
  assert.deepEqual(toldBy("north, hall: last seen at 12:05 UTC with 5.40 people/m2 (between 5.38 and 5.42), above 5 for 2 minutes; the camera is too dark")?.value, 5.4);
  assert.equal(toldBy("north, hall: unknown, no numbers have come yet"), null);
});

test("a spreadsheet reads back what was written, and runs nothing", () => {
  const nasty = ["=1+1", "+1", "-2", "@x", "\tx", 'he said "no", twice', "two\r\nlines", "北京, بوابة", ""];
  const entries = nasty.map((note) => entry({ note }));
  const rows = csvRead(csvOf(entries));
  assert.deepEqual(rows[0], ["time", "alarm", "severity", "event", "by", "note", "sentence"]);
  assert.deepEqual(rows.slice(1).map((row) => row[5]), nasty.map((note) => (/^[=+\-@\t]/.test(note) ? `'${note}` : note)));
  assert.ok(rows.every((row) => row.length === 7));
});

/** Comma-separated values as RFC 4180 has them. */
function csvRead(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    if (quoted === undefined && plain === "" && end === "") break;
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "\r\n") rows.push([]);
  }
  return rows.filter((row) => row.length > 0);
}

test("what happened is read as it comes", () => {
  const wire = { name: "crush", severity: "danger", site: "s", camera: "c", place: "p", event: "rang", at: "2027-01-15T08:00:00Z", by: null, note: null, sentence: "" };
  assert.deepEqual(entriesOf([wire]), [entry()]);
});

const HOOK: OutletDraft = { ...NEW_OUTLET, name: "ops", url: "https://example.org/x", secret: "0123456789abcdef" };
const MAIL: OutletDraft = { ...NEW_OUTLET, name: "desk", kind: "email", host: "mail.example.org", from: "hub@example.org", to: "a@example.org; b@example.org" };

test("an outlet says what is wrong with it; a secret may be left out of one that has it", () => {
  assert.deepEqual(outletMistakesOf(HOOK), {});
  assert.deepEqual(outletMistakesOf(MAIL), {});
  assert.deepEqual(outletMistakesOf({ ...HOOK, url: "", secret: "short", severities: [] }), { url: "urlWrong", secret: "secretShort", severities: "severityMissing" });
  assert.deepEqual(outletMistakesOf({ ...HOOK, url: "", secret: "", version: 2 }), {});
  assert.deepEqual(outletMistakesOf({ ...HOOK, url: "ftp://x", version: 2 }), { url: "urlWrong" });
  assert.deepEqual(outletMistakesOf({ ...MAIL, host: "", port: "0", from: "x", to: "a@b, c" }), { host: "hostMissing", port: "portWrong", from: "fromWrong", to: "toWrong" });
});

test("an outlet is sent with what its kind has and no secret that was not typed", () => {
  assert.deepEqual(outletBodyOf({ ...HOOK, host: "left over", to: "left over" }), { version: 0, kind: "webhook", severities: ["danger", "warning"], sites: [], url: HOOK.url, secret: HOOK.secret });
  assert.deepEqual(Object.keys(outletBodyOf({ ...HOOK, url: "", secret: "", version: 2 })).sort(), ["kind", "severities", "sites", "version"]);
  assert.deepEqual(outletBodyOf(MAIL)["to"], ["a@example.org", "b@example.org"]);
  assert.deepEqual(outletBodyOf({ ...MAIL, kind: "mqtt", port: "8883" }), { version: 0, kind: "mqtt", severities: ["danger", "warning"], sites: [], host: "mail.example.org", port: 8883 });
});

test("an outlet that is changed begins with what is known of it, which is no secret", () => {
  const [outlet] = outletsOf([{
    name: "desk", kind: "email", severities: ["danger"], sites: ["S"], host: "h", port: 465, encryption: "tls", user: "u", from: "a@b", to: ["c@d", "e@f"],
    has_secret: true, has_authority: true, version: 4, waiting: 0, sent: null, failed: "1970-01-01T00:01:00Z", failure: "it does not answer",
  }]);
  assert.ok(outlet !== undefined);
  assert.deepEqual([outlet.failedS, outlet.sentS, outlet.hasAuthority], [60, null, true]);
  const draft = outletDraftOf(outlet);
  assert.deepEqual(outletBodyOf(draft), {
    version: 4, kind: "email", severities: ["danger"], sites: ["S"], host: "h", port: 465, user: "u", encryption: "tls", from: "a@b", to: ["c@d", "e@f"],
  });
  assert.deepEqual(outletMistakesOf(draft), {});
});

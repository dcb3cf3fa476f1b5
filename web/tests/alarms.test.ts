import assert from "node:assert/strict";
import { test } from "vitest";
import { type Language, LANGUAGES, speaker } from "../src/core/language.ts";
import { formatsOf } from "../src/core/numbers.ts";
import { type Alarm, alarmsOf, merged } from "../src/pages/alarms/model.ts";
import { OUTLET_WORDS } from "../src/pages/alarms/outlet_words.ts";
import { Told, groupsOf, isLost } from "../src/pages/alarms/ringing.ts";
import { RULE_WORDS } from "../src/pages/alarms/rule_words.ts";
import { type Tongue, isolated, leveled, measureOf, numberOf, reasonOf, sentencesOf, serviceOf, tooNoisy } from "../src/pages/alarms/telling.ts";
import { WORDS } from "../src/pages/alarms/words.ts";

const NOW_S = 1_800_000_000;

function tongueOf(language: Language): Tongue {
  return { say: speaker(WORDS, language), formats: formatsOf(language === "en" ? "en-GB" : language, "Europe/Amsterdam") };
}

const ENGLISH = tongueOf("en");

function alarm(change: Partial<Alarm> = {}): Alarm {
  return {
    name: "crush", camera: "north", place: "hall", quantity: "density", unit: "people/m2", direction: "above", threshold: 5, clear: 3, severity: "danger",
    state: "ringing", sinceS: NOW_S - 600, atS: NOW_S - 30, value: 5.4, standardError: 0.1, unseen: "", sentence: "the hub's own", reaches: null,
    acknowledged: null, handedTo: null, ...change,
  };
}

const ACKNOWLEDGED = { by: "ada", atS: NOW_S - 60, note: "" };

test("every phrase of every language has the values that the English one has, and both numbers where that has them", () => {
  const holes = (text: string): string => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort().join();
  for (const words of [WORDS, RULE_WORDS, OUTLET_WORDS] as unknown as Record<Language, Record<string, string | { one: string; other: string }>>[]) {
    for (const [key, english] of Object.entries(words.en)) {
      for (const language of LANGUAGES) {
        const phrase = words[language][key];
        assert.ok(phrase !== undefined && phrase !== "", `${language} ${key}`);
        assert.equal(typeof phrase, typeof english, `${language} ${key}`);
        const texts = typeof phrase === "string" ? [phrase] : [phrase.one, phrase.other];
        for (const text of texts) assert.equal(holes(text), holes(typeof english === "string" ? english : english.other), `${language} ${key}`);
      }
    }
  }
});

test("whatever an alarm's state is, it is told in the reader's language alone, with no hole left", () => {
  const states = ["quiet", "pending", "ringing", "cannot tell", "unknown"] as const;
  for (const language of LANGUAGES) {
    const tongue = tongueOf(language);
    for (const state of states) {
      for (const direction of ["above", "below"] as const) {
        for (const value of [null, 2, 3.5, 4.9, 5.5]) {
          for (const unseen of ["", "the camera is too dark", "a reason of a newer hub"]) {
            for (const reaches of [null, { level: 7, inS: 240 }]) {
              const one = alarm({ state, direction, value, standardError: value === null ? null : 0.1, unseen, reaches });
              const text = [numberOf(one, tongue), ...sentencesOf(one, NOW_S, false, tongue)].join(" ");
              assert.ok(!/[{}]|undefined|NaN|the hub's own/.test(text), text);
              assert.ok(!text.includes("..") && !text.includes("the camera is too dark") || language === "en", text);
              if (unseen !== "" && state !== "quiet") assert.ok(text.includes(reasonOf(unseen, tongue)), text);
            }
          }
        }
      }
    }
  }
});

test("what rings says how far it is beyond its levels, since when, and where it leads", () => {
  const say = (change: Partial<Alarm>): string => sentencesOf(alarm(change), NOW_S, false, ENGLISH).join(" ");
  assert.equal(say({}), "Above 5 people/m² since 08:50 (10 mins).");
  assert.equal(say({ value: 4.8 }), "5 people/m² cannot be ruled out, since 08:50 (10 mins).");
  assert.equal(say({ value: 4.6 }), "Not down to 3 people/m², where it is over. Rings since 08:50 (10 mins).");
  assert.equal(say({ direction: "below", threshold: 0.3, clear: 0.6, value: 0.2, unit: "m/s" }), "Below 0.3 m/s since 08:50 (10 mins).");
  assert.match(say({ reaches: { level: 7, inS: 240 } }), /At this rate 7 people\/m² in 4 mins\.$/);
  assert.doesNotMatch(say({ reaches: { level: 7, inS: 3700 } }), /rate/);
  assert.equal(say({ unseen: "the camera is too dark", reaches: { level: 7, inS: 240 } }), "Above 5 people/m² since 08:50 (10 mins). Last seen 08:59: the camera is too dark.");
});

test("a number is shown with its margin and never below zero, and what is unknown has none", () => {
  assert.equal(numberOf(alarm(), ENGLISH), "5.4 ± 0.2 people/m²");
  assert.equal(numberOf(alarm({ value: -0.3 }), ENGLISH), "0.0 ± 0.2 people/m²");
  assert.equal(numberOf(alarm({ state: "unknown" }), ENGLISH), "");
  assert.equal(numberOf(alarm({ value: null }), ENGLISH), "");
  assert.deepEqual(serviceOf(alarm({ value: 0.5 })), ["A", "C"]);
  assert.equal(serviceOf(alarm({ state: "unknown" })), null);
  assert.equal(serviceOf(alarm({ quantity: "wait" })), null);
});

test("an alarm that cannot tell says what would let it: with so much more, the noise is just small enough", () => {
  for (const error of [0.26, 0.5, 0.9, 3]) {
    const times = tooNoisy(error, 5, 3);
    assert.ok(Math.abs(tooNoisy(error / times, 5, 3) - 1) < 1e-9); // an area so many times as large divides the error of a density by it
    const text = sentencesOf(alarm({ state: "cannot tell", standardError: error }), NOW_S, false, ENGLISH).join(" ");
    const [zone, budget] = [...text.matchAll(/([\d.]+) times/g)].map(([, number]) => Number(number));
    assert.ok(zone !== undefined && zone >= times && zone < times + 0.11, text);
    assert.ok(budget !== undefined && budget >= times ** 2 && budget < times ** 2 + 0.11, text);
  }
  assert.doesNotMatch(sentencesOf(alarm({ state: "cannot tell", quantity: "wait", unit: "s", standardError: 0.9 }), NOW_S, false, ENGLISH).join(" "), /zone/);
});

test("a state and a quantity that the page does not know are told as the hub tells them", () => {
  assert.deepEqual(sentencesOf(alarm({ state: "asleep" }), NOW_S, false, ENGLISH), ["the hub's own"]);
  assert.equal(measureOf("pressure", ENGLISH), "pressure");
  assert.equal(leveled(4.25, "people/m2", ENGLISH), "4.25 people/m²");
  assert.equal(leveled(600, "s", ENGLISH), "600 s");
});

test("a ring is told once, and anew only once it was over; one that is acknowledged is not told", () => {
  const told = new Told();
  const names = (alarms: readonly Alarm[]): string[] => told.news(alarms).map(({ name }) => name);
  const [first, second] = [alarm(), alarm({ name: "stairs", severity: "warning" })];
  assert.deepEqual(names([first, alarm({ name: "seen", acknowledged: ACKNOWLEDGED })]), ["crush"]);
  assert.deepEqual(names([first, alarm({ name: "seen" })]), []);
  assert.deepEqual(names([second, first]), ["stairs"]);
  assert.deepEqual(names([alarm({ state: "quiet", sinceS: NOW_S }), second]), []);
  assert.deepEqual(names([alarm({ sinceS: NOW_S + 60 }), second]), ["crush"]);
});

test("what rings stands in front, and every alarm stands in one group", () => {
  const alarms = [
    alarm({ name: "old", sinceS: NOW_S - 900 }), alarm({ name: "mild", severity: "notice" }), alarm({ name: "taken", acknowledged: ACKNOWLEDGED }), alarm({ name: "new" }),
    alarm({ name: "soon", state: "pending" }), alarm({ name: "dim", state: "cannot tell" }), alarm({ name: "calm", state: "quiet" }), alarm({ name: "gone", state: "unknown", unseen: "dark" }),
    alarm({ name: "stale", state: "quiet", atS: NOW_S - 126 }), alarm({ name: "strange", state: "asleep" }), alarm({ name: "stale ring", atS: NOW_S - 9000, severity: "warning" }),
  ];
  const { ringing, pending, cannotTell, unknown, quiet } = groupsOf(alarms, NOW_S, () => 60);
  assert.deepEqual(ringing.map(({ name }) => name), ["new", "old", "stale ring", "mild", "taken"]);
  assert.deepEqual([pending, cannotTell, quiet].map((group) => group.map(({ name }) => name)), [["soon"], ["dim"], ["calm"]]);
  assert.deepEqual(unknown.map(({ name }) => name), ["gone", "stale", "strange"]);
  assert.equal(isLost(alarm({ atS: NOW_S - 125 }), NOW_S, 60), false);
});

test("an event takes the place of what was known of its alarms, and leaves the others", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => alarm({ name })) as [Alarm, Alarm, Alarm];
  const changed = { ...b, state: "quiet" };
  assert.deepEqual(merged([a, b], [changed, c]), [a, changed, c]);
});

test("the hub's answer is read whole", () => {
  const wire = {
    name: "crush", camera: "北", place: "hall", quantity: "density", unit: "people/m2", direction: "above", threshold: 5, clear: 3, severity: "danger", state: "ringing",
    since: "2027-01-15T07:50:00Z", time: "2027-01-15T07:59:30Z", value: 5.4, standard_error: 0.1, unseen: "", sentence: "the hub's own", of_file: true,
    reaches: { level: 7, in_s: 240 }, acknowledged: { by: "ada", at: "2027-01-15T07:59:00Z", note: "" }, handed_to: { name: "ben", by: "ada", at: "2027-01-15T07:59:00Z" },
  };
  const whole = alarm({ camera: "北", reaches: { level: 7, inS: 240 }, acknowledged: ACKNOWLEDGED, handedTo: { name: "ben", by: "ada", atS: NOW_S - 60 } });
  assert.deepEqual(alarmsOf([wire]), [whole]);
  const bare = alarmsOf([{ ...wire, since: null, time: null, value: null, standard_error: null, reaches: null, acknowledged: null, handed_to: null }])[0];
  assert.deepEqual([bare?.sinceS, bare?.atS, bare?.reaches, bare?.acknowledged, bare?.handedTo], [null, null, null, null, null]);
});

test("a name from right to left turns nothing around it", () => {
  assert.equal(isolated("بوابة"), "\u2068بوابة\u2069");
});

import assert from "node:assert/strict";
import { test } from "vitest";
import { LANGUAGES, speaker } from "../src/core/language.ts";
import { formatsOf } from "../src/core/numbers.ts";
import { Network, totalsOf } from "../src/pages/now/network.ts";
import { alarmText, levelText, missingText, reasonText, sightText } from "../src/pages/now/sentences.ts";
import { COLUMNS, FEW, clicked, found, orderOf, sorted, textOf, windowOf } from "../src/pages/now/table.ts";
import { type Key, words } from "../src/pages/now/words.ts";
import { END_S, alarm, camera, chance, now, tick } from "./now-town.ts";

function town(count: number): Network {
  const random = chance(count);
  const network = new Network();
  network.load(now(Array.from({ length: count }, (_, i) => camera(i === 0 ? "Überführung 北 🚪" : `c${i}`, {
    site: i % 2 === 0 ? "Central" : "Harbour", state: i % 5 === 4 ? "unknown" : "live", now: tick(`c${i}`, { people: 60 * random(), density: 2 * random() }),
  }))));
  return network;
}

test("places are sorted either way, and what is unknown comes last either way", () => {
  const network = town(40);
  for (const by of ["people", "density", "flow"] as const) {
    for (const descending of [true, false]) {
      const places = sorted(network.places, { by, descending }, END_S, "en");
      const values = places.map((place) => (place.camera.state === "unknown" ? Number.NaN : by === "people" ? place.people : by === "density" ? place.density : place.inPerMin));
      const known = values.filter((value) => !Number.isNaN(value));
      assert.deepEqual(values.slice(0, known.length), known, "all that is known comes first");
      assert.deepEqual(new Set(places), new Set(network.places));
      assert.deepEqual(known, known.toSorted((a, b) => (descending ? b - a : a - b)));
    }
  }
});

test("names are sorted as people read them: c9 before c10", () => {
  const names = sorted(town(12).places, { by: "camera", descending: false }, END_S, "en").map((place) => place.camera.name);
  assert.deepEqual([...new Set(names)], [...Array(11).keys()].map((i) => `c${i + 1}`).concat("Überführung 北 🚪"));
});

test("names are found without their accents, capitals and order, and within a site", () => {
  const { places } = town(20);
  assert.deepEqual(found(places, "uberFUHRUNG hall", "").map(({ name }) => name), ["hall"]);
  assert.equal(found(places, "北 🚪", "").length, 2);
  assert.equal(found(places, "door c7", "").length, 1);
  assert.equal(found(places, "nobody", "").length, 0);
  assert.equal(found(places, " ", "Harbour").length, 20);
});

test("an order is read back from the address, and a click turns it round", () => {
  for (const by of COLUMNS) for (const descending of [true, false]) assert.deepEqual(orderOf(textOf({ by, descending })), { by, descending });
  assert.deepEqual(orderOf("nonsense"), orderOf(undefined));
  assert.deepEqual(clicked({ by: "people", descending: true }, "people"), { by: "people", descending: false });
  assert.deepEqual(clicked({ by: "people", descending: true }, "place"), { by: "place", descending: false });
});

test("the rows in the document hold those in view, and are few", () => {
  for (const rows of [0, 1, FEW, FEW + 1, 2000, 40_000]) {
    for (const scrolled of [0, 35, 36, 7000, rows * 36 - 500, rows * 36 + 999]) {
      const [first, last] = windowOf(rows, 36, scrolled, 500);
      assert.ok(first >= 0 && last <= rows && last - first <= Math.max(FEW, 30));
      const inView = [Math.floor(scrolled / 36), Math.min(rows, Math.ceil((scrolled + 500) / 36))] as const;
      if (inView[0] < rows && scrolled >= 0) assert.ok(first <= inView[0] && last >= inView[1], `${rows} ${scrolled}`);
    }
  }
});

test("every language takes the same values in every phrase", () => {
  const valuesOf = (phrase: unknown): string => [...new Set(JSON.stringify(phrase).match(/\{\w+\}/g) ?? [])].sort().join();
  for (const language of LANGUAGES) {
    for (const key of Object.keys(words.en) as Key[]) assert.equal(valuesOf(words[language][key]), valuesOf(words.en[key]), `${language} ${key}`);
  }
});

test("alarms, levels and reasons are said in the reader's language, and a reason that is not known as it comes", () => {
  const say = speaker<Key>(words, "de");
  const formats = formatsOf("de-DE", "UTC");
  assert.equal(alarmText(alarm("x"), formats, say), "Personen 131 ± 9, Alarm ab 120");
  assert.equal(alarmText(alarm("x", { quantity: "density", value: 1.7, standard_error: 0.05, threshold: 1.5 }), formats, say), "Dichte 1,7 ± 0,1 Personen/m², Alarm ab 1,5");
  assert.equal(alarmText(alarm("x", { value: null, standard_error: null, direction: "below" }), formats, say), "Personen, Alarm bis 120");
  assert.equal(sightText("unknown", "the picture is dark: nothing can be made out in it", "14:02", say), "das Bild ist dunkel, seit 14:02");
  assert.equal(reasonText("the disk is on fire", say), "the disk is on fire");
  const network = new Network();
  network.load(now([camera("a", { now: tick("a", { density: 0.42, densitySe: 0.03 }) }), camera("b", { state: "unknown" }), camera("c", { now: null })]));
  const zone = network.places.find(({ kind }) => kind === "zone");
  assert.ok(zone !== undefined);
  assert.deepEqual(levelText(zone, say), { level: "B", text: "B bis C" });
  assert.equal(missingText(totalsOf(network, "", END_S), "de", say), "Nicht enthalten: 1 Kamera, die nichts sieht und 1 Kamera noch ohne Zahlen.");
});

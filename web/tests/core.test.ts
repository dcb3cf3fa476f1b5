import assert from "node:assert/strict";
import { test } from "vitest";
import { addressOf, hrefOf } from "../src/core/addresses.ts";
import { LANGUAGES, chosenOf, speaker } from "../src/core/language.ts";
import { formatsOf } from "../src/core/numbers.ts";
import { levelOf, levelsOf } from "../src/core/service.ts";
import { retryDelayS } from "../src/core/stream.ts";

test("an address says what its page shows, and is read back as it was, whatever the names", () => {
  for (const name of ["door & gate=1", "Überführung 北", "🚪?#/%", " "]) {
    const address = { page: "place", params: { camera: name, place: "hall" } } as const;
    const [path = "", query = ""] = hrefOf(address).split("?");
    assert.deepEqual(addressOf(path, query), address);
  }
  assert.equal(hrefOf({ page: "now", params: { zoom: "" } }), "/");
  assert.equal(addressOf("/nowhere", ""), null);
});

test("the reader's first language that there is, is chosen", () => {
  assert.equal(chosenOf(["", "pt-BR", "de-AT", "fr"]), "de");
  assert.equal(chosenOf(["ja"]), "en");
  assert.equal(chosenOf([]), "en");
});

test("phrases take their values, numbers as the language writes them, and the right grammatical number", () => {
  const words = Object.fromEntries(LANGUAGES.map((each) => [each, { cameras: { one: "{count} camera", other: "{count} cameras" }, at: "at {where}" }]));
  const say = speaker<"cameras" | "at">(words as never, "de");
  assert.equal(say("cameras", { count: 1 }), "1 camera");
  assert.equal(say("cameras", { count: 1039 }), "1.039 cameras");
  assert.equal(say("at", { where: "{count}" }), "at {count}");
});

test("numbers of people are whole and never negative, and margins are rounded up", () => {
  const { people, margin, measured, span, clock } = formatsOf("en-GB", "Europe/Amsterdam");
  assert.equal(people(-3.2), "0");
  assert.equal(people(1233.6), "1,234");
  assert.equal(margin(5.01), "± 11");
  assert.equal(measured(1.2345, 0.04), "1.23 ± 0.08");
  assert.equal(measured(-0.4, 0.3), "0.0 ± 0.6");
  assert.equal(span(7200), "2 hrs");
  assert.equal(span(119), "119 secs");
  assert.equal(clock(1_800_000_000, 1_800_000_000), "09:00");
  assert.match(clock(1_800_000_000, 1_800_090_000), /15 Jan, 09:00/);
});

test("a level of service is Fruin's, and as unsure as its density", () => {
  assert.deepEqual([0, 0.3, 0.4, 0.7, 1, 2, 2.2].map(levelOf), ["A", "A", "B", "C", "D", "E", "F"]);
  assert.deepEqual(levelsOf(0.5, 0.1), ["A", "C"]);
});

test("tries to come back grow apart, and are never far apart", () => {
  for (let attempt = 0; attempt < 40; attempt++) {
    for (const random of [0, 0.5, 1]) {
      const delay = retryDelayS(attempt, random);
      assert.ok(delay >= 0.75 && delay <= 15 * 1.25);
      assert.ok(retryDelayS(attempt + 1, random) >= delay);
    }
  }
});

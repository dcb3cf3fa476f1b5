import assert from "node:assert/strict";
import { test } from "node:test";
import { newlyRinging, noticesOf } from "../src/alarms.ts";
import { alarmOf } from "../src/api.ts";
import { type Alarm, applyAlarms } from "../src/model.ts";
import { T0, alarm, live, minute } from "./make.ts";
import "./zone.ts";

const SENTENCE = "north, hall: 4.3 people/m2 (between 4.1 and 4.5), above 4 for 2 minutes";
const ringing = (name: string, more: Partial<Alarm> = {}): Alarm => alarm(name, { state: "ringing", sentence: SENTENCE, ...more });
const notices = (alarms: readonly Alarm[], nowS = minute(10)) => noticesOf(applyAlarms(live([]), alarms), nowS);

test("what rings is shown, the gravest first, and what is quiet is not", () => {
  const shown = notices([
    alarm("calm"),
    alarm("soon", { state: "pending" }),
    ringing("queue", { severity: "notice" }),
    ringing("crowd", { severity: "warning" }),
    ringing("crush"),
    ringing("crush 2"),
  ]);
  assert.deepEqual(
    shown.map((one) => [one.word, one.name]),
    [["Danger", "crush"], ["Danger", "crush 2"], ["Warning", "crowd"], ["Notice", "queue"]],
  );
  assert.deepEqual(shown[0], { name: "crush", kind: "danger", word: "Danger", sentence: SENTENCE, detail: "crush, since 10:00" });
});

test("what cannot be relied on is said, after what rings", () => {
  const shown = notices([
    alarm("noisy", { state: "cannot tell", sentence: "north, hall: too noisy" }),
    alarm("dark", { state: "unknown", unseen: "dark", sentence: "north, hall: unknown, dark" }),
    ringing("crush"),
  ]);
  assert.deepEqual(
    shown.map((one) => [one.word, one.sentence]),
    [["Danger", SENTENCE], ["Cannot tell", "north, hall: too noisy"], ["Not watched", "north, hall: unknown, dark"]],
  );
});

test("an alarm whose numbers stop coming is never silently quiet", () => {
  assert.deepEqual(notices([alarm("calm")], minute(12) + 5), []);
  assert.deepEqual(notices([alarm("calm")], minute(12) + 6), [
    { name: "calm", kind: "not watched", word: "Not watched", sentence: "no new numbers since 10:10", detail: "calm" },
  ]);
  assert.equal(notices([ringing("crush")], minute(12) + 6)[0]?.detail, "crush, since 10:00, last seen 10:10");
  const unseen = ringing("crush", { unseen: "dark" });
  assert.equal(notices([unseen], minute(99))[0]?.detail, "crush, since 10:00");
  const waiting = alarm("new", { state: "unknown", atS: null, sinceS: null, unseen: "no numbers have come yet", sentence: "s" });
  assert.deepEqual(notices([waiting], minute(99))[0]?.sentence, "s");
});

test("only what begins to ring is read out", () => {
  const before = notices([ringing("crush"), alarm("crowd"), alarm("dark", { state: "unknown" })]);
  const after = notices([ringing("crush"), ringing("crowd", { severity: "warning" }), ringing("dark", { sentence: "s" })]);
  assert.equal(newlyRinging(before, after), `Danger: s. Warning: ${SENTENCE}.`);
  assert.equal(newlyRinging(after, after), "");
});

test("the hub's alarm becomes the model's", () => {
  const wire = {
    name: "crush",
    severity: "danger",
    state: "ringing",
    since: "2026-11-24T10:00:00Z",
    time: null,
    unseen: "",
    sentence: SENTENCE,
    place: "hall",
  } as const;
  assert.deepEqual(alarmOf(wire), ringing("crush", { sinceS: T0, atS: null }));
});

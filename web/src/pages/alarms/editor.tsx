/** The form that makes an alarm or changes one, and what it would have done last week. */

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../../core/hub.ts";
import {
  type Draft, type Measured, type Mistakes,
  atPlace, differencesOf, draftOf, foundOf, mistakesOf, nameOf, placeOf, presetOf, ruleOf, suggested, tableOf, withPreset,
} from "./draft.ts";
import { Choice, Field, Remove, focusMistake } from "./field.tsx";
import { SEVERITIES } from "./model.ts";
import type { ViewProps } from "./page.tsx";
import { Preview } from "./preview.tsx";
import { type RuleKey, sayRule } from "./rule_words.ts";
import { type Tongue, isolated, measureOf, unitOf, unitOfQuantity } from "./telling.ts";
import { say } from "./words.ts";

interface EditorProps extends ViewProps {
  readonly start: Draft;
  readonly places: readonly Measured[];
  /** The names that alarms have already. */
  readonly taken: ReadonlySet<string>;
  onDone(told: string): void;
  onBack(): void;
}

/** What somebody else made of the rule meanwhile; null where he deleted it. */
type Theirs = { readonly draft: Draft | null };

const PRESET_WORDS = [["standing-crowd", "standing"], ["moving-crowd", "moving"], ["queue", "queue"]] as const;
const MOST_PLACES = 100;
const CONFLICT = 409;
const GONE = 404;

export function Editor({ app, tongue, start, places, taken, onDone, onBack }: EditorProps): JSX.Element {
  const [draft, setDraft] = useState(start);
  const [named, setNamed] = useState(start.version > 0);
  const [tried, setTried] = useState(false);
  const [theirs, setTheirs] = useState<Theirs | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => title.current?.focus(), []);
  if (places.length === 0) return <p class="card">{sayRule("noPlaces")}</p>;

  const mistakes = mistakesOf(draft, places, taken);
  const wrong = Object.keys(mistakes).length > 0;
  const quantities = placeOf(draft, places)?.quantities;
  const unit = unitOf(unitOfQuantity(draft.quantity), tongue);
  const put = (change: Partial<Draft>): void => setDraft({ ...draft, ...change });
  const name = nameOf(draft.name);
  const path = `/api/v1/alarm-rules/${encodeURIComponent(name)}`;
  const wrongOf = (field: keyof Mistakes): string => {
    const mistake = tried ? mistakes[field] : undefined;
    return mistake === undefined ? "" : sayRule(mistake);
  };
  const number = (key: "level" | "clear" | "forMinutes" | "withinMinutes", label: string, help = ""): JSX.Element => (
    <Field label={label} mistake={wrongOf(key)} help={help}>{(about) => (
      <input {...about} type="text" inputMode="decimal" autocomplete="off" value={draft[key]} onInput={(event) => put({ [key]: event.currentTarget.value })} />
    )}</Field>
  );

  const save = async (version: number): Promise<void> => {
    setTried(true);
    if (wrong) {
      focusMistake(form.current);
      return;
    }
    try {
      await app.hub.ask("PUT", path, {}, { ...tableOf(draft), version });
    } catch (error) {
      await failed(error);
      return;
    }
    onDone(sayRule("saved", { name: isolated(name) }));
  };
  /** Where somebody else changed the rule meanwhile, shows what he made of it. */
  const failed = async (error: unknown): Promise<void> => {
    app.failed(error);
    if (!(error instanceof Refused && error.status === CONFLICT)) return;
    try {
      const found = (await app.hub.ask<readonly unknown[]>("GET", "/api/v1/alarm-rules")).map(ruleOf).find((rule) => rule.name === name);
      if (found === undefined && draft.version === 0) return; // the hub's own reason is shown
      setTheirs({ draft: found === undefined ? null : draftOf(found) });
      app.say("");
    } catch (another) {
      app.failed(another);
    }
  };
  const remove = async (): Promise<void> => {
    try {
      await app.hub.ask("DELETE", path, { version: String(draft.version) });
    } catch (error) {
      if (!(error instanceof Refused && error.status === GONE)) {
        await failed(error);
        return;
      }
    }
    onDone(sayRule("removed", { name: isolated(name) }));
  };
  return (
    <div class="alarm-edit">
      <form ref={form} class="card" noValidate onSubmit={(event) => { event.preventDefault(); void save(draft.version); }}>
        <h2 ref={title} tabIndex={-1}>{draft.version === 0 ? sayRule("makeTitle") : <>{sayRule("changeTitle")}: <bdi>{draft.name}</bdi></>}</h2>
        <PlaceChoice draft={draft} places={places} mistake={wrongOf("place")}
          onChoose={(chosen) => {
            const moved = atPlace(draft, chosen);
            setDraft(named ? moved : { ...moved, name: suggested(moved, taken) });
          }} />
        <LevelChoice draft={draft} quantities={quantities} onChange={setDraft} />
        <div class="fields">
          <Choice label={sayRule("measure")} mistake={wrongOf("quantity")} value={draft.quantity} onChange={(quantity) => put({ quantity, level: "", clear: "" })}
            options={(quantities ?? [draft.quantity]).map((quantity) => [quantity, measureOf(quantity, tongue)])} />
          <Choice label={sayRule("direction")} value={draft.direction} onChange={(direction) => put({ direction })} options={[["above", sayRule("aboveLevel")], ["below", sayRule("belowLevel")]]} />
          {number("level", `${sayRule("level")}, ${unit}`)}
          {number("clear", `${sayRule("clear")}, ${unit}`, sayRule("clearHow"))}
          {number("forMinutes", sayRule("forMinutes"))}
          {number("withinMinutes", sayRule("withinMinutes"), sayRule("withinHow"))}
          <Choice label={sayRule("severity")} value={draft.severity} onChange={(severity) => put({ severity })} options={SEVERITIES.map((severity) => [severity, say(severity)])} />
          {draft.version === 0 && (
            <Field label={sayRule("name")} mistake={wrongOf("name")}>{(about) => (
              <input {...about} type="text" autocomplete="off" value={draft.name}
                onInput={(event) => { setNamed(true); put({ name: event.currentTarget.value }); }} />
            )}</Field>
          )}
        </div>
        {theirs !== null && <Conflict mine={draft} theirs={theirs} tongue={tongue} onKeep={() => { setTheirs(null); void save(theirs.draft?.version ?? 0); }}
          onTake={() => { if (theirs.draft !== null) setDraft(theirs.draft); setTheirs(null); }} />}
        <div class="buttons">
          <button type="submit" class="strong">{sayRule("save")}</button>
          <button type="button" onClick={onBack}>{sayRule("cancel")}</button>
          {draft.version > 0 && (
            <Remove onRemove={() => void remove()}
              words={{ remove: sayRule("remove"), really: sayRule("reallyRemove", { name: isolated(name) }), yes: sayRule("yesRemove"), no: sayRule("no") }} />
          )}
        </div>
      </form>
      <Preview app={app} tongue={tongue} draft={draft} ready={Object.keys(mistakes).every((field) => field === "name")} />
    </div>
  );
}

/** The levels of the literature that can be watched at a place, or one's own. */
function LevelChoice({ draft, quantities, onChange }: { draft: Draft; quantities: readonly string[] | undefined; onChange(draft: Draft): void }): JSX.Element {
  const chosen = presetOf(draft);
  const choice = (preset: string, label: RuleKey, to: Draft): JSX.Element => (
    <label key={preset} class="choice">
      <input type="radio" name="preset" value={preset} checked={chosen === preset} disabled={preset !== "" && quantities?.includes(to.quantity) === false} onChange={() => onChange(to)} />
      {sayRule(label)}
    </label>
  );
  return (
    <fieldset>
      <legend>{sayRule("levels")}</legend>
      {PRESET_WORDS.map(([preset, label]) => choice(preset, label, withPreset(draft, preset)))}
      {choice("", "own", { ...draft, level: "", clear: "", severity: "warning" })}
    </fieldset>
  );
}

function PlaceChoice({ draft, places, mistake, onChoose }: { draft: Draft; places: readonly Measured[]; mistake: string; onChoose(place: Measured): void }): JSX.Element {
  const [search, setSearch] = useState("");
  const found = foundOf(places, search);
  const listed = found.slice(0, MOST_PLACES);
  const chosen = placeOf(draft, places);
  const options = chosen === undefined || listed.includes(chosen) ? listed : [chosen, ...listed];
  const keyOf = (place: Measured): string => JSON.stringify([place.camera, place.place]);
  return (
    <fieldset>
      <legend>{sayRule("where")}</legend>
      <div class="fields">
        <Field label={sayRule("search")}>{(about) => (
          <input {...about} type="search" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
        )}</Field>
        <Field label={say("place")} mistake={mistake}>{(about) => (
          <select {...about} value={chosen === undefined ? "" : keyOf(chosen)}
            onChange={(event) => { const to = options.find((place) => keyOf(place) === event.currentTarget.value); if (to !== undefined) onChoose(to); }}>
            {chosen === undefined && <option value="" />}
            {options.map((place) => <option key={keyOf(place)} value={keyOf(place)}>{place.camera}, {place.place}</option>)}
          </select>
        )}</Field>
      </div>
      <p class="label" role="status">
        {search === "" ? "" : found.length > MOST_PLACES ? sayRule("foundMore", { count: found.length, shown: MOST_PLACES }) : sayRule("found", { count: found.length })}
      </p>
    </fieldset>
  );
}

const FIELD_WORDS: Readonly<Partial<Record<keyof Draft, RuleKey>>> = {
  camera: "where", place: "where", quantity: "measure", direction: "direction", level: "level", clear: "clear",
  forMinutes: "forMinutes", withinMinutes: "withinMinutes", severity: "severity",
};

/** What stands in a field, as people read it. */
function toldOf(draft: Draft, key: keyof Draft, tongue: Tongue): string {
  if (key === "severity") return say(draft.severity);
  if (key === "quantity") return measureOf(draft.quantity, tongue);
  if (key === "direction") return sayRule(draft.direction === "above" ? "aboveLevel" : "belowLevel");
  return String(draft[key]);
}

function Conflict({ mine, theirs, tongue, onKeep, onTake }: { mine: Draft; theirs: Theirs; tongue: Tongue; onKeep(): void; onTake(): void }): JSX.Element {
  const other = theirs.draft;
  const different = other === null ? [] : differencesOf(mine, other);
  return (
    <div class="warn conflict" role="alert">
      <p>{sayRule(other === null ? "deletedMeanwhile" : "conflict")}</p>
      {other !== null && different.length === 0 && <p>{sayRule("sameAsTheirs")}</p>}
      {other !== null && different.length > 0 && (
        <table>
          <thead><tr><td /><th scope="col">{sayRule("theirs")}</th><th scope="col">{sayRule("mine")}</th></tr></thead>
          <tbody>
            {different.map((key) => {
              const word = FIELD_WORDS[key] ?? "name";
              const [one, another] = [other, mine].map((draft) => <td><bdi>{toldOf(draft, key, tongue)}</bdi></td>);
              return <tr key={key}><th scope="row">{sayRule(word)}</th>{one}{another}</tr>;
            })}
          </tbody>
        </table>
      )}
      <div class="buttons">
        <button type="button" onClick={onKeep}>{sayRule("keepMine")}</button>
        {other !== null && <button type="button" onClick={onTake}>{sayRule("takeTheirs")}</button>}
      </div>
    </div>
  );
}

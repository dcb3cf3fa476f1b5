/** The form of an outlet; what is secret in it is written and never shown. */

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../../core/hub.ts";
import type { App } from "../../shell/app.ts";
import { nameOf } from "./draft.ts";
import { Choice, Field, Remove, focusMistake } from "./field.tsx";
import { SEVERITIES } from "./model.ts";
import { type OutletDraft, type OutletMistakes, KINDS, outletBodyOf, outletMistakesOf } from "./outlet_draft.ts";
import { sayOutlet } from "./outlet_words.ts";
import { isolated } from "./telling.ts";
import { say } from "./words.ts";

interface FormProps {
  readonly app: App;
  readonly start: OutletDraft;
  readonly hasAuthority: boolean;
  readonly sites: readonly string[];
  onDone(told: string): void;
  onBack(): void;
  /** Somebody else changed it: what is shown is to be loaded anew. */
  onChanged(): Promise<void>;
}

type TextKey = "url" | "secret" | "host" | "port" | "user" | "password" | "from" | "to" | "name";

const CONFLICT = 409;

export function OutletForm({ app, start, hasAuthority, sites, onDone, onBack, onChanged }: FormProps): JSX.Element {
  const [draft, setDraft] = useState(start);
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => title.current?.focus(), []);
  const mistakes = outletMistakesOf(draft);
  const put = (change: Partial<OutletDraft>): void => setDraft({ ...draft, ...change });
  const name = nameOf(draft.name);
  const path = `/api/v1/alarm-outlets/${encodeURIComponent(name)}`;
  const isNew = draft.version === 0;
  const wrongOf = (field: keyof OutletMistakes): string => {
    const mistake = tried ? mistakes[field] : undefined;
    return mistake === undefined ? "" : sayOutlet(mistake);
  };

  const failed = async (error: unknown): Promise<void> => {
    app.failed(error);
    if (!(error instanceof Refused && error.status === CONFLICT) || isNew) return;
    await onChanged().catch((another: unknown) => app.failed(another));
    app.say(sayOutlet("changedMeanwhile"));
  };
  const save = async (): Promise<void> => {
    setTried(true);
    if (Object.keys(mistakes).length > 0) {
      focusMistake(form.current);
      return;
    }
    await app.hub.ask("PUT", path, {}, outletBodyOf(draft)).then(() => onDone(sayOutlet("saved", { name: isolated(name) })), failed);
  };
  const remove = (): Promise<void> =>
    app.hub.ask("DELETE", path, { version: String(draft.version) }).then(() => onDone(sayOutlet("removed", { name: isolated(name) })), failed);

  const text = (key: TextKey, options: { help?: string; secret?: boolean } = {}): JSX.Element => (
    <Field key={key} label={sayOutlet(key)} mistake={key === "user" || key === "password" ? "" : wrongOf(key)} help={options.help ?? ""}>{(about) => {
      const onInput = (event: { currentTarget: HTMLInputElement }): void => put({ [key]: event.currentTarget.value });
      const control = { ...about, spellcheck: false, value: draft[key], onInput };
      return options.secret === true ? <input {...control} type="password" autocomplete="new-password" /> : <input {...control} type="text" autocomplete="off" />;
    }}</Field>
  );
  const toggled = <Item,>(list: readonly Item[], item: Item): readonly Item[] => (list.includes(item) ? list.filter((each) => each !== item) : [...list, item]);
  return (
    <form ref={form} class="outlet" noValidate onSubmit={(event) => { event.preventDefault(); void save(); }}>
      <h2 ref={title} tabIndex={-1}>{isNew ? sayOutlet("add") : <>{sayOutlet("change")}: <bdi>{draft.name}</bdi></>}</h2>
      {isNew && (
        <fieldset>
          <legend>{sayOutlet("kind")}</legend>
          <div class="choices">
            {KINDS.map((kind) => (
              <label key={kind} class="choice"><input type="radio" name="kind" checked={draft.kind === kind} onChange={() => put({ kind })} />{sayOutlet(kind)}</label>
            ))}
          </div>
        </fieldset>
      )}
      <div class="fields">
        {isNew && text("name")}
        {draft.kind === "webhook" ? (
          <>
            {text("url", { help: isNew ? sayOutlet("neverShown") : sayOutlet("urlKept") })}
            {text("secret", { secret: true, help: isNew ? `${sayOutlet("secretHow")} ${sayOutlet("neverShown")}` : sayOutlet("secretKept") })}
          </>
        ) : (
          <>
            {text("host")}
            {text("port")}
            {draft.kind === "email" && (
              <Choice label={sayOutlet("encryption")} value={draft.encryption} onChange={(encryption) => put({ encryption })} options={[["starttls", "STARTTLS"], ["tls", "TLS"]]} />
            )}
            {text("user")}
            {text("password", { secret: true, help: isNew ? sayOutlet("neverShown") : sayOutlet("secretKept") })}
            {draft.kind === "email" && text("from")}
            {draft.kind === "email" && text("to", { help: sayOutlet("toHow") })}
          </>
        )}
      </div>
      <fieldset>
        <legend>{sayOutlet("severities")}</legend>
        <div class="choices">
          {SEVERITIES.map((severity) => (
            <label key={severity} class="choice">
              <input type="checkbox" checked={draft.severities.includes(severity)} aria-invalid={wrongOf("severities") !== ""}
                onChange={() => put({ severities: toggled(draft.severities, severity) })} />
              {say(severity)}
            </label>
          ))}
        </div>
        {wrongOf("severities") !== "" && <p class="mistake">{wrongOf("severities")}</p>}
      </fieldset>
      {sites.length > 1 && (
        <fieldset>
          <legend>{sayOutlet("sites")}</legend>
          <div class="choices">
            {sites.map((site) => (
              <label key={site} class="choice">
                <input type="checkbox" checked={draft.sites.includes(site)} onChange={() => put({ sites: toggled(draft.sites, site) })} />
                <bdi>{site}</bdi>
              </label>
            ))}
          </div>
          <p class="label">{sayOutlet("onlySites")}</p>
        </fieldset>
      )}
      <Field label={sayOutlet("authority")} help={hasAuthority ? sayOutlet("authorityKept") : ""}>{(about) => (
        <textarea {...about} rows={2} spellcheck={false} value={draft.authority} onInput={(event) => put({ authority: event.currentTarget.value })} />
      )}</Field>
      <div class="buttons">
        <button type="submit" class="strong">{sayOutlet("save")}</button>
        <button type="button" onClick={onBack}>{sayOutlet("cancel")}</button>
        {!isNew && (
          <Remove onRemove={() => void remove()}
            words={{ remove: sayOutlet("remove"), really: sayOutlet("reallyRemove", { name: isolated(name) }), yes: sayOutlet("yesRemove"), no: sayOutlet("no") }} />
        )}
      </div>
    </form>
  );
}

/** The parts of the forms: a labelled control, and a deletion that asks once. */

import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";

/** What a control says of itself. */
export interface About {
  readonly id: string;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby": string | undefined;
}

/** A labelled control with what it is for, and what is wrong with it; without a mistake or a help where these are empty. */
export function Field(props: { label: string; mistake?: string; help?: string; children: (about: About) => ComponentChildren }): JSX.Element {
  const { label, mistake = "", help = "", children } = props;
  const id = useId();
  const about = [mistake !== "" ? `${id}-wrong` : "", help !== "" ? `${id}-help` : ""].join(" ").trim();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-invalid": mistake !== "", "aria-describedby": about === "" ? undefined : about })}
      {mistake !== "" && <p class="mistake" id={`${id}-wrong`}>{mistake}</p>}
      {help !== "" && <p class="label" id={`${id}-help`}>{help}</p>}
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly mistake?: string;
  readonly value: Value;
  /** Value and label of each. */
  readonly options: readonly (readonly [Value, string])[];
  onChange(value: Value): void;
}

/** One of a list. */
export function Choice<Value extends string>({ label, mistake = "", value, options, onChange }: ChoiceProps<Value>): JSX.Element {
  return (
    <Field label={label} mistake={mistake}>{(about) => (
      <select {...about} value={value} onChange={(event) => onChange(event.currentTarget.value as Value)}>
        {options.map(([each, text]) => <option key={each} value={each}>{text}</option>)}
      </select>
    )}</Field>
  );
}

/** Deleting asks once. */
export function Remove({ words, onRemove }: { words: { remove: string; really: string; yes: string; no: string }; onRemove(): void }): JSX.Element {
  const [asked, setAsked] = useState(false);
  const no = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => { if (asked) no.current?.focus(); }, [asked]);
  if (!asked) return <button type="button" onClick={() => setAsked(true)}>{words.remove}</button>;
  return (
    <div class="asking" role="group" aria-label={words.really}>
      <span>{words.really}</span>
      <button type="button" class="strong" onClick={onRemove}>{words.yes}</button>
      <button type="button" ref={no} onClick={() => setAsked(false)}>{words.no}</button>
    </div>
  );
}

/** Bring the first wrong control of a form to whoever fills it in, once it is drawn as wrong. */
export function focusMistake(form: HTMLFormElement | null): void {
  setTimeout(() => form?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
}

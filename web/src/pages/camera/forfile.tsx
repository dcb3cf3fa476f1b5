/** Tables for the site file, to be copied there: what stands in it is changed in it alone. */

import type { JSX } from "preact";
import { say } from "./words-draw.ts";

export function ForFile({ text }: { text: string }): JSX.Element {
  return (
    <label class="field">
      <span class="label">{say("forFile")}</span>
      <textarea readOnly rows={8} spellcheck={false} value={text} onFocus={(event) => event.currentTarget.select()} />
    </label>
  );
}

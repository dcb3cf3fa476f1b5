/** Which time is shown: lengths, earlier and later, nearer and further, and two fields for exact times. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { formatsOf } from "../../core/numbers.ts";
import { PRESETS, SHORTEST_S, type Span, type View, fieldOf, moved, shown, timeOf, zoomed } from "./span.ts";
import { say } from "./words.ts";

const formats = formatsOf();

interface Props {
  readonly view: View;
  readonly span: Span;
  readonly nowS: number;
  onSpan(span: Span): void;
  onView(view: View): void;
}

export function SpanBar({ view, span, nowS, onSpan, onView }: Props): JSX.Element {
  const lengthS = span.toS - span.fromS;
  const anchorS = view.fixed === null ? span.toS : (span.fromS + span.toS) / 2;
  return (
    <div class="span-bar">
      <div class="buttons" role="group" aria-label={say("length")}>
        {PRESETS.map(([word, presetS]) => (
          <button key={word} type="button" aria-pressed={Math.abs(lengthS - presetS) < 1} onClick={() => onView(preset(view, span, presetS, nowS))}>
            {say(word)}
          </button>
        ))}
      </div>
      <div class="buttons" role="group" aria-label={say("moving")}>
        <button type="button" aria-label={say("earlier")} title={say("earlier")} onClick={() => onSpan(moved(span, -0.5, nowS))}>←</button>
        <button type="button" aria-label={say("later")} title={say("later")} disabled={view.fixed === null} onClick={() => onSpan(moved(span, 0.5, nowS))}>
          →
        </button>
        <button type="button" aria-label={say("zoomIn")} title={say("zoomIn")} onClick={() => onSpan(zoomed(span, 0.5, anchorS))}>+</button>
        <button type="button" aria-label={say("zoomOut")} title={say("zoomOut")} onClick={() => onSpan(zoomed(span, 2, anchorS))}>−</button>
        <button type="button" aria-pressed={view.fixed === null} onClick={() => onView({ ...view, fixed: null, lastS: lengthS })}>{say("live")}</button>
      </div>
    </div>
  );
}

/** The span in words, which opens to two fields. */
export function Exact({ span, onSpan }: { span: Span; onSpan: (span: Span) => void }): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const [open, setOpen] = useState(false);
  const exact = (event: SubmitEvent): void => {
    event.preventDefault();
    const [from, to] = ["from", "to"].map((name) => form.current?.elements.namedItem(name) as HTMLInputElement);
    const [fromS, toS] = [timeOf(from?.value), timeOf(to?.value)];
    const wrong = fromS === null || toS === null || toS - fromS < SHORTEST_S;
    to?.setCustomValidity(wrong ? say("wrongSpan") : "");
    if (wrong) form.current?.reportValidity();
    else onSpan({ fromS, toS });
  };
  return (
    <details class="exact" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{formats.moment(span.fromS)} – {formats.clock(span.toS, span.fromS)}</summary>
      {open && (
        <form ref={form} onSubmit={exact}>
          <label>{say("from")} <input type="datetime-local" name="from" required defaultValue={fieldOf(span.fromS)} /></label>
          <label>
            {say("to")}{" "}
            <input type="datetime-local" name="to" required defaultValue={fieldOf(span.toS)} onInput={(event) => event.currentTarget.setCustomValidity("")} />
          </label>
          <button type="submit">{say("show")}</button>
          <span class="label">{say("zone_times", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}</span>
        </form>
      )}
    </details>
  );
}

/** A length from its button: up to the present where that is followed, else around the middle of what is shown. */
function preset(view: View, span: Span, lengthS: number, nowS: number): View {
  if (view.fixed === null) return { ...view, lastS: lengthS };
  const middleS = (span.fromS + span.toS) / 2;
  const toS = Math.min(nowS, middleS + lengthS / 2);
  return shown(view, { fromS: toS - lengthS, toS }, nowS);
}

/** The lines and zones of a drawing as a list: renamed, turned, deleted, and chosen to move their points. */

import type { JSX } from "preact";
import type { Mistake } from "./rules.ts";
import { type Drawing, type Shape, removed, renamed, turned } from "./shapes.ts";
import { say } from "./words-draw.ts";

interface Props {
  readonly drawing: Drawing;
  readonly chosen: number | null;
  readonly mistakes: readonly Mistake[];
  readonly isEditable: boolean;
  onEdit(drawing: Drawing, key?: string): void;
  onChoose(id: number | null, point?: number): void;
}

export function PlacesList({ drawing, ...props }: Props): JSX.Element {
  return (
    <>
      <h2>{say("places")}</h2>
      {drawing.length === 0 && <p class="label">{say("noPlaces")}</p>}
      <ul class="places">
        {drawing.map((shape) => <Entry key={shape.id} shape={shape} drawing={drawing} {...props} />)}
      </ul>
    </>
  );
}

function Entry({ shape, drawing, chosen, mistakes, isEditable, onEdit, onChoose }: Props & { shape: Shape }): JSX.Element {
  const { id, kind, name } = shape;
  const wrong = mistakes.filter((mistake) => mistake.id === id).map(sentenceOf).join(" ");
  return (
    <li data-chosen={id === chosen}>
      <div class="row">
        <span class="kind" data-kind={kind}>{say(kind)}</span>
        {isEditable ? (
          <input class="grows" aria-label={say("nameOf", { name })} value={name} maxLength={80} aria-invalid={wrong !== ""} aria-describedby={wrong === "" ? undefined : `wrong-${id}`}
            onFocus={() => onChoose(id)} onInput={(event) => onEdit(renamed(drawing, id, event.currentTarget.value), `name ${id}`)} />
        ) : <span class="grows">{name}</span>}
      </div>
      {wrong !== "" && <p class="wrong" id={`wrong-${id}`}>{wrong}</p>}
      {isEditable && (
        <div class="buttons">
          <button type="button" class="small" aria-label={`${say("points")}: ${name}`} onClick={() => onChoose(id, 0)}>{say("points")}</button>
          {kind === "line" && <button type="button" class="small" aria-label={`${say("turn")}: ${name}`} onClick={() => { onChoose(id); onEdit(turned(drawing, id)); }}>{say("turn")}</button>}
          <button type="button" class="small" aria-label={`${say("delete")}: ${name}`} onClick={() => { onChoose(null); onEdit(removed(drawing, id)); }}>{say("delete")}</button>
        </div>
      )}
    </li>
  );
}

/** What is wrong, in words. */
export function sentenceOf(mistake: Mistake): string {
  return say(`wrong-${mistake.rule}`, mistake.rule === "crossing" ? { first: mistake.first, second: mistake.second } : {});
}

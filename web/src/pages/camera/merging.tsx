/** Somebody else changed the camera meanwhile: what, and what shall be, place by place. Nothing is lost by closing it. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Difference, type Side, usualChoice } from "./merge.ts";
import type { Shape, Size } from "./shapes.ts";
import { Mark } from "./marks.tsx";
import { say } from "./words-draw.ts";

interface Props {
  readonly differences: readonly Difference[];
  readonly size: Size;
  readonly isBusy: boolean;
  onChosen(choice: (difference: Difference) => Side): void;
  onClose(): void;
}

export function MergeDialog({ differences, size, isBusy, onChosen, onClose }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [chosen, setChosen] = useState<ReadonlyMap<string, Side>>(new Map());
  useEffect(() => dialog.current?.showModal(), []);
  const choice = (difference: Difference): Side => chosen.get(difference.name) ?? usualChoice(difference);
  return (
    <dialog class="merge" aria-labelledby="merge-title" ref={dialog} onClose={onClose}>
      <h2 id="merge-title">{say("mergeTitle")}</h2>
      <p>{say("mergeHow")}</p>
      {differences.map((difference) => (
        <fieldset key={difference.name}>
          <legend>{difference.name} <span class="label">{say(`changed-${difference.changedBy}`)}</span></legend>
          <div class="pair">
            {(["mine", "theirs"] as const).map((side) => (
              <label key={side} class="tick side-of">
                <input type="radio" name={`side of ${difference.name}`} checked={choice(difference) === side} onChange={() => setChosen(new Map(chosen).set(difference.name, side))} />
                <span>{say(side)}{difference[side] === null && `: ${say("deleted")}`}<Small shape={difference[side]} size={size} /></span>
              </label>
            ))}
          </div>
        </fieldset>
      ))}
      <div class="buttons">
        <button type="button" class="strong" disabled={isBusy} onClick={() => onChosen(choice)}>{say("saveChosen")}</button>
        <button type="button" onClick={() => dialog.current?.close()}>{say("cancel")}</button>
      </div>
    </dialog>
  );
}

function Small({ shape, size }: { shape: Shape | null; size: Size }): JSX.Element | null {
  if (shape === null) return null;
  const points = shape.points.map(([x, y]) => `${x}, ${y}`).join("; ");
  return <svg class="small-picture" viewBox={`0 0 ${size.width} ${size.height}`} role="img" aria-label={points}><Mark shape={{ ...shape, name: "" }} unit={size.width / 220} isChosen /></svg>;
}

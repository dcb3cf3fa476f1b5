/** Pairs of points, as marks on both boards and as a table. */

import type { JSX } from "preact";
import { formatsOf } from "../../core/numbers.ts";
import { type Ground, squares } from "./ground.ts";
import type { Fit, Pair } from "./homography.ts";
import { Handle } from "./picture.tsx";
import type { XY } from "./wire.ts";
import { say } from "./words-metres.ts";

export type End = "px" | "m";

interface PairsProps {
  readonly ends: readonly XY[];
  readonly unit: number;
  readonly chosen: number | null;
  readonly worst: number | null;
  readonly isEditable: boolean;
  readonly name: string;
  label(at: number): string;
  onKey(at: number): (event: KeyboardEvent) => void;
  onFocus(at: number): void;
}

/** One end of every pair, on the picture or on the ground. */
export function Pairs({ ends, unit, chosen, worst, isEditable, name, label, onKey, onFocus }: PairsProps): JSX.Element {
  return (
    <>
      {ends.map((end, at) => (
        <Handle key={at} at={end} unit={unit} name={`${name}-${at}`} role={say("point")} text={String(at + 1)} label={label(at)}
          class={`pair-end ${at === chosen ? "chosen" : ""} ${at === worst ? "worst" : ""}`} onFocus={() => onFocus(at)} {...(isEditable ? { onKeyDown: onKey(at) } : {})} />
      ))}
    </>
  );
}

/** Plain squares seen from above. */
export function Squares({ ground }: { ground: Ground }): JSX.Element {
  const { x, y } = squares(ground);
  const { width, height } = ground.size;
  return (
    <g class="squares" aria-hidden="true">
      {x.map((at) => <line key={`x${at}`} x1={at} y1={0} x2={at} y2={height} />)}
      {y.map((at) => <line key={`y${at}`} x1={0} y1={at} x2={width} y2={at} />)}
    </g>
  );
}

interface TableProps {
  readonly pairs: readonly Pair[];
  readonly fit: Fit;
  readonly worst: number | null;
  readonly chosen: number | null;
  readonly isEditable: boolean;
  onPut(at: number, end: End, place: XY, key: string): void;
  onRemove(at: number): void;
  onFocus(at: number): void;
}

/** The pairs as numbers, with how far each is missed. */
export function PairTable({ pairs, fit, worst, chosen, isEditable, onPut, onRemove, onFocus }: TableProps): JSX.Element {
  const cell = (pair: Pair, at: number, end: End, axis: 0 | 1): JSX.Element => (
    <td>
      <input type="number" step="any" class="number" disabled={!isEditable} value={pair[end][axis]} onFocus={() => onFocus(at)}
        aria-label={say(`${end}-${axis}`, { number: at + 1 })}
        onChange={(event) => {
          const value = event.currentTarget.valueAsNumber;
          if (Number.isFinite(value)) onPut(at, end, pair[end].with(axis, value) as unknown as XY, `${end}${axis} ${at}`);
        }} />
    </td>
  );
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={say("pairs")}>
      <table class="pairs">
        <thead><tr>{(["number", "px-x", "px-y", "m-x", "m-y", "missed"] as const).map((key) => <th key={key} scope="col">{say(key)}</th>)}<td /></tr></thead>
        <tbody>
          {pairs.map((pair, at) => (
            <tr key={at} data-chosen={at === chosen}>
              <th scope="row">{at + 1}</th>
              {cell(pair, at, "px", 0)}{cell(pair, at, "px", 1)}{cell(pair, at, "m", 0)}{cell(pair, at, "m", 1)}
              <td>{missed(fit, at)}{at === worst && <span class="worst-word"> {say("worst")}</span>}</td>
              <td>{isEditable && <button type="button" class="small" aria-label={say("remove", { number: at + 1 })} onClick={() => onRemove(at)}>×</button>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function missed(fit: Fit, at: number): string {
  const metres = fit.kind === "fits" ? fit.missedM[at] : undefined;
  return metres === undefined || !Number.isFinite(metres) ? "–" : `${formatsOf().number(metres, 2)} m`;
}

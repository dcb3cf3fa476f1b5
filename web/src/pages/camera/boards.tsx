/** The picture and the ground side by side, with the pairs that are dragged on them and the grid that they make. */

import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import type { App } from "../../shell/app.ts";
import type { Drafted } from "./drafting.ts";
import { gridOf } from "./grid.ts";
import { type Ground, cm, groundOfPlan, plainGround, squares, toBoard, toMetres } from "./ground.ts";
import { type Fit, type Pair, MOST_PAIRS, toGround } from "./homography.ts";
import { type End, Pairs, Squares } from "./pairs.tsx";
import { Board, type Pointer, arrowOf } from "./picture.tsx";
import { type Size, kept } from "./shapes.ts";
import { type Plan, type Registered, type XY, hasOthers, planPath } from "./wire.ts";
import { say } from "./words-metres.ts";

const REACH = 16;
/** How far an arrow key moves a point on the ground, metres. */
const STEP_M = 0.05;

interface Props {
  readonly app: App;
  readonly camera: Registered;
  readonly draft: Drafted<readonly Pair[]>;
  readonly source: string | null;
  readonly size: Size;
  readonly plan: Plan | null;
  readonly fit: Fit;
  readonly worst: number | null;
  readonly chosen: number | null;
  readonly isEditable: boolean;
  readonly hasGrid: boolean;
  onGrid(has: boolean): void;
  onChoose(at: number | null): void;
}

export function Boards(props: Props): JSX.Element {
  const { camera, draft, size, plan, fit, isEditable, hasGrid, onChoose } = props;
  const pairs = draft.value;
  const held = useRef<{ at: number; end: End; key: string } | null>(null);
  const drags = useRef(0);
  const isOnPlan = plan !== null && !hasOthers(camera.calibration ?? {}); // beside lengths and a view, y must point up
  const [frozen, setFrozen] = useState<Ground | null>(null); // plain ground grows with its points, but not under one that is dragged
  const ground = frozen ?? (isOnPlan ? groundOfPlan(plan) : plainGround(pairs));
  const grid = useMemo(() => (fit.kind === "fits" && hasGrid ? gridOf(fit.matrix, size) : null), [fit, hasGrid, size.width, size.height]);
  const ends = (end: End): readonly XY[] => pairs.map((pair) => (end === "px" ? pair.px : toBoard(ground, pair.m)));
  const put = (at: number, end: End, place: XY, key: string): void => draft.edit(withEnd(pairs, at, end, place), key);
  /** A pair more; where the others tell where on the ground it lies, it is put there. */
  const add = (px: XY): void => {
    const guess = fit.kind === "fits" ? toGround(fit.matrix, px) : null;
    const m = guess === null ? toMetres(ground, spread(pairs.length, ground.size)) : ([cm(guess[0]), cm(guess[1])] as const);
    draft.edit([...pairs, { px: kept(px, size), m }]);
    onChoose(pairs.length);
  };
  const isFull = pairs.length >= MOST_PAIRS;
  const pointing = (end: End): { down(pointer: Pointer): void; move(pointer: Pointer): void; up(): void } => ({
    down({ place, unit, event }) {
      if (!isEditable || event.button !== 0) return;
      const at = nearest(ends(end), place, REACH * unit);
      if (at === null) return end === "px" && event.pointerType === "mouse" && !isFull ? add(place) : onChoose(null);
      held.current = { at, end, key: `drag ${++drags.current}` };
      setFrozen(ground);
      onChoose(at);
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
    },
    move({ place }) {
      if (held.current?.end !== end) return;
      put(held.current.at, end, end === "px" ? kept(place, size) : toMetres(ground, kept(place, ground.size)), held.current.key);
    },
    up() {
      held.current = null;
      setFrozen(null);
    },
  });
  const onKey = (at: number, end: End) => (event: KeyboardEvent): void => {
    const [arrow, pair] = [arrowOf(event), pairs[at]];
    if (pair === undefined) return;
    if (arrow !== null) {
      const metres: XY = [cm(pair.m[0] + STEP_M * arrow[0]), cm(pair.m[1] + STEP_M * (ground.isUp ? -arrow[1] : arrow[1]))];
      put(at, end, end === "px" ? kept([pair.px[0] + arrow[0], pair.px[1] + arrow[1]], size) : metres, `${end} ${at}`);
    } else if (event.key === "Delete" || event.key === "Backspace") draft.edit(pairs.toSpliced(at, 1));
    else return;
    event.preventDefault();
  };
  const marks = (end: End, unit: number, label: (at: number) => string): JSX.Element => (
    <Pairs ends={ends(end)} unit={unit} chosen={props.chosen} worst={props.worst} isEditable={isEditable} name={end} label={label} onKey={(at) => onKey(at, end)} onFocus={onChoose} />
  );
  return (
    <>
      {isEditable && (
        <div class="row tools">
          <div class="buttons">
            <button type="button" disabled={isFull} onClick={() => add(spread(pairs.length, size))}>{say("add")}</button>
            <button type="button" disabled={!draft.canUndo} onClick={draft.undo}>{say("undo")}</button>
            <button type="button" disabled={!draft.canRedo} onClick={draft.redo}>{say("redo")}</button>
          </div>
          <label class="tick"><input type="checkbox" checked={hasGrid} onChange={(event) => props.onGrid(event.currentTarget.checked)} /> {say("grid")}</label>
        </div>
      )}
      <p class="label" id="metres-how">{say("how")}</p>
      <div class="twin">
        <figure>
          <Board size={size} source={props.source} label={say("picture")} describedBy="metres-how" class="drawing" {...pointing("px")}>
            {(unit) => (
              <>
                {grid?.lines.map(([from, to], at) => <line key={at} class="grid" x1={from[0]} y1={from[1]} x2={to[0]} y2={to[1]} />)}
                {marks("px", unit, (at) => say("inPicture", { number: at + 1, x: pairs[at]?.px[0] ?? 0, y: pairs[at]?.px[1] ?? 0 }))}
              </>
            )}
          </Board>
          <figcaption class="label">{grid === null ? say("picture") : say("gridOf", { count: grid.stepM })}</figcaption>
        </figure>
        <figure>
          <Board size={ground.size} source={isOnPlan ? `${planPath(camera.site)}?version=${plan.version}` : null} label={say("ground")} describedBy="metres-how" class="drawing" {...pointing("m")}>
            {(unit) => (
              <>
                {!isOnPlan && <Squares ground={ground} />}
                {marks("m", unit, (at) => say("onGround", { number: at + 1, x: pairs[at]?.m[0] ?? 0, y: pairs[at]?.m[1] ?? 0 }))}
              </>
            )}
          </Board>
          <figcaption class="label">{isOnPlan ? say("plan") : say("squares", { count: squares(ground).stepM })}</figcaption>
        </figure>
      </div>
    </>
  );
}

/** Pairs with one end of one of them at another place. */
export function withEnd(pairs: readonly Pair[], at: number, end: End, place: XY): readonly Pair[] {
  const pair = pairs[at];
  return pair === undefined ? pairs : pairs.with(at, { ...pair, [end]: place });
}

/** Where new points begin: the first four in a square, that they are told apart. */
function spread(number: number, { width, height }: Size): XY {
  return [width * (0.3 + 0.13 * (number % 4)), height * (number % 4 < 2 ? 0.7 : 0.5)];
}

function nearest(places: readonly XY[], [x, y]: XY, reach: number): number | null {
  const distances = places.map((place) => Math.hypot(place[0] - x, place[1] - y));
  const least = Math.min(...distances);
  return least <= reach ? distances.indexOf(least) : null;
}

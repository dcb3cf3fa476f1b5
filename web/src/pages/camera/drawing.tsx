/** The picture with its lines and zones, where they are placed, taken hold of and moved. */

import type { JSX, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Mark } from "./marks.tsx";
import { Board, Handle, arrowOf } from "./picture.tsx";
import { usePointer } from "./pointing.ts";
import type { Mistake } from "./rules.ts";
import { type Drawing, type Shape, type Size, inserted, kept, middleOf, moved, withoutPoint } from "./shapes.ts";
import type { XY } from "./wire.ts";
import { say } from "./words-draw.ts";

const REACH = 14;

/** A shape whose points are being placed. */
export interface Placing {
  readonly kind: Shape["kind"];
  readonly points: readonly XY[];
}

interface Props {
  readonly camera: string;
  readonly source: string | null;
  readonly size: Size;
  readonly zoom: number;
  readonly drawing: Drawing;
  readonly mistakes: readonly Mistake[];
  readonly chosen: number | null;
  readonly placing: Placing | null;
  readonly isEditable: boolean;
  /** The point that takes the focus once it is drawn. */
  readonly focusNext: RefObject<string>;
  onEdit(drawing: Drawing, key?: string): void;
  onChoose(id: number | null, point?: number): void;
  onPlacing(placing: Placing): void;
  onFinish(kind: Shape["kind"], points: readonly XY[]): void;
}

export function DrawingBoard(props: Props): JSX.Element {
  const { drawing, size, chosen, placing, isEditable, focusNext, onEdit, onChoose } = props;
  const board = useRef<HTMLDivElement>(null);
  const [told, setTold] = useState("");
  useEffect(() => {
    if (!focusNext.current) return;
    board.current?.querySelector<SVGElement>(`[data-handle="${focusNext.current}"]`)?.focus();
    focusNext.current = "";
  });
  const place = (point: XY, unit: number): void => {
    if (placing === null) return;
    const [first] = placing.points;
    const isClosed = placing.kind === "zone" && placing.points.length >= 3 && first !== undefined && Math.hypot(point[0] - first[0], point[1] - first[1]) < REACH * unit;
    const points = isClosed ? placing.points : [...placing.points, kept(point, size)];
    if (isClosed || (placing.kind === "line" && points.length === 2)) props.onFinish(placing.kind, points);
    else props.onPlacing({ ...placing, points });
  };
  const pointer = usePointer({ drawing, size, chosen, isEditable, isPlacing: placing !== null, onPlace: place, onChoose, onEdit });
  const onKey = (shape: Shape, at: number) => (event: KeyboardEvent): void => {
    const change = keyed(drawing, shape, at, event, size);
    if (change === null) return;
    event.preventDefault();
    onEdit(change.drawing, change.key);
    onChoose(shape.id, change.at);
    setTold(change.told);
  };
  const selected = drawing.find(({ id }) => id === chosen) ?? null;
  return (
    <>
      <div ref={board}>
        <Board size={size} source={props.source} zoom={props.zoom} label={say("drawingOf", { camera: props.camera })} describedBy="draw-keys"
          class={placing === null ? "drawing" : "drawing placing"} {...pointer}>
          {(unit) => (
            <>
              {drawing.map((shape) => <Mark key={shape.id} shape={shape} unit={unit} isChosen={shape.id === chosen} isWrong={props.mistakes.some(({ id }) => id === shape.id)} />)}
              {placing !== null && <Pending points={placing.points} unit={unit} />}
              {selected !== null && isEditable && placing === null && <Points shape={selected} unit={unit} onKey={onKey} onFocus={onChoose} />}
            </>
          )}
        </Board>
      </div>
      <p class="label" id="draw-keys">{say("keys")}</p>
      <p class="unseen" role="status">{told}</p>
    </>
  );
}

interface Change {
  readonly drawing: Drawing;
  /** Where the focus goes. */
  readonly at: number;
  readonly key: string;
  readonly told: string;
}

/** What a key does to a point; null where nothing. */
function keyed(drawing: Drawing, shape: Shape, at: number, event: KeyboardEvent, size: Size): Change | null {
  const [x, y] = shape.points[at] ?? [0, 0];
  const arrow = arrowOf(event);
  if (arrow !== null) {
    const to = kept([x + arrow[0], y + arrow[1]], size);
    return { drawing: moved(drawing, shape.id, at, to), at, key: `${shape.id}-${at}`, told: say("movedTo", { x: to[0], y: to[1] }) };
  }
  if (shape.kind === "zone" && (event.key === "Insert" || event.key === "+")) return { drawing: inserted(drawing, shape.id, at), at: at + 1, key: "", told: "" };
  if (event.key !== "Delete" && event.key !== "Backspace") return null;
  if (shape.kind === "line" || shape.points.length <= 3) return { drawing, at, key: "", told: say("fewest") };
  return { drawing: withoutPoint(drawing, shape.id, at), at: Math.max(0, at - 1), key: "", told: say("deletedPoint") };
}

function Pending({ points, unit }: { points: readonly XY[]; unit: number }): JSX.Element {
  return (
    <>
      <polyline class="pending" points={points.map((point) => point.join(",")).join(" ")} />
      {points.map(([x, y], at) => <circle key={at} class="pending-dot" cx={x} cy={y} r={5 * unit} />)}
    </>
  );
}

interface PointsProps {
  readonly shape: Shape;
  readonly unit: number;
  onKey(shape: Shape, at: number): (event: KeyboardEvent) => void;
  onFocus(id: number): void;
}

/** The points of the chosen shape, and between a zone's corners where a new one may be pulled out. */
function Points({ shape, unit, onKey, onFocus }: PointsProps): JSX.Element {
  return (
    <>
      {shape.kind === "zone" && shape.points.map((point, at) => {
        const [x, y] = middleOf(point, shape.points[(at + 1) % shape.points.length] ?? point);
        return <g key={`middle-${at}`} class="between" aria-hidden="true"><circle class="reach" cx={x} cy={y} r={12 * unit} /><circle class="dot" cx={x} cy={y} r={4 * unit} /></g>;
      })}
      {shape.points.map((point, at) => (
        <Handle key={at} at={point} unit={unit} name={`${shape.id}-${at}`} role={say("point")}
          label={say("pointOf", { number: at + 1, name: shape.name, x: point[0], y: point[1] })} onFocus={() => onFocus(shape.id)} onKeyDown={onKey(shape, at)} />
      ))}
    </>
  );
}

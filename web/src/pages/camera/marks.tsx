/** How lines and zones look on the picture. */

import type { JSX } from "preact";
import { type Shape, inward, labelPlace } from "./shapes.ts";
import type { XY } from "./wire.ts";

interface Props {
  readonly shape: Shape;
  /** How many pixels of the picture a CSS pixel is. */
  readonly unit: number;
  readonly isChosen?: boolean;
  readonly isWrong?: boolean;
  /** What is written below its name. */
  readonly text?: string;
}

/** A line with an arrow to its in side, or a zone; with its name. */
export function Mark({ shape, unit, isChosen = false, isWrong = false, text = "" }: Props): JSX.Element {
  const points = shape.points.map((point) => point.join(",")).join(" ");
  const [x, y] = shape.kind === "line" ? beside(shape, unit) : labelPlace(shape);
  return (
    <g class="mark" data-kind={shape.kind} data-chosen={isChosen} data-wrong={isWrong}>
      {(["halo", "edge"] as const).map((part) => shape.kind === "zone"
        ? <polygon key={part} class={part} points={points} />
        : <polyline key={part} class={part} points={points} />)}
      {shape.kind === "line" && <Arrow points={shape.points} unit={unit} />}
      <text class="name" x={x} y={y + (text === "" ? 5 : -3) * unit} font-size={14 * unit} text-anchor="middle">
        {shape.name}
        {text !== "" && <tspan class="numbers" x={x} dy={17 * unit}>{text}</tspan>}
      </text>
    </g>
  );
}

/** Where a line's name stands: on the side that its arrow does not point to. */
function beside({ points }: Shape, unit: number): XY {
  const { middle: [x, y], way: [a, b] } = inward(points);
  return [x - 26 * a * unit, y - 26 * b * unit];
}

function Arrow({ points, unit }: { points: readonly XY[]; unit: number }): JSX.Element {
  const { middle: [x, y], way: [a, b] } = inward(points);
  const at = (along: number, across: number): string => `${x + unit * (along * a - across * b)},${y + unit * (along * b + across * a)}`;
  return <path class="arrow" d={`M${at(0, 0)}L${at(14, 0)}M${at(22, 0)}L${at(12, 7)}L${at(12, -7)}Z`} />;
}

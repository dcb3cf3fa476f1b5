/** The ground seen from above, as a board to put points on: the site's plan, or plain squares. Pure. */

import type { Pair } from "./homography.ts";
import type { Size } from "./shapes.ts";
import type { Plan, XY } from "./wire.ts";

export interface Ground {
  /** Of the board, in its own units. */
  readonly size: Size;
  readonly metresPerUnit: number;
  /** Where the board's upper left corner lies, metres. */
  readonly corner: XY;
  /** Whether y grows upwards, as on paper; on a plan it grows downwards. */
  readonly isUp: boolean;
}

const LEAST_M = 20;

export function groundOfPlan({ width, height, metres_wide }: Plan): Ground {
  return { size: { width, height }, metresPerUnit: metres_wide / width, corner: [0, 0], isUp: false };
}

/** Plain squares around some points, with room to add others; a unit is a centimetre. */
export function plainGround(pairs: readonly Pair[]): Ground {
  const range = (axis: 0 | 1): readonly [number, number] => {
    const values = pairs.map(({ m }) => m[axis]);
    const [low, high] = values.length === 0 ? [0, 0] : [Math.min(...values), Math.max(...values)];
    const room = Math.max(LEAST_M, 1.4 * (high - low)) - (high - low);
    return [Math.floor(low - room / 2), Math.ceil(high + room / 2)];
  };
  const [[left, right], [bottom, top]] = [range(0), range(1)];
  return { size: { width: 100 * (right - left), height: 100 * (top - bottom) }, metresPerUnit: 0.01, corner: [left, top], isUp: true };
}

export function toBoard({ metresPerUnit, corner, isUp }: Ground, [x, y]: XY): XY {
  return [(x - corner[0]) / metresPerUnit, ((isUp ? corner[1] - y : y - corner[1])) / metresPerUnit];
}

/** A place of the board in metres, rounded to centimetres. */
export function toMetres({ metresPerUnit, corner, isUp }: Ground, [x, y]: XY): XY {
  return [cm(corner[0] + x * metresPerUnit), cm(isUp ? corner[1] - y * metresPerUnit : corner[1] + y * metresPerUnit)];
}

/** The lines of plain squares that are so many metres wide, in the board's units. */
export function squares({ size, metresPerUnit, corner, isUp }: Ground): { stepM: number; x: readonly number[]; y: readonly number[] } {
  const widestM = Math.max(size.width, size.height) * metresPerUnit;
  const stepM = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000].find((step) => widestM / step <= 40) ?? 100_000;
  const steps = (length: number, offset: number): number[] => {
    const first = (Math.ceil(offset / stepM) * stepM - offset) / metresPerUnit;
    return Array.from({ length: Math.max(0, Math.floor((length - first) / (stepM / metresPerUnit)) + 1) }, (_, at) => first + (at * stepM) / metresPerUnit);
  };
  return { stepM, x: steps(size.width, corner[0]), y: steps(size.height, isUp ? -corner[1] : corner[1]) };
}

export function cm(metres: number): number {
  return Math.round(100 * metres) / 100;
}

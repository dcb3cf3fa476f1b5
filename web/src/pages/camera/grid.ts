/** A grid on the ground, seen in the picture: only what lies in front of the horizon. Pure. */

import { type Matrix, depth, inverse, toGround } from "./homography.ts";
import { passesThrough } from "./rules.ts";
import type { Size } from "./shapes.ts";
import type { XY } from "./wire.ts";

export interface Grid {
  /** Metres between two lines. */
  readonly stepM: number;
  /** Segments in pixels. */
  readonly lines: readonly (readonly [XY, XY])[];
}

const STEPS_M = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const MOST_LINES = 120;
const SAMPLES = 24;
/** How far beyond the nearest ground the grid reaches, in distances of that nearest ground's depth: the rest is a blur. */
const FARTHEST = 6;

/** The grid of the finest step, from one metre on, that does not fill the picture with lines. */
export function gridOf(matrix: Matrix, size: Size): Grid | null {
  const back = inverse(matrix);
  const ground = seenGround(matrix, size);
  if (back === null || ground === null) return null;
  const { low, high } = ground;
  const stepM = STEPS_M.find((step) => (high[0] - low[0] + high[1] - low[1]) / step <= MOST_LINES);
  if (stepM === undefined) return null;
  const lines: (readonly [XY, XY])[] = [];
  for (const axis of [0, 1] as const) {
    const other = axis === 0 ? 1 : 0;
    for (let at = Math.ceil(low[axis] / stepM) * stepM; at <= high[axis]; at += stepM) {
      const end = (along: number): XY => (axis === 0 ? [at, along] : [along, at]);
      const drawn = shown(back, end(low[other]), end(high[other]), ground.leastDepth);
      if (drawn !== null && passesThrough(drawn[0], drawn[1], size)) lines.push(drawn);
    }
  }
  return { stepM, lines };
}

/** The box of the ground that the picture shows, without its far end at the horizon. */
function seenGround(matrix: Matrix, { width, height }: Size): { low: XY; high: XY; leastDepth: number } | null {
  const pixels: XY[] = [];
  for (let i = 0; i <= SAMPLES; i++) for (let j = 0; j <= SAMPLES; j++) pixels.push([(width * i) / SAMPLES, (height * j) / SAMPLES]);
  // `depth` of a pixel is one over its distance: the largest is the nearest ground.
  const nearest = Math.max(...pixels.map((pixel) => depth(matrix, pixel)));
  const near = pixels.filter((pixel) => depth(matrix, pixel) > nearest / FARTHEST);
  const ground = near.flatMap((pixel) => { const place = toGround(matrix, pixel); return place === null ? [] : [place]; });
  if (ground.length === 0) return null;
  const end = (most: (...values: number[]) => number): XY => [most(...ground.map(([x]) => x)), most(...ground.map(([, y]) => y))];
  // All that the picture shows has a depth of at least one over `nearest`: what is nearer is cut off outside it.
  return { low: end(Math.min), high: end(Math.max), leastDepth: 0.5 / nearest };
}

/** The picture of a segment of the ground, without what lies behind the camera; null where all of it does. */
export function shown(back: Matrix, from: XY, to: XY, leastDepth: number): readonly [XY, XY] | null {
  const [near, far] = [depth(back, from), depth(back, to)];
  if (near < leastDepth && far < leastDepth) return null;
  const cut = (inside: XY, outside: XY, a: number, b: number): XY => {
    const share = (a - leastDepth) / (a - b);
    return [inside[0] + share * (outside[0] - inside[0]), inside[1] + share * (outside[1] - inside[1])];
  };
  const start = near >= leastDepth ? from : cut(to, from, far, near);
  const end = far >= leastDepth ? to : cut(from, to, near, far);
  return [project(back, start), project(back, end)];
}

function project(back: Matrix, [x, y]: XY): XY {
  const w = depth(back, [x, y]);
  return [(back[0] * x + back[1] * y + back[2]) / w, (back[3] * x + back[4] * y + back[5]) / w];
}

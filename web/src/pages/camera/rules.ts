/** What may be drawn: the rules of the site file, as `LineTable` and `ZoneTable` of the hub have them. Pure. */

import type { Drawing, Shape, Size } from "./shapes.ts";
import type { XY } from "./wire.ts";

const MOST_OF_A_KIND = 100;
const MOST_CORNERS = 100;
const LONGEST_NAME = 64;

const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._-]*[\p{L}\p{M}\p{N}._-])?$/u;

/** A mistake by its kind, which the page puts into words; `first` and `second` are the numbers of sides, from one. */
export type Mistake =
  | { readonly rule: "name" | "doubled" | "short" | "thin" | "outside" | "corners" | "many-corners"; readonly id: number }
  | { readonly rule: "crossing"; readonly id: number; readonly first: number; readonly second: number }
  | { readonly rule: "many-lines" | "many-zones"; readonly id: null };

export function isName(text: string): boolean {
  return [...text].length <= LONGEST_NAME && NAME.test(text);
}

/** All that is wrong with a drawing on a picture of some size. */
export function mistakesOf(drawing: Drawing, size: Size): readonly Mistake[] {
  const found: Mistake[] = [];
  const seen = new Set<string>();
  for (const shape of drawing) {
    const name = shape.name.normalize("NFC");
    if (!isName(name)) found.push({ rule: "name", id: shape.id });
    else if (seen.has(name)) found.push({ rule: "doubled", id: shape.id });
    seen.add(name);
    const wrong = shape.kind === "line" ? lineMistake(shape, size) : zoneMistake(shape, size);
    if (wrong !== null) found.push(wrong);
  }
  const number = (kind: Shape["kind"]): number => drawing.filter((shape) => shape.kind === kind).length;
  if (number("line") > MOST_OF_A_KIND) found.push({ rule: "many-lines", id: null });
  if (number("zone") > MOST_OF_A_KIND) found.push({ rule: "many-zones", id: null });
  return found;
}

function lineMistake({ id, points }: Shape, size: Size): Mistake | null {
  const [a, b] = points;
  if (a === undefined || b === undefined || Math.hypot(a[0] - b[0], a[1] - b[1]) < 1) return { rule: "short", id };
  return passesThrough(a, b, size) ? null : { rule: "outside", id };
}

function zoneMistake({ id, points }: Shape, size: Size): Mistake | null {
  if (points.length < 3) return { rule: "corners", id };
  if (points.length > MOST_CORNERS) return { rule: "many-corners", id };
  const crossing = crossingOf(points);
  if (crossing !== null) return { rule: "crossing", id, first: crossing[0] + 1, second: crossing[1] + 1 };
  if (Math.abs(areaOf(points)) < 1) return { rule: "thin", id };
  return Math.abs(areaOf(cutTo(points, size))) < 1 ? { rule: "outside", id } : null;
}

/** The first two sides of a polygon that are no neighbours and meet; null where it does not cross itself. */
export function crossingOf(corners: readonly XY[]): readonly [number, number] | null {
  const count = corners.length;
  const corner = (at: number): XY => corners[at % count] ?? [0, 0];
  for (let i = 0; i < count; i++) {
    for (let j = i + 2; j < count; j++) {
      if (i === 0 && j === count - 1) continue;
      if (sidesMeet(corner(i), corner(i + 1), corner(j), corner(j + 1))) return [i, j];
    }
  }
  return null;
}

function sidesMeet(a: XY, b: XY, c: XY, d: XY): boolean {
  const side = (p: XY, q: XY, r: XY): number => Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
  const across = side(a, b, c) * side(a, b, d) <= 0 && side(c, d, a) * side(c, d, b) <= 0;
  const overlap = (axis: 0 | 1): boolean =>
    Math.max(Math.min(a[axis], b[axis]), Math.min(c[axis], d[axis])) <= Math.min(Math.max(a[axis], b[axis]), Math.max(c[axis], d[axis]));
  return across && overlap(0) && overlap(1); // two sides on one line need not meet
}

/** The signed area of a polygon. */
export function areaOf(corners: readonly XY[]): number {
  return corners.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = corners[(at + 1) % corners.length] ?? [x, y];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}

/** Whether a piece of a segment lies in the picture (Liang and Barsky 1984). */
export function passesThrough(a: XY, b: XY, { width, height }: Size): boolean {
  let [enter, leave] = [0, 1];
  for (const [from, step, most] of [[a[0], b[0] - a[0], width], [a[1], b[1] - a[1], height]] as const) {
    if (step === 0) {
      if (from < 0 || from > most) return false;
      continue;
    }
    const [first, last] = [-from / step, (most - from) / step].sort((one, other) => one - other) as [number, number];
    enter = Math.max(enter, first);
    leave = Math.min(leave, last);
  }
  return enter < leave;
}

/** A polygon's part in the picture, cut side by side (Sutherland and Hodgman 1974). */
export function cutTo(corners: readonly XY[], { width, height }: Size): readonly XY[] {
  let polygon = corners;
  for (const [axis, limit, sign] of [[0, 0, 1], [0, width, -1], [1, 0, 1], [1, height, -1]] as const) {
    polygon = polygon.flatMap((here, at) => {
      const next = polygon[(at + 1) % polygon.length] ?? here;
      const [inside, nextInside] = [sign * (here[axis] - limit), sign * (next[axis] - limit)];
      const share = inside / (inside - nextInside);
      const cut: XY = [here[0] + (next[0] - here[0]) * share, here[1] + (next[1] - here[1]) * share];
      return [...(inside >= 0 ? [here] : []), ...(inside * nextInside < 0 ? [cut] : [])];
    });
  }
  return polygon;
}

/** Lines and zones that are drawn on a picture: made, hit, edited, undone. Pure. */

import type { LineWire, Registered, XY, ZoneWire } from "./wire.ts";

export interface Shape {
  /** Of this drawing alone; never sent. */
  readonly id: number;
  readonly kind: "line" | "zone";
  readonly name: string;
  /** Two of a line, three or more of a zone; pixels. */
  readonly points: readonly XY[];
}
export type Drawing = readonly Shape[];

export interface Size {
  readonly width: number;
  readonly height: number;
}

export type Hit =
  | { readonly what: "point"; readonly id: number; readonly at: number }
  /** The side from point `at` to the next one. */
  | { readonly what: "side"; readonly id: number; readonly at: number }
  | { readonly what: "inside"; readonly id: number };

export function drawingOf({ line, zone }: Pick<Registered, "line" | "zone">): Drawing {
  return [
    ...line.map(({ name, from, to }) => ({ kind: "line" as const, name, points: [from, to] })),
    ...zone.map(({ name, corners }) => ({ kind: "zone" as const, name, points: corners })),
  ].map((shape, id) => ({ id, ...shape }));
}

/** The drawing as the registry takes it. */
export function wireOf(drawing: Drawing): { line: LineWire[]; zone: ZoneWire[] } {
  const line = drawing.filter(({ kind }) => kind === "line");
  const zone = drawing.filter(({ kind }) => kind === "zone");
  return {
    line: line.map(({ name, points: [from, to] }) => ({ name, from: from ?? [0, 0], to: to ?? [0, 0] })),
    zone: zone.map(({ name, points }) => ({ name, corners: points })),
  };
}

/** Whether two drawings say the same, whatever their ids. */
export function isSame(one: Drawing, other: Drawing): boolean {
  return JSON.stringify(wireOf(one)) === JSON.stringify(wireOf(other));
}

/** A shape more, and its id. */
export function added(drawing: Drawing, shape: Omit<Shape, "id">): readonly [Drawing, number] {
  const id = 1 + Math.max(-1, ...drawing.map((each) => each.id));
  return [[...drawing, { ...shape, id }], id];
}

export function removed(drawing: Drawing, id: number): Drawing {
  return drawing.filter((shape) => shape.id !== id);
}

export function renamed(drawing: Drawing, id: number, name: string): Drawing {
  return drawing.map((shape) => (shape.id === id ? { ...shape, name } : shape));
}

/** A line whose in side is the other one. */
export function turned(drawing: Drawing, id: number): Drawing {
  return drawing.map((shape) => (shape.id === id && shape.kind === "line" ? { ...shape, points: shape.points.toReversed() } : shape));
}

/** One point moved to another place. */
export function moved(drawing: Drawing, id: number, at: number, to: XY): Drawing {
  return drawing.map((shape) => (shape.id === id && at < shape.points.length ? { ...shape, points: shape.points.with(at, to) } : shape));
}

/** A zone with a corner more, after the one at `after`: by default in the middle of that side. */
export function inserted(drawing: Drawing, id: number, after: number, place?: XY): Drawing {
  return drawing.map((shape) => {
    if (shape.id !== id || shape.kind !== "zone") return shape;
    const corner = place ?? middleOf(shape.points[after] ?? [0, 0], shape.points[(after + 1) % shape.points.length] ?? [0, 0]);
    return { ...shape, points: shape.points.toSpliced(after + 1, 0, corner) };
  });
}

/** A zone with a corner less; three are left at least. */
export function withoutPoint(drawing: Drawing, id: number, at: number): Drawing {
  return drawing.map((shape) =>
    shape.id === id && shape.kind === "zone" && shape.points.length > 3 ? { ...shape, points: shape.points.toSpliced(at, 1) } : shape,
  );
}

/** A name that is still free: "line 1", "line 2". */
export function freeName(drawing: Drawing, stem: string): string {
  const taken = new Set(drawing.map(({ name }) => name.normalize("NFC")));
  for (let number = 1; ; number++) if (!taken.has(`${stem} ${number}`)) return `${stem} ${number}`;
}

/** A shape for those who draw without a pointer: in the middle of the picture, to be moved from there. */
export function usualPoints(kind: Shape["kind"], { width, height }: Size): readonly XY[] {
  const [left, right, top, bottom] = [width / 4, (3 * width) / 4, height / 3, (2 * height) / 3].map(Math.round) as [number, number, number, number];
  if (kind === "line") return [[left, Math.round(height / 2)], [right, Math.round(height / 2)]];
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

/** A place kept within the picture, in tenths of a pixel. */
export function kept([x, y]: XY, { width, height }: Size): XY {
  const within = (value: number, most: number): number => Math.round(10 * Math.min(most, Math.max(0, value))) / 10;
  return [within(x, width), within(y, height)];
}

/** From the middle of a line, the direction of *in*, of length one: the right-hand side looking from its first point to its second. */
export function inward([from, to]: readonly XY[]): { middle: XY; way: XY } {
  const [a, b]: readonly [XY, XY] = [from ?? [0, 0], to ?? [0, 0]];
  const [x, y] = [b[0] - a[0], b[1] - a[1]];
  const length = Math.hypot(x, y) || 1;
  return { middle: middleOf(a, b), way: [-y / length, x / length] };
}

/** What lies under a place: points before sides before areas, the nearest first, the later drawn before the earlier. */
export function hitAt(drawing: Drawing, place: XY, reach: number): Hit | null {
  let best: { hit: Hit; distance: number } | null = null;
  const offer = (hit: Hit, distance: number): void => {
    if (distance <= reach && (best === null || distance <= best.distance)) best = { hit, distance };
  };
  for (const { id, points } of drawing) points.forEach((point, at) => offer({ what: "point", id, at }, distance(point, place)));
  if (best !== null) return (best as { hit: Hit }).hit;
  for (const { id, kind, points } of drawing) {
    const sides = kind === "line" ? points.slice(0, 1) : points;
    sides.forEach((point, at) => offer({ what: "side", id, at }, distanceToSide(place, point, points[(at + 1) % points.length] ?? point)));
  }
  if (best !== null) return (best as { hit: Hit }).hit;
  const around = drawing.findLast(({ kind, points }) => kind === "zone" && isInside(place, points));
  return around === undefined ? null : { what: "inside", id: around.id };
}

/** Whether a point lies in a polygon: a ray from it to the right crosses its sides an odd number of times. */
export function isInside([x, y]: XY, corners: readonly XY[]): boolean {
  let inside = false;
  corners.forEach(([ax, ay], at) => {
    const [bx, by] = corners[(at + 1) % corners.length] ?? [ax, ay];
    if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) inside = !inside;
  });
  return inside;
}

/** Where the name and numbers of a shape are written: the middle of its points. */
export function labelPlace({ points }: Shape): XY {
  const sum = points.reduce<XY>(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}

export function middleOf(a: XY, b: XY): XY {
  return [Math.round(5 * (a[0] + b[0])) / 10, Math.round(5 * (a[1] + b[1])) / 10];
}

function distance(a: XY, b: XY): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function distanceToSide(place: XY, a: XY, b: XY): number {
  const [x, y] = [b[0] - a[0], b[1] - a[1]];
  const share = Math.min(1, Math.max(0, ((place[0] - a[0]) * x + (place[1] - a[1]) * y) / (x * x + y * y || 1)));
  return distance(place, [a[0] + share * x, a[1] + share * y]);
}

/** A value with what it was before and, after an undo, what it was then. */
export interface History<Value> {
  readonly past: readonly Value[];
  readonly now: Value;
  readonly future: readonly Value[];
  /** Edits of one key that follow each other are one step, as the arrow keys' are. */
  readonly key: string;
}

const MOST_STEPS = 200;

export function begun<Value>(now: Value): History<Value> {
  return { past: [], now, future: [], key: "" };
}

export function edited<Value>(history: History<Value>, now: Value, key = ""): History<Value> {
  if (now === history.now) return history;
  if (key !== "" && key === history.key) return { ...history, now, future: [] };
  return { past: [...history.past, history.now].slice(-MOST_STEPS), now, future: [], key };
}

export function undone<Value>({ past, now, future, key }: History<Value>): History<Value> {
  const before = past.at(-1);
  return before === undefined ? { past, now, future, key } : { past: past.slice(0, -1), now: before, future: [now, ...future], key: "" };
}

export function redone<Value>({ past, now, future, key }: History<Value>): History<Value> {
  const [after, ...rest] = future;
  return after === undefined ? { past, now, future, key } : { past: [...past, now], now: after, future: rest, key: "" };
}

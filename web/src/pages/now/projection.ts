/** From places in the world to points of the screen: projecting, fitting, moving, and gathering what lies close together. Pure. */

import type { Camera } from "./network.ts";

/** How the cameras are laid out: on a site's plan in metres, by latitude and longitude, or in rows where nobody said where they hang. */
export type Surface = "plan" | "earth" | "rows";

/** What part of the world is seen: the world's point in the middle of the screen, and pixels for one unit of the world. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Cameras with their places in the world: Mercator's square from 0 to 1, metres of a plan, or columns and rows. */
export interface Layout {
  readonly surface: Surface;
  readonly cameras: readonly Camera[];
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly bounds: Bounds;
}

const MOST_LATITUDE = 85.0511;
const EQUATOR_M = 40_075_016.686;
/** Cameras of one place are drawn around it so far apart, metres. */
const APART_M = 2.5;
/** The least side of the squares within which marks are gathered, pixels of the screen. */
export const GATHER_PX = 40;

export function mercator(lat: number, lon: number): readonly [number, number] {
  const bounded = Math.min(MOST_LATITUDE, Math.max(-MOST_LATITUDE, lat));
  return [(lon + 180) / 360, (1 - Math.asinh(Math.tan((bounded * Math.PI) / 180)) / Math.PI) / 2];
}

/** Latitude and longitude of a point of Mercator's square. */
export function latLon(x: number, y: number): readonly [number, number] {
  return [(Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, x * 360 - 180];
}

/** Metres for one unit of the world at a height of it. */
export function metresPerUnit(surface: Surface, y: number): number {
  return surface === "earth" ? EQUATOR_M * Math.cos((latLon(0, y)[0] * Math.PI) / 180) : 1;
}

/** Lay cameras out; those of which the surface knows no place are left out. */
export function layoutOf(surface: Surface, cameras: readonly Camera[], plan: Bounds | null = null): Layout {
  const shown = cameras.filter(({ x, y, lat, lon }) => surface === "rows" || (surface === "plan" ? x !== null && y !== null : lat !== null && lon !== null));
  const x = new Float64Array(shown.length);
  const y = new Float64Array(shown.length);
  const columns = Math.ceil(Math.sqrt(shown.length * 1.6));
  const taken = new Map<string, number>();
  shown.forEach((camera, i) => {
    const [atX, atY] =
      surface === "plan" ? [camera.x ?? 0, camera.y ?? 0]
      : surface === "earth" ? mercator(camera.lat ?? 0, camera.lon ?? 0)
      : [i % columns, Math.floor(i / columns)];
    const key = `${atX} ${atY}`;
    const before = taken.get(key) ?? 0;
    taken.set(key, before + 1);
    // Around those that hang at the same place, on a spiral that never meets itself.
    const away = (APART_M * Math.sqrt(before)) / metresPerUnit(surface, atY);
    x[i] = atX + away * Math.cos(2.4 * before);
    y[i] = atY + away * Math.sin(2.4 * before);
  });
  return { surface, cameras: shown, x, y, bounds: plan ?? boundsOf(x, y, surface) };
}

function boundsOf(x: Float64Array, y: Float64Array, surface: Surface): Bounds {
  if (x.length === 0) return { left: 0, top: 0, right: 1, bottom: 1 };
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < x.length; i++) {
    left = Math.min(left, x[i] ?? 0);
    right = Math.max(right, x[i] ?? 0);
    top = Math.min(top, y[i] ?? 0);
    bottom = Math.max(bottom, y[i] ?? 0);
  }
  // One camera alone would be seen from infinitely near.
  const least = surface === "rows" ? 1 : 40 / metresPerUnit(surface, top);
  const grow = (from: number, to: number): readonly [number, number] =>
    to - from >= least ? [from, to] : [(from + to - least) / 2, (from + to + least) / 2];
  const [l, r] = grow(left, right);
  const [t, b] = grow(top, bottom);
  return { left: l, right: r, top: t, bottom: b };
}

export function fit(bounds: Bounds, size: Size): View {
  const marginPx = Math.min(64, 0.16 * size.width);
  const [width, height] = [Math.max(40, size.width - 2 * marginPx), Math.max(40, size.height - 2 * marginPx)];
  const scale = Math.min(width / (bounds.right - bounds.left), height / (bounds.bottom - bounds.top));
  return { x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2, scale };
}

export function toScreen(view: View, size: Size, x: number, y: number): readonly [number, number] {
  return [size.width / 2 + (x - view.x) * view.scale, size.height / 2 + (y - view.y) * view.scale];
}

export function toWorld(view: View, size: Size, px: number, py: number): readonly [number, number] {
  return [view.x + (px - size.width / 2) / view.scale, view.y + (py - size.height / 2) / view.scale];
}

/** The view moved by pixels of the screen, never so far that all is lost from sight. */
export function pan(view: View, layout: Layout, dx: number, dy: number): View {
  return held({ ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale }, layout);
}

/** The view nearer or farther by a factor, the point under a pixel staying where it is. */
export function zoom(view: View, layout: Layout, size: Size, factor: number, px = size.width / 2, py = size.height / 2): View {
  const scale = Math.min(nearest(layout), Math.max(fit(layout.bounds, size).scale / 4, view.scale * factor));
  const [x, y] = toWorld(view, size, px, py);
  return held({ x: x - (px - size.width / 2) / scale, y: y - (py - size.height / 2) / scale, scale }, layout);
}

/** The largest scale that makes sense: 40 pixels a metre, or one camera across a small screen. */
function nearest(layout: Layout): number {
  return layout.surface === "rows" ? 300 : 40 * metresPerUnit(layout.surface, layout.bounds.top);
}

function held(view: View, { bounds }: Layout): View {
  return {
    x: Math.min(bounds.right, Math.max(bounds.left, view.x)),
    y: Math.min(bounds.bottom, Math.max(bounds.top, view.y)),
    scale: view.scale,
  };
}

/** One mark of the map: a camera, or several that lie close together. */
export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly members: readonly Camera[];
}

/**
 * Gather cameras that lie close together at a scale, by squares of a grid that stands still while the view moves.
 *
 * A mark stands at the middle of its members; of two in neighbouring squares that would touch, the smaller joins the larger.
 */
export function gather(layout: Layout, scale: number): readonly Mark[] {
  const side = 2 ** gatheringOf(scale);
  const squares = new Map<string, Gathered>();
  layout.cameras.forEach((camera, i) => {
    const [x, y] = [layout.x[i] ?? 0, layout.y[i] ?? 0];
    const [column, row] = [Math.floor(x / side), Math.floor(y / side)];
    const key = `${column} ${row}`;
    const square = squares.get(key);
    if (square === undefined) squares.set(key, { column, row, x, y, members: [camera] });
    else join(square, { x, y, members: [camera] });
  });
  for (const square of squares.values()) {
    for (const [right, down] of NEIGHBOURS) {
      const other = squares.get(`${square.column + right} ${square.row + down}`);
      if (other === undefined || square.members.length === 0 || other.members.length === 0) continue;
      const [m, n] = [square.members.length, other.members.length];
      if (Math.hypot(square.x / m - other.x / n, square.y / m - other.y / n) > TOUCHING * side) continue;
      const [smaller, larger] = m < n ? [square, other] : [other, square];
      join(larger, smaller);
      smaller.members = [];
    }
  }
  return [...squares.values()]
    .filter(({ members }) => members.length > 0)
    .map(({ x, y, members }) => ({ x: x / members.length, y: y / members.length, members }));
}

interface Gathered {
  readonly column: number;
  readonly row: number;
  /** Sums over the members. */
  x: number;
  y: number;
  members: Camera[];
}

const NEIGHBOURS: readonly (readonly [number, number])[] = [[1, 0], [-1, 1], [0, 1], [1, 1]];
/** The part of a square's side below which two marks touch. */
const TOUCHING = 0.7;

function join(square: Gathered, other: { readonly x: number; readonly y: number; readonly members: readonly Camera[] }): void {
  square.x += other.x;
  square.y += other.y;
  square.members.push(...other.members);
}

/** The side of the grid's squares at a scale, as a power of two in steps of a half: as long as it is the same, so are the marks. */
export function gatheringOf(scale: number): number {
  return Math.ceil(2 * Math.log2(GATHER_PX / scale)) / 2;
}

/** Where a view stands, as its address says it: `at` in degrees, metres or columns, and `zoom` as the power of two of its scale. */
export function addressOfView(view: View, surface: Surface): { readonly at: string; readonly zoom: string } {
  const [first, second] = surface === "earth" ? latLon(view.x, view.y) : [view.x, view.y];
  const digits = surface === "earth" ? 6 : 1;
  return { at: `${first.toFixed(digits)},${second.toFixed(digits)}`, zoom: (Math.log2(view.scale) - (surface === "earth" ? 8 : 0)).toFixed(2) };
}

/** The view of an address; null where it says none, or nonsense. */
export function viewOfAddress(at: string | undefined, zoomed: string | undefined, layout: Layout, size: Size): View | null {
  const parts = (at ?? "").split(",").map(Number);
  const [first, second] = parts;
  if (at === undefined || zoomed === undefined || parts.length !== 2 || first === undefined || second === undefined) return null;
  const power = Number(zoomed) + (layout.surface === "earth" ? 8 : 0);
  if (at === "" || zoomed === "" || !Number.isFinite(first) || !Number.isFinite(second) || !Number.isFinite(power)) return null;
  const [x, y] = layout.surface === "earth" ? mercator(first, second) : [first, second];
  return zoom(held({ x, y, scale: 2 ** Math.min(60, Math.max(-60, power)) }, layout), layout, size, 1);
}

/** A round length for a scale bar of about so many pixels, metres. */
export function roundLength(metresPerPx: number, aboutPx: number): number {
  const most = metresPerPx * aboutPx;
  const power = 10 ** Math.floor(Math.log10(most));
  return ([5, 2, 1].find((digit) => digit * power <= most) ?? 1) * power;
}

/** Draws the map: its ground, and on it the marks. */

import { LEVELS } from "./network.ts";
import { type Sum, arrowWidth, radiusOf, sumOf } from "./marks.ts";
import { type Layout, type Mark, type Size, type View, latLon, mercator, metresPerUnit, roundLength, toScreen, toWorld } from "./projection.ts";

export interface Colours {
  readonly ground: string;
  readonly surface: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly accent: string;
  readonly inwards: string;
  readonly outwards: string;
  readonly none: string;
  readonly onLevel: string;
  readonly levels: readonly string[];
}

export interface Scene {
  readonly layout: Layout;
  readonly marks: readonly Mark[];
  readonly view: View;
  readonly size: Size;
  readonly nowS: number;
  readonly plan: CanvasImageSource | null;
  readonly ringed: Mark | null;
  readonly hovered: Mark | null;
  readonly words: { readonly north: string; length(metres: number): string; count(cameras: number): string };
}

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
const NAME_FONT = `500 12px ${FONT}`;
/** Pixels of the map for each mark in view from which on there is room for arrows and names. */
const ROOMY_PX2 = 110 * 70;
const GRID_PX = 120;

export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ground: of("--ground"), surface: of("--surface"), ink: of("--ink"), muted: of("--muted"), grid: of("--edge"), accent: of("--accent"),
    inwards: of("--curve"), outwards: of("--curve-2"), none: of("--los-none"), onLevel: of("--los-ink"),
    levels: [..."abcdef"].map((level) => of(`--los-${level}`)),
  };
}

export function draw(ctx: CanvasRenderingContext2D, scene: Scene, colours: Colours): void {
  const { size, view, layout } = scene;
  ctx.fillStyle = colours.ground;
  ctx.fillRect(0, 0, size.width, size.height);
  if (layout.surface === "plan") drawPlan(ctx, scene, colours);
  if (layout.surface === "earth") drawGraticule(ctx, scene, colours);
  const inView: [Mark, number, number, Sum][] = [];
  for (const mark of scene.marks) {
    const [x, y] = toScreen(view, size, mark.x, mark.y);
    if (x > -40 && y > -40 && x < size.width + 40 && y < size.height + 40) inView.push([mark, x, y, sumOf(mark, scene.nowS)]);
  }
  // The worst on top.
  inView.sort((a, b) => a[3].level - b[3].level);
  const roomy = inView.length * ROOMY_PX2 < size.width * size.height;
  const single = roomy ? inView.filter(([mark]) => mark.members.length === 1) : [];
  const isFree = (x: number, y: number, width: number, height: number): boolean =>
    inView.every(([, atX, atY]) => (x === atX && y === atY) || Math.abs(atX - x) > width || Math.abs(atY - y) > height);
  for (const [mark, x, y, sum] of single) if (isFree(x, y, 52, 18)) drawFlows(ctx, x, y, radiusOf(mark, sum), sum, colours);
  for (const [mark, x, y, sum] of inView) drawMark(ctx, mark, x, y, sum, scene, colours);
  const named: Named[] = [];
  for (const [mark, x, y, sum] of single.reverse()) {
    const name = nameOf(ctx, mark, x, y + radiusOf(mark, sum) + 12);
    const isCovered = named.some((other) => Math.abs(other.x - x) < other.half + name.half && Math.abs(other.y - name.y) < 16);
    if (isCovered || inView.some(([, atX, atY]) => atY !== y && Math.abs(atX - x) < name.half + 10 && Math.abs(atY - name.y) < 18)) continue;
    named.push(name);
    drawName(ctx, name, colours);
  }
  if (layout.surface !== "rows") drawScale(ctx, scene, colours);
}

function drawPlan(ctx: CanvasRenderingContext2D, { plan, layout, view, size }: Scene, colours: Colours): void {
  const { left, top, right, bottom } = layout.bounds;
  const [x, y] = toScreen(view, size, left, top);
  const [width, height] = [(right - left) * view.scale, (bottom - top) * view.scale];
  ctx.fillStyle = colours.surface;
  ctx.fillRect(x, y, width, height);
  if (plan !== null) ctx.drawImage(plan, x, y, width, height);
  ctx.strokeStyle = colours.grid;
  ctx.lineWidth = 1;
  ctx.strokeRect(x, y, width, height);
}

/** Lines of equal latitude and longitude, named at the rim. */
function drawGraticule(ctx: CanvasRenderingContext2D, { view, size }: Scene, colours: Colours): void {
  const [north, west] = latLon(...toWorld(view, size, 0, 0));
  const [south, east] = latLon(...toWorld(view, size, size.width, size.height));
  const step = roundDegrees(((east - west) / size.width) * GRID_PX);
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  ctx.strokeStyle = colours.grid;
  ctx.fillStyle = colours.muted;
  ctx.lineWidth = 1;
  ctx.font = `11px ${FONT}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.beginPath();
  for (let lon = Math.ceil(west / step) * step; lon < east; lon += step) {
    const x = Math.round(toScreen(view, size, mercator(0, lon)[0], 0)[0]) + 0.5;
    ctx.moveTo(x, 0);
    ctx.lineTo(x, size.height);
    ctx.fillText(`${lon.toFixed(digits)}°`, x + 4, 13);
  }
  for (let lat = Math.ceil(south / step) * step; lat < north; lat += step) {
    const y = Math.round(toScreen(view, size, 0, mercator(lat, 0)[1])[1]) + 0.5;
    ctx.moveTo(0, y);
    ctx.lineTo(size.width, y);
    if (y > 30) ctx.fillText(`${lat.toFixed(digits)}°`, 4, y - 4);
  }
  ctx.stroke();
}

function roundDegrees(about: number): number {
  const power = 10 ** Math.floor(Math.log10(about));
  return ([1, 2, 5].find((digit) => digit * power >= about) ?? 10) * power;
}

function drawMark(ctx: CanvasRenderingContext2D, mark: Mark, x: number, y: number, sum: Sum, scene: Scene, colours: Colours): void {
  const radius = radiusOf(mark, sum);
  const many = mark.members.length > 1;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  if (sum.known === 0) {
    ctx.fillStyle = colours.surface;
    ctx.fill();
    hatch(ctx, x, y, radius, colours.muted);
    ctx.strokeStyle = colours.muted;
    ctx.lineWidth = 1.5;
    ctx.stroke();
  } else {
    ctx.fillStyle = colours.levels[sum.level] ?? colours.none;
    ctx.fill();
    ctx.strokeStyle = colours.surface;
    ctx.lineWidth = 1.5;
    ctx.stroke();
  }
  if (many && sum.known > 0 && sum.unknown > 0) rim(ctx, x, y, radius + 3, sum.unknown / mark.members.length, colours.muted);
  if (mark === scene.ringed || mark === scene.hovered) {
    ctx.beginPath();
    ctx.arc(x, y, radius + 6, 0, 2 * Math.PI);
    ctx.strokeStyle = mark === scene.ringed ? colours.accent : colours.muted;
    ctx.lineWidth = mark === scene.ringed ? 3 : 1.5;
    ctx.stroke();
  }
  const letter = LEVELS[sum.level] ?? "";
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  if (many) {
    ctx.fillStyle = sum.known === 0 ? colours.ink : colours.onLevel;
    ctx.font = `600 ${mark.members.length > 999 ? 10 : 12}px ${FONT}`;
    if (sum.known === 0) {
      ctx.lineWidth = 3;
      ctx.strokeStyle = colours.surface;
      ctx.strokeText(scene.words.count(mark.members.length), x, y + 0.5);
    }
    ctx.fillText(scene.words.count(mark.members.length), x, y + 0.5);
    if (letter !== "") drawBadge(ctx, x + radius * 0.8, y + radius * 0.8, letter, sum.level, colours);
  } else if (letter !== "" && sum.known > 0) {
    ctx.fillStyle = colours.onLevel;
    ctx.font = `700 ${radius < 10 ? 10 : 12}px ${FONT}`;
    ctx.fillText(letter, x, y + 0.5);
  }
}

function drawBadge(ctx: CanvasRenderingContext2D, x: number, y: number, letter: string, level: number, colours: Colours): void {
  ctx.beginPath();
  ctx.arc(x, y, 7, 0, 2 * Math.PI);
  ctx.fillStyle = colours.surface;
  ctx.fill();
  ctx.strokeStyle = colours.levels[level] ?? colours.none;
  ctx.lineWidth = 1.5;
  ctx.stroke();
  ctx.fillStyle = colours.ink;
  ctx.font = `700 10px ${FONT}`;
  ctx.fillText(letter, x, y + 0.5);
}

/** The share of a mark's cameras that is unknown, as a dashed piece of its rim. */
function rim(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number, share: number, colour: string): void {
  ctx.save();
  ctx.beginPath();
  ctx.arc(x, y, radius, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * Math.max(0.08, share));
  ctx.setLineDash([2, 2]);
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2.5;
  ctx.stroke();
  ctx.restore();
}

function hatch(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string): void {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let off = -radius; off <= radius; off += 4) {
    const half = Math.sqrt(Math.max(0, radius ** 2 - off ** 2)) * Math.SQRT1_2;
    const middle = off * Math.SQRT1_2;
    ctx.moveTo(x + middle - half, y + middle + half);
    ctx.lineTo(x + middle + half, y + middle - half);
  }
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
}

/** Two arrows: from the left towards the camera those who went in, to the right away from it those who went out. */
function drawFlows(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number, sum: Sum, colours: Colours): void {
  if (Number.isNaN(sum.inPerMin)) return;
  arrow(ctx, x - radius - 21, y, arrowWidth(sum.inPerMin), colours.inwards, colours.surface);
  arrow(ctx, x + radius + 4, y, arrowWidth(sum.outPerMin), colours.outwards, colours.surface);
}

function arrow(ctx: CanvasRenderingContext2D, x: number, y: number, width: number, colour: string, around: string): void {
  const [shaft, head, half] = [9, 8, width / 2];
  ctx.beginPath();
  ctx.moveTo(x, y - half);
  ctx.lineTo(x + shaft, y - half);
  ctx.lineTo(x + shaft, y - half - 3.5);
  ctx.lineTo(x + shaft + head, y);
  ctx.lineTo(x + shaft, y + half + 3.5);
  ctx.lineTo(x + shaft, y + half);
  ctx.lineTo(x, y + half);
  ctx.closePath();
  ctx.strokeStyle = around;
  ctx.lineWidth = 2;
  ctx.stroke();
  ctx.fillStyle = colour;
  ctx.fill();
}

/** A camera's name below its mark, and how far it reaches to either side. */
interface Named {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly half: number;
}

function nameOf(ctx: CanvasRenderingContext2D, { members: [first] }: Mark, x: number, y: number): Named {
  const name = first?.name ?? "";
  const text = name.length > 20 ? `${name.slice(0, 19)}…` : name;
  ctx.font = NAME_FONT;
  return { text, x, y, half: ctx.measureText(text).width / 2 + 3 };
}

function drawName(ctx: CanvasRenderingContext2D, { text, x, y }: Named, colours: Colours): void {
  ctx.font = NAME_FONT;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.lineWidth = 3;
  ctx.strokeStyle = colours.surface;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = colours.ink;
  ctx.fillText(text, x, y);
}

/** A scale bar in the lower right corner, and where north is. */
function drawScale(ctx: CanvasRenderingContext2D, { layout, view, size, words }: Scene, colours: Colours): void {
  const metres = metresPerUnit(layout.surface, view.y) / view.scale;
  const length = roundLength(metres, 110);
  const px = length / metres;
  const [x, y] = [size.width - 14 - px, size.height - 14];
  ctx.lineWidth = 2;
  ctx.strokeStyle = colours.ink;
  ctx.beginPath();
  ctx.moveTo(x, y - 5);
  ctx.lineTo(x, y);
  ctx.lineTo(x + px, y);
  ctx.lineTo(x + px, y - 5);
  ctx.stroke();
  ctx.font = `500 12px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "alphabetic";
  label(ctx, words.length(length), x + px / 2, y - 6, colours);
  if (layout.surface !== "earth") return;
  ctx.fillStyle = colours.ink;
  ctx.beginPath();
  ctx.moveTo(x - 16, y - 26);
  ctx.lineTo(x - 21, y - 13);
  ctx.lineTo(x - 16, y - 16);
  ctx.lineTo(x - 11, y - 13);
  ctx.fill();
  label(ctx, words.north, x - 16, y, colours);
}

function label(ctx: CanvasRenderingContext2D, text: string, x: number, y: number, colours: Colours): void {
  ctx.lineWidth = 3;
  ctx.strokeStyle = colours.ground;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = colours.ink;
  ctx.fillText(text, x, y);
}

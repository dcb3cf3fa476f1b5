/** Draws the week behind a rule on a canvas. */

import { localeOf, reading } from "../../core/language.ts";
import { type Point, type Ring, columnsOf, topOf } from "./trial.ts";

export interface Drawn {
  readonly points: readonly Point[];
  readonly startS: number;
  readonly endS: number;
  readonly rings: readonly Ring[];
  readonly levels: { readonly level: number | null; readonly clear: number | null };
  numberOf(value: number): string;
}

const HEIGHT = 180;
const FOOT = 20;
const MARK = 5;
const DAY_S = 86_400;

export function drawWeek(canvas: HTMLCanvasElement, drawn: Drawn): void {
  const width = canvas.clientWidth;
  const context = canvas.getContext("2d");
  if (context === null) return;
  const density = devicePixelRatio;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(HEIGHT * density);
  context.setTransform(density, 0, 0, density, 0, 0);
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(name);
  const { startS, endS, rings, levels } = drawn;
  const columns = columnsOf(drawn.points, startS, endS, columnCount(drawn, width));
  const top = topOf(columns, [levels.level ?? 0, levels.clear ?? 0]);
  const x = (timeS: number): number => ((timeS - startS) / (endS - startS)) * width;
  const y = (value: number): number => (HEIGHT - FOOT) * (1 - Math.min(1, Math.max(0, value / top)));
  const step = width / columns.length;

  context.font = `12px ${style.fontFamily}`;
  drawDays(context, drawn, x, colour("--grid"), colour("--muted"));
  columns.forEach((column, at) => {
    if (column === null) {
      context.fillStyle = colour("--gap");
      context.fillRect(at * step, 0, step, HEIGHT - FOOT);
      return;
    }
    context.fillStyle = colour("--band");
    context.fillRect(at * step, y(column.upper), step, y(column.lower) - y(column.upper));
    context.fillStyle = colour("--curve");
    context.fillRect(at * step, y(column.most) - 0.75, step, y(column.least) - y(column.most) + 1.5);
  });
  context.fillStyle = colour("--alarm");
  for (const ring of rings) {
    const [left, wide] = [x(ring.startS), Math.max(3, x(ring.endS ?? endS) - x(ring.startS))];
    context.fillRect(left, HEIGHT - FOOT - MARK, wide, MARK);
    context.globalAlpha = 0.16;
    context.fillRect(left, 0, wide, HEIGHT - FOOT);
    context.globalAlpha = 1;
  }
  drawLevel(context, levels.level, [], colour("--alarm"), { width, y, text: drawn.numberOf });
  drawLevel(context, levels.clear, [5, 4], colour("--muted"), { width, y, text: drawn.numberOf });
}

/** No more columns than ticks, or the spaces between them would look unknown. */
function columnCount({ points, startS, endS }: Drawn, width: number): number {
  const gaps = points.slice(1, 200).map((point, i) => point.timeS - (points[i]?.timeS ?? 0)).sort((a, b) => a - b);
  const tickS = gaps[Math.floor(gaps.length / 2)] ?? endS - startS;
  return Math.max(1, Math.min(Math.floor(width), Math.floor((endS - startS) / Math.max(tickS, 1))));
}

function drawDays(context: CanvasRenderingContext2D, { startS, endS }: Drawn, x: (timeS: number) => number, line: string, ink: string): void {
  const names = new Intl.DateTimeFormat(localeOf(reading()), { weekday: "short", day: "numeric" });
  const day = new Date(startS * 1000);
  day.setHours(24, 0, 0, 0);
  for (; day.getTime() / 1000 < endS; day.setDate(day.getDate() + 1)) {
    const at = day.getTime() / 1000;
    context.fillStyle = line;
    context.fillRect(Math.round(x(at)), 0, 1, HEIGHT - FOOT);
    context.fillStyle = ink;
    if (x(at + DAY_S) - x(at) > 44 || day.getDate() % 2 === 0) context.fillText(names.format(day), x(at) + 3, HEIGHT - 5);
  }
}

interface Scale {
  readonly width: number;
  y(value: number): number;
  text(value: number): string;
}

function drawLevel(context: CanvasRenderingContext2D, level: number | null, dash: number[], colour: string, { width, y, text }: Scale): void {
  if (level === null) return;
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.5;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(0, y(level));
  context.lineTo(width, y(level));
  context.stroke();
  context.setLineDash([]);
  context.fillText(text(level), 4, Math.max(11, y(level) - 4));
}

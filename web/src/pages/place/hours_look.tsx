/** A measure day by day and hour by hour, as a map of colours, with each number under the pointer, by the keyboard, and in a table. */

import type { JSX } from "preact";
import { useCallback, useMemo, useState } from "preact/hooks";
import { localeOf, reading } from "../../core/language.ts";
import { formatsOf } from "../../core/numbers.ts";
import { Canvas, type Pen } from "./canvas.tsx";
import { type Cell, type Day, daysOf, highestOf } from "./hours.ts";
import type { Loaded } from "./loading.ts";
import { nameOf, plainOf, reasonOf, textOf, titleOf, unitOf } from "./measures.ts";
import { colourAt, roundTop } from "./scale.ts";
import { type Span, daysLater, isCounted } from "./span.ts";
import { say } from "./words.ts";

const formats = formatsOf();
const LEFT = 84;
const TOP = 20;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

interface Props {
  readonly loaded: Loaded | null;
  readonly quantity: string;
  onSpan(span: Span): void;
  onCanvas(canvas: HTMLCanvasElement | null): void;
}

export function HoursLook({ loaded, quantity, onSpan, onCanvas }: Props): JSX.Element {
  const [at, setAt] = useState<At | null>(null);
  const series = loaded?.series[0];
  const days = useMemo(() => (loaded === null || series === undefined ? [] : daysOf(series, loaded.span, isCounted(quantity))), [loaded, quantity]);
  const top = useMemo(() => roundTop(highestOf(days)), [days]);
  const rowHeight = Math.max(3, Math.min(20, Math.floor(520 / Math.max(1, days.length))));
  const draw = useCallback((pen: Pen) => drawDays(pen, days, top, rowHeight, at), [days, top, at]);
  const find = (event: MouseEvent): At | null => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const hour = Math.floor(((event.clientX - box.left - LEFT) / (box.width - LEFT)) * 24);
    const day = Math.floor((event.clientY - box.top - TOP) / rowHeight);
    return hour < 0 || hour > 23 || day < 0 || day >= days.length ? null : { day, hour };
  };
  const open = (day: Day | undefined): void => {
    if (day !== undefined) onSpan({ fromS: day.startS, toS: daysLater(day.startS, 1) });
  };
  const key = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Enter" && at !== null) open(days[at.day]);
    else if (by === undefined || days.length === 0) return;
    else if (at === null) setAt({ day: days.length - 1, hour: 0 });
    else setAt({ day: clamped(at.day + (by[0] ?? 0), days.length), hour: clamped(at.hour + (by[1] ?? 0), 24) });
    event.preventDefault();
  };
  const told = at === null ? "" : cellText(days[at.day], at.hour, quantity);
  return (
    <>
      <div class="curve-head">
        <p class="keys">{titleOf(quantity)}</p>
        <p class="point" role="status">{told}</p>
      </div>
      <div class="hours" tabIndex={0} role="group" aria-label={`${say("hours")}: ${nameOf(quantity)}. ${say("hoursHelp")}`}
        onKeyDown={key} onBlur={() => setAt(null)}>
        <Canvas label={say("hoursImage", { name: nameOf(quantity), count: days.length })} height={() => TOP + rowHeight * days.length + 2}
          draw={draw} onCanvas={onCanvas}
          onPointerMove={(event) => setAt(find(event))} onPointerLeave={() => setAt(null)} onClick={(event) => open(days[find(event)?.day ?? -1])} />
      </div>
      <Scale top={top} quantity={quantity} />
      <p class="label">{say(isCounted(quantity) ? "hoursCounted" : "hoursLast")}</p>
      {days.length > 0 && <DaysTable days={days} quantity={quantity} />}
    </>
  );
}

function clamped(value: number, below: number): number {
  return Math.min(below - 1, Math.max(0, value));
}

function Scale({ top, quantity }: { top: number; quantity: string }): JSX.Element {
  const draw = useCallback(({ ctx, width, height, dark, colour }: Pen) => {
    for (let x = 0; x < width; x++) {
      ctx.fillStyle = colourAt(x / width, dark);
      ctx.fillRect(x, 0, 1, height);
    }
    ctx.strokeStyle = colour("--muted");
    ctx.strokeRect(0.5, 0.5, width - 1, height - 1);
  }, []);
  return (
    <p class="scale label">
      <span>0</span>
      <Canvas label={say("scale")} height={() => 12} draw={draw} />
      <span>{plainOf(formats, quantity, top)} {unitOf(quantity)}</span>
      <span class="hatched" aria-hidden="true" /> <span>{say("unknown")}</span>
    </p>
  );
}

/** The cell that is looked at. */
interface At {
  readonly day: number;
  readonly hour: number;
}

function drawDays(pen: Pen, days: readonly Day[], top: number, rowHeight: number, at: At | null): void {
  const { ctx, width, height, colour } = pen;
  ctx.clearRect(0, 0, width, height);
  const cellWidth = (width - LEFT) / 24;
  ctx.font = "12px system-ui, sans-serif";
  ctx.fillStyle = colour("--muted");
  ctx.textBaseline = "middle";
  for (const hour of HOURS.filter((each) => each % (cellWidth < 22 ? 6 : 3) === 0)) ctx.fillText(String(hour).padStart(2, "0"), LEFT + hour * cellWidth + 2, 9);
  let named = -Infinity;
  for (const [i, day] of days.entries()) {
    const y = TOP + i * rowHeight;
    if (y - named >= 16) {
      ctx.fillStyle = colour("--muted");
      ctx.fillText(SHORT_DAY.format(day.startS * 1000), 0, y + Math.max(7, rowHeight / 2));
      named = y;
    }
    for (const [hour, cell] of day.cells.entries()) drawCell(pen, cell, [LEFT + hour * cellWidth, y, cellWidth, rowHeight], top);
  }
  if (at !== null) {
    ctx.strokeStyle = colour("--ink");
    ctx.lineWidth = 2;
    ctx.strokeRect(LEFT + at.hour * cellWidth, TOP + at.day * rowHeight, cellWidth, rowHeight);
  }
}

const SHORT_DAY = new Intl.DateTimeFormat(localeOf(reading()), { weekday: "short", day: "numeric", month: "short" });

type Box = readonly [x: number, y: number, width: number, height: number];

function drawCell({ ctx, dark, colour }: Pen, cell: Cell, [x, y, width, height]: Box, top: number): void {
  const gap = height > 6 ? 1 : 0;
  if (cell.kind === "known") {
    ctx.fillStyle = colourAt(cell.value / top, dark);
    ctx.fillRect(x, y, width - gap, height - gap);
  } else if (cell.kind === "unknown") {
    ctx.save();
    ctx.beginPath();
    ctx.rect(x, y, width - gap, height - gap);
    ctx.clip();
    ctx.strokeStyle = colour("--muted");
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (let offset = -height; offset < width; offset += 5) {
      ctx.moveTo(x + offset, y + height);
      ctx.lineTo(x + offset + height, y);
    }
    ctx.stroke();
    ctx.restore();
  }
}

function cellText(day: Day | undefined, hour: number, quantity: string): string {
  const cell = day?.cells[hour];
  if (day === undefined || cell === undefined) return "";
  if (cell.kind === "skipped") return `${formats.day(day.startS)}, ${say("skipped")}`;
  return `${formats.moment(cell.startS)}: ${numberText(cell, quantity)}`;
}

function numberText(cell: Cell, quantity: string): string {
  if (cell.kind === "known") return textOf(formats, quantity, cell.value, cell.error);
  if (cell.kind === "skipped") return "";
  return cell.kind === "unknown" ? say("unknownFor", { reason: reasonOf(cell.reason) }) : "–";
}

function DaysTable({ days, quantity }: { days: readonly Day[]; quantity: string }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <details class="as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{say("asTable")}</summary>
      {open && (
        <div class="scrolled" tabIndex={0} role="region" aria-label={say("asTable")}>
          <table>
            <thead><tr><th scope="col">{say("day")}</th>{HOURS.map((hour) => <th key={hour} scope="col">{String(hour).padStart(2, "0")}</th>)}</tr></thead>
            <tbody>
              {days.toReversed().map((day) => (
                <tr key={day.startS}>
                  <th scope="row">{formats.day(day.startS)}</th>
                  {day.cells.map((cell, hour) => <td key={hour}>{numberText(cell, quantity)}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

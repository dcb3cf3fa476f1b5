/** The fundamental diagram of a zone: speed and specific flow against density, beside Weidmann's curve. */

import type { JSX } from "preact";
import { useCallback, useMemo } from "preact/hooks";
import { BAND, formatsOf } from "../../core/numbers.ts";
import { Canvas, type Pen } from "./canvas.tsx";
import { type Bin, type Point, binWidthOf, binsOf, flowsOf, pointsOf, weidmannFlow, weidmannSpeed } from "./diagram.ts";
import type { Loaded } from "./loading.ts";
import { titleOf, unitOf } from "./measures.ts";
import { digitsOf, roundTop } from "./scale.ts";
import { say } from "./words.ts";

const formats = formatsOf();
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 12, 26, 40];

type Area = readonly [left: number, top: number, width: number, height: number];

export function DiagramLook({ loaded, onCanvas }: { loaded: Loaded | null; onCanvas: (canvas: HTMLCanvasElement | null) => void }): JSX.Element {
  const speeds = useMemo(() => pointsOfLoaded(loaded), [loaded]);
  const flows = useMemo(() => flowsOf(speeds), [speeds]);
  const width = binWidthOf(speeds);
  const bins = useMemo(() => [binsOf(speeds, width), binsOf(flows, width)] as const, [speeds]);
  const draw = useCallback((pen: Pen) => drawBoth(pen, [speeds, flows], bins), [speeds, flows]);
  if (loaded === null) return <p class="label">{say("loading")}</p>;
  return (
    <>
      {speeds.length === 0 && <p class="warn">{say("nothing")}</p>}
      <Canvas label={say("diagramImage", { count: speeds.length })} height={(across) => (across > 720 ? 360 : 640)} draw={draw} onCanvas={onCanvas} />
      <p class="label keys"><span class="key" data-trace="mean">{say("binMeans")}</span> <span class="key" data-trace="reference">Weidmann 1993</span></p>
      <p class="label">{say("diagramNote")}</p>
      {speeds.length > 0 && <BinsTable bins={bins} />}
    </>
  );
}

function pointsOfLoaded(loaded: Loaded | null): readonly Point[] {
  const [density, speed] = loaded?.series ?? [];
  return density === undefined || speed === undefined ? [] : pointsOf(density, speed);
}

function drawBoth(pen: Pen, points: readonly [readonly Point[], readonly Point[]], bins: readonly [readonly Bin[], readonly Bin[]]): void {
  pen.ctx.clearRect(0, 0, pen.width, pen.height);
  const beside = pen.width > 720;
  const [width, height] = beside ? [pen.width / 2, pen.height] : [pen.width, pen.height / 2];
  const highest = roundTop(1.02 * Math.max(0.5, ...points[0].map(({ density }) => density.value)));
  const speedTitle = titleOf("mean_speed");
  const flowTitle = `${say("flow")}, ${unitOf("specific_flow")}`;
  const second: Area = beside ? [width, 0, width, height] : [0, height, width, height];
  drawOne(pen, [0, 0, width, height], { points: points[0], bins: bins[0], highest, title: speedTitle, reference: weidmannSpeed });
  drawOne(pen, second, { points: points[1], bins: bins[1], highest, title: flowTitle, reference: weidmannFlow });
}

interface One {
  readonly points: readonly Point[];
  readonly bins: readonly Bin[];
  /** Of the density. */
  readonly highest: number;
  readonly title: string;
  reference(density: number): number;
}

function drawOne({ ctx, colour }: Pen, [left, top, width, height]: Area, { points, bins, highest, title, reference }: One): void {
  const samples = Array.from({ length: 101 }, (_, i) => (i * highest) / 100);
  const most = roundTop(Math.max(...samples.map(reference), ...points.map(({ other }) => other.value)));
  const x = (density: number): number => left + LEFT + (density / highest) * (width - LEFT - RIGHT);
  const y = (value: number): number => top + height - BOTTOM - (value / most) * (height - TOP - BOTTOM);
  ctx.font = "12px system-ui, sans-serif";
  ctx.lineWidth = 1;
  ctx.textBaseline = "middle";
  for (const i of [0, 1, 2, 3, 4, 5]) {
    const [density, value] = [(i * highest) / 5, (i * most) / 5];
    line(ctx, colour("--grid"), [[x(density), y(0)], [x(density), y(most)]]);
    line(ctx, colour("--grid"), [[x(0), y(value)], [x(highest), y(value)]]);
    ctx.fillStyle = colour("--muted");
    ctx.textAlign = "center";
    ctx.fillText(formats.number(density, digitsOf(highest / 5)), x(density), y(0) + 12);
    ctx.textAlign = "right";
    ctx.fillText(formats.number(value, digitsOf(most / 5)), x(0) - 6, y(value));
  }
  ctx.textAlign = "left";
  ctx.fillStyle = colour("--ink");
  ctx.fillText(title, x(0), top + 10);
  ctx.textAlign = "right";
  ctx.fillText(titleOf("density"), x(highest), y(0) + 29);
  ctx.textAlign = "left";
  ctx.fillStyle = colour("--curve");
  ctx.globalAlpha = points.length > 500 ? 0.18 : 0.35;
  for (const { density, other } of points) ctx.fillRect(x(density.value) - 1.5, y(other.value) - 1.5, 3, 3);
  ctx.globalAlpha = 1;
  ctx.setLineDash([6, 4]);
  line(ctx, colour("--muted"), samples.map((density) => [x(density), y(reference(density))]));
  ctx.setLineDash([]);
  ctx.save();
  ctx.beginPath();
  ctx.rect(x(0), top, width - LEFT - RIGHT, height - BOTTOM);
  ctx.clip();
  ctx.lineWidth = 2;
  for (const { density, other } of bins) {
    const [dHalf, oHalf] = [BAND * density.error, BAND * other.error];
    line(ctx, colour("--ink"), [[x(density.value - dHalf), y(other.value)], [x(density.value + dHalf), y(other.value)]]);
    line(ctx, colour("--ink"), [[x(density.value), y(other.value - oHalf)], [x(density.value), y(other.value + oHalf)]]);
    ctx.fillStyle = colour("--ink");
    ctx.beginPath();
    ctx.arc(x(density.value), y(other.value), 4, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, stroke: string, points: readonly (readonly [number, number])[]): void {
  ctx.strokeStyle = stroke;
  ctx.beginPath();
  for (const [i, [x, y]] of points.entries()) (i === 0 ? ctx.moveTo(x, y) : ctx.lineTo(x, y));
  ctx.stroke();
}

function BinsTable({ bins: [speeds, flows] }: { bins: readonly [readonly Bin[], readonly Bin[]] }): JSX.Element {
  return (
    <details class="as-table">
      <summary>{say("asTable")}</summary>
      <div class="scrolled" tabIndex={0} role="region" aria-label={say("asTable")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{titleOf("density")}</th><th scope="col">{titleOf("mean_speed")}</th>
              <th scope="col">Weidmann, m/s</th><th scope="col">{say("flow")}, {unitOf("specific_flow")}</th><th scope="col">{say("numbers")}</th>
            </tr>
          </thead>
          <tbody>
            {speeds.map(({ density, other, count }, i) => (
              <tr key={density.value}>
                <th scope="row">{formats.measured(density.value, density.error)}</th>
                <td>{formats.measured(other.value, other.error)}</td>
                <td>{formats.number(weidmannSpeed(density.value), 2)}</td>
                <td>{formats.measured(flows[i]?.other.value ?? 0, flows[i]?.other.error ?? 0)}</td>
                <td>{formats.number(count, 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

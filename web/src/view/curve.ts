/** Draws a camera's last hour with uPlot: curve, error band, gaps; readable with mouse, finger, keyboard and screen reader. */

import uPlot from "uplot";
import { type Curve, rangeOf } from "../curve.ts";
import { clock, curveSentence, gapsSentence, pointSentence } from "../format.ts";
import { WINDOW_S } from "../model.ts";
import { make, setShown, setText } from "./dom.ts";

const NOTHING: Curve = { endS: [], traces: [], gaps: [] };
const TRACE_COLOURS = ["--curve", "--curve-2"] as const;
const BAND_COLOURS = ["--band", "--band-2"] as const;
/** The shortest stretch of time drawn. */
const SHORTEST_S = 300;
const FONT = "12px system-ui, sans-serif";
/** Axis steps: people come whole. */
const STEPS = [1, 2, 5].flatMap((step) => [0, 1, 2, 3, 4, 5, 6].map((power) => step * 10 ** power)).sort((a, b) => a - b);

export class CurveView {
  readonly element: HTMLElement;
  readonly #box = make("div", { class: "curve-box", role: "slider", tabindex: "0", "aria-orientation": "horizontal" });
  readonly #point = make("span", { class: "curve-point" });
  readonly #legend = make("span", { class: "curve-legend" });
  readonly #gaps = make("p", { class: "curve-gaps" });
  readonly #summary: HTMLElement;
  #plot: uPlot | null = null;
  #curve: Curve = NOTHING;
  #nowS = 0;
  #names = "";

  constructor(id: string) {
    this.#summary = make("p", { class: "unseen", id: `${id}-summary` });
    this.#box.setAttribute("aria-labelledby", `${id}-name`);
    this.#box.setAttribute("aria-describedby", `${id}-summary`);
    const head = make("p", { class: "curve-head", "aria-hidden": "true" }, this.#legend, this.#point);
    this.element = make("div", { class: "curve" }, head, this.#box, this.#gaps, this.#summary);
    this.#box.addEventListener("keydown", (event) => {
      this.#key(event);
    });
    this.#box.addEventListener("blur", () => this.#plot?.setCursor({ left: -10, top: -10 }));
    new ResizeObserver(() => {
      this.#resize();
    }).observe(this.#box);
  }

  update(curve: Curve, nowS: number): void {
    this.#curve = curve;
    this.#nowS = nowS;
    const names = curve.traces.map((trace) => trace.name).join();
    if (names !== this.#names) {
      this.#names = names;
      this.redrawAfresh();
    } else {
      this.#plot?.setData(dataOf(curve));
    }
    this.#drawLegend();
    setText(this.#gaps, gapsSentence(curve.gaps, nowS));
    setShown(this.#gaps, curve.gaps.length > 0);
    setText(this.#summary, curveSentence(curve, nowS));
    this.#describePoint(this.#plot?.cursor.idx ?? null);
  }

  /** Draw anew with the colours that hold now. */
  redrawAfresh(): void {
    this.#plot?.destroy();
    this.#plot = null;
    if (this.#box.clientWidth > 0 && this.#curve.traces.length > 0) {
      this.#plot = new uPlot(this.#options(), dataOf(this.#curve), this.#box);
      this.#plot.root.setAttribute("aria-hidden", "true");
    }
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (width === 0) return;
    if (this.#plot === null) this.redrawAfresh();
    else if (this.#plot.width !== width || this.#plot.height !== height) this.#plot.setSize({ width, height });
  }

  /** Where the curve begins: an hour ago, or when numbers began if that is less, and then at least five minutes ago. */
  #startS(): number {
    const first = this.#curve.endS[0] ?? this.#nowS;
    return Math.max(this.#nowS - WINDOW_S, Math.min(first - 10, this.#nowS - SHORTEST_S));
  }

  #drawLegend(): void {
    const startS = this.#startS();
    const entries = this.#curve.traces.length > 1 ? this.#curve.traces.map((trace) => trace.name) : [];
    const minutes = Math.round((this.#nowS - startS) / 60);
    const span = minutes < 58 ? `Last ${minutes} minutes` : "Last hour"; // the first tick of an hour ended within it
    if (this.#legend.textContent === [span, ...entries].join("")) return;
    this.#legend.replaceChildren(
      span,
      ...entries.map((name, i) => make("span", { class: "curve-key", "data-trace": String(i) }, name)),
    );
  }

  #describePoint(i: number | null): void {
    const text = i === null ? "" : pointSentence(this.#curve, i, this.#nowS);
    setText(this.#point, text);
    const last = Math.max(0, this.#curve.endS.length - 1);
    this.#box.setAttribute("aria-valuemin", "0");
    this.#box.setAttribute("aria-valuemax", String(last));
    this.#box.setAttribute("aria-valuenow", String(i ?? last));
    this.#box.setAttribute("aria-valuetext", text || "Last hour; arrow keys step through it");
  }

  #key(event: KeyboardEvent): void {
    const last = this.#curve.endS.length - 1;
    if (this.#plot === null || last < 0) return;
    const at = this.#plot.cursor.idx ?? last + 1;
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      PageUp: at - 10,
      PageDown: at + 10,
      Home: 0,
      End: last,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const i = Math.min(last, Math.max(0, to));
    const value = this.#curve.traces[0]?.values[i] ?? 0;
    this.#plot.setCursor({ left: this.#plot.valToPos(this.#curve.endS[i] ?? 0, "x"), top: this.#plot.valToPos(value, "y") });
  }

  #options(): uPlot.Options {
    const style = getComputedStyle(this.#box);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--muted"),
      font: FONT,
      grid: { stroke: colour("--grid"), width: 1 },
      ticks: { show: false },
    };
    return {
      width: this.#box.clientWidth,
      height: this.#box.clientHeight,
      padding: [8, 18, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
      scales: {
        x: { time: true, range: () => [this.#startS(), this.#nowS] },
        y: { range: () => [...rangeOf(this.#curve)] },
      },
      axes: [
        { ...axis, size: 28, gap: 8, space: 56, values: (_plot, splits) => splits.map((s) => clock(s, s)) },
        { ...axis, size: widthOf, gap: 6, space: 28, incrs: STEPS },
      ],
      series: [{}, ...this.#curve.traces.flatMap((_trace, i) => seriesOf(colour(TRACE_COLOURS[i % 2] ?? "--curve")))],
      bands: this.#curve.traces.map((_trace, i) => ({
        series: [3 * i + 2, 3 * i + 3],
        fill: colour(BAND_COLOURS[i % 2] ?? "--band"),
      })),
      hooks: {
        drawClear: [(plot): void => drawGaps(plot, this.#curve, this.#nowS, colour("--gap"))],
        setCursor: [(plot): void => { this.#describePoint(plot.cursor.idx ?? null); }],
      },
    };
  }
}

/** Room for the longest label of the vertical axis, CSS pixels. */
function widthOf(_plot: uPlot, labels: string[] | null): number {
  return 14 + 7.5 * Math.max(3, ...(labels ?? []).map((label) => label.length));
}

/** A value's series, then its band's upper and lower edge, which are not drawn themselves. */
function seriesOf(stroke: string): uPlot.Series[] {
  const edge: uPlot.Series = { width: 0, stroke: "transparent", points: { show: false } };
  return [{ stroke, width: 2, points: { size: 4, fill: stroke } }, edge, edge];
}

function dataOf(curve: Curve): uPlot.AlignedData {
  const columns = curve.traces.flatMap((trace) => [[...trace.values], [...trace.upper], [...trace.lower]]);
  return [[...curve.endS], ...columns];
}

/** Shade the stretches without numbers over the whole height. */
function drawGaps(plot: uPlot, curve: Curve, nowS: number, colour: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = colour;
  for (const gap of curve.gaps) {
    const left = plot.valToPos(Math.max(gap.startS, nowS - WINDOW_S), "x", true);
    const right = plot.valToPos(Math.min(gap.endS, nowS), "x", true);
    if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.restore();
}

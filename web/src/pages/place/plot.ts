/** Draws curves with uPlot, and turns mouse, wheel and fingers into spans of time. */

import uPlot from "uplot";
import { localeOf, reading } from "../../core/language.ts";
import { type Columns, type Gap, joined, topOf } from "./curve.ts";
import { digitsOf } from "./scale.ts";
import { type Span, moved, zoomed } from "./span.ts";

/** One curve: its band is drawn in its own colour, and that of the week before fainter. */
export interface Trace {
  readonly columns: Columns;
  readonly inPeople: boolean;
  readonly colour: 0 | 1;
  /** Left or right. */
  readonly axis: 0 | 1;
  readonly faint: boolean;
  /** Counts are drawn as steps. */
  readonly steps: boolean;
}

export interface Picture {
  readonly traces: readonly Trace[];
  readonly gaps: readonly Gap[];
  readonly span: Span;
  /** Nothing is shown beyond it. */
  readonly nowS: number;
}

export interface Listener {
  /** Another span was asked for; `settled` once the hand has come to rest. */
  span(span: Span, settled: boolean): void;
  /** The time under the pointer, or null. */
  pointed(timeS: number | null): void;
  /** What is drawn on from now on. */
  drawn(canvas: HTMLCanvasElement): void;
}

const FONT = "12px system-ui, sans-serif";
const SIDES = ["a", "b"] as const;
const STROKES = ["--curve", "--curve-2"] as const;
const FILLS = ["--band", "--band-2"] as const;
const SETTLED_MS = 180;

export class Plot {
  readonly #box: HTMLElement;
  readonly #listener: Listener;
  readonly #watch: ResizeObserver;
  readonly #dark = matchMedia("(prefers-color-scheme: dark)");
  readonly #fingers = new Map<number, number>();
  #plot: uPlot | null = null;
  #picture: Picture = { traces: [], gaps: [], span: { fromS: 0, toS: 1 }, nowS: 0 };
  #shape = "";
  #span: Span = { fromS: 0, toS: 1 };
  #settle: ReturnType<typeof setTimeout> | undefined;

  constructor(box: HTMLElement, listener: Listener) {
    this.#box = box;
    this.#listener = listener;
    this.#watch = new ResizeObserver(() => this.#resize());
    this.#watch.observe(box);
    this.#dark.addEventListener("change", this.#anew);
    box.addEventListener("wheel", this.#wheel, { passive: false });
    box.addEventListener("pointerdown", this.#down);
    box.addEventListener("pointermove", this.#move);
    for (const end of ["pointerup", "pointercancel", "pointerleave"] as const) box.addEventListener(end, this.#up);
  }

  close(): void {
    this.#watch.disconnect();
    this.#dark.removeEventListener("change", this.#anew);
    clearTimeout(this.#settle);
    this.#plot?.destroy();
  }

  show(picture: Picture): void {
    this.#picture = picture;
    this.#span = picture.span;
    const shape = JSON.stringify(picture.traces.map(({ inPeople, colour, axis, faint, steps }) => [inPeople, colour, axis, faint, steps]));
    if (this.#plot === null || shape !== this.#shape) {
      this.#shape = shape;
      this.#anew();
    } else {
      this.#plot.setData(dataOf(picture), false);
      this.#plot.setScale("x", { min: picture.span.fromS, max: picture.span.toS });
    }
  }

  /** Put the cursor onto a time, or take it away. */
  point(timeS: number | null): void {
    if (this.#plot === null) return;
    const left = timeS === null ? -10 : this.#plot.valToPos(timeS, "x");
    this.#plot.setCursor({ left, top: left < 0 ? -10 : this.#plot.over.clientHeight / 2 }, false);
  }

  readonly #anew = (): void => {
    this.#plot?.destroy();
    this.#plot = null;
    if (this.#box.clientWidth === 0 || this.#picture.traces.length === 0) return;
    this.#plot = new uPlot(this.#options(), dataOf(this.#picture), this.#box);
    this.#plot.root.setAttribute("aria-hidden", "true");
    this.#listener.drawn(this.#plot.ctx.canvas);
  };

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (width === 0) return;
    if (this.#plot === null) this.#anew();
    else if (this.#plot.width !== width || this.#plot.height !== height) this.#plot.setSize({ width, height });
  }

  /** Show another span at once with what is drawn already, and ask for it once the hand rests. */
  #ask(span: Span): void {
    this.#span = span;
    this.#plot?.setScale("x", { min: span.fromS, max: span.toS });
    this.#listener.span(span, false);
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => this.#listener.span(span, true), SETTLED_MS);
  }

  #timeAt(clientX: number): number {
    const box = this.#plot?.over.getBoundingClientRect();
    return box === undefined ? this.#span.toS : (this.#plot?.posToVal(clientX - box.left, "x") ?? this.#span.toS);
  }

  /** Only where the curve has the focus, or Ctrl is held (as by two fingers on a touchpad), so that the page still scrolls. */
  readonly #wheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && document.activeElement !== this.#box) return;
    event.preventDefault();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.#ask(moved(this.#span, event.deltaX / 800, this.#picture.nowS));
    } else {
      const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
      this.#ask(zoomed(this.#span, 2 ** (pixels / 200), this.#timeAt(event.clientX)));
    }
  };

  readonly #down = (event: PointerEvent): void => {
    if (event.pointerType === "touch") this.#fingers.set(event.pointerId, event.clientX);
  };

  /** One finger moves in time, two zoom. */
  readonly #move = (event: PointerEvent): void => {
    const before = this.#fingers.get(event.pointerId);
    if (before === undefined) return;
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.#fingers.set(event.pointerId, event.clientX);
    const width = this.#plot?.over.clientWidth ?? this.#box.clientWidth;
    if (other === undefined) {
      this.#ask(moved(this.#span, (before - event.clientX) / width, this.#picture.nowS));
    } else {
      const [was, is] = [Math.abs(before - other), Math.abs(event.clientX - other)].map((gap) => Math.max(24, gap));
      this.#ask(zoomed(this.#span, (was ?? 1) / (is ?? 1), this.#timeAt((event.clientX + other) / 2)));
    }
  };

  readonly #up = (event: PointerEvent): void => {
    this.#fingers.delete(event.pointerId);
  };

  #options(): uPlot.Options {
    const style = getComputedStyle(this.#box);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const { traces } = this.#picture;
    const axis: uPlot.Axis = {
      stroke: colour("--muted"), font: FONT, grid: { stroke: colour("--grid"), width: 1 }, ticks: { show: false },
    };
    const sides = SIDES.flatMap((scale, i) => {
      const inPeople = traces.find((trace) => trace.axis === i)?.inPeople;
      return inPeople === undefined ? [] : [{ scale, i, inPeople }];
    });
    return {
      width: this.#box.clientWidth,
      height: this.#box.clientHeight,
      padding: [10, sides.length > 1 ? 0 : 16, 0, 0],
      legend: { show: false },
      cursor: {
        y: false, drag: { x: true, y: false, setScale: false }, points: { size: 7 },
        bind: { dblclick: () => () => { this.#ask(zoomed(this.#span, 2, (this.#span.fromS + this.#span.toS) / 2)); return null; } },
      },
      scales: {
        x: { time: true, range: () => [this.#span.fromS, this.#span.toS] },
        ...Object.fromEntries(sides.map(({ scale, inPeople }) => [scale, { range: rangeOf(inPeople) }])),
      },
      axes: [
        { ...axis, size: 44, gap: 8, space: 64, values: timeTexts },
        ...sides.map(({ scale, i, inPeople }): uPlot.Axis => ({
          ...axis, scale, side: i === 0 ? 3 : 1, size: roomOf, gap: 6, space: 30,
          ...(sides.length > 1 ? { stroke: colour(STROKES[i] ?? "--muted") } : {}),
          ...(i === 1 ? { grid: { show: false } } : {}),
          ...(inPeople ? { incrs: WHOLE } : {}),
          values: (_plot, splits, _axis, _space, increment) => splits.map((value) => numberText(value, digitsOf(increment))),
        })),
      ],
      series: [{}, ...traces.flatMap((trace) => seriesOf(trace, colour(trace.faint ? "--muted" : STROKES[trace.colour])))],
      bands: traces.map((trace, i) => ({ series: [3 * i + 2, 3 * i + 3], fill: trace.faint ? "transparent" : colour(FILLS[trace.colour]) })),
      hooks: {
        drawClear: [(plot): void => drawGaps(plot, this.#picture.gaps, colour("--gap"), colour("--warn"))],
        setCursor: [(plot): void => {
          const { idx, left } = plot.cursor;
          this.#listener.pointed(idx == null || left == null || left < 0 ? null : plot.posToVal(left, "x"));
        }],
        setSelect: [(plot): void => {
          const { left, width } = plot.select;
          if (width < 8) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (this.#fingers.size > 0) return;
          this.#listener.span({ fromS: plot.posToVal(left, "x"), toS: plot.posToVal(left + width, "x") }, true);
        }],
      },
    };
  }
}

/** From zero to above the highest that is drawn. */
function rangeOf(inPeople: boolean): (plot: uPlot, low: number, high: number | null) => [number, number] {
  return (_plot, _low, high) => [0, topOf(high ?? 0, inPeople)];
}

/** Axis steps: people come whole. */
const WHOLE = [0, 1, 2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));

function numberText(value: number, digits: number): string {
  return new Intl.NumberFormat(localeOf(reading()), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** Room for the longest label of a vertical axis, CSS pixels. */
function roomOf(_plot: uPlot, labels: string[] | null): number {
  return 14 + 7.5 * Math.max(3, ...(labels ?? []).map((label) => label.length));
}

/** What stands below the axis of time, in the reader's language and zone: the coarser part only where it changes. */
function timeTexts(_plot: uPlot, splits: number[], _axis: number, _space: number, increment: number): string[] {
  const locale = localeOf(reading());
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", ...(increment < 60 ? { second: "2-digit" } : {}) });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
  const month = new Intl.DateTimeFormat(locale, { month: "short" });
  const year = new Intl.DateTimeFormat(locale, { year: "numeric" });
  let before = "";
  return splits.map((timeS) => {
    const ms = timeS * 1000;
    const [fine, coarse] = increment < 86_400 ? [clock, day] : increment < 28 * 86_400 ? [day, year] : [month, year];
    const head = coarse.format(ms);
    const text = head === before ? fine.format(ms) : `${fine.format(ms)}\n${head}`;
    before = head;
    return text;
  });
}

/** A value's series, then its band's upper and lower edge, which are not drawn themselves. */
function seriesOf({ axis, faint, steps }: Trace, stroke: string): uPlot.Series[] {
  const scale = SIDES[axis];
  const paths = steps ? { paths: uPlot.paths.stepped?.({ align: -1 }) as uPlot.Series.PathBuilder } : {};
  const edge: uPlot.Series = { scale, width: 0, stroke: "transparent", points: { show: false }, ...paths };
  return [{ scale, stroke, width: faint ? 1 : 1.75, points: { size: 4, fill: stroke }, ...paths }, edge, edge];
}

function dataOf({ traces }: Picture): uPlot.AlignedData {
  return joined(traces.map(({ columns }) => columns)) as unknown as uPlot.AlignedData;
}

/** Shade the stretches without numbers over the whole height, with a line below them: not by colour alone. */
function drawGaps(plot: uPlot, gaps: readonly Gap[], fill: string, edge: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const gap of gaps) {
    const left = plot.valToPos(gap.startS, "x", true);
    const width = Math.max(1, plot.valToPos(gap.endS, "x", true) - left);
    ctx.fillStyle = fill;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.fillStyle = edge;
    ctx.fillRect(left, bbox.top + bbox.height - 3 * devicePixelRatio, width, 3 * devicePixelRatio);
  }
  ctx.restore();
}

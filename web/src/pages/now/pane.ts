/** The map's canvas and what hands do on it: moving, zooming, going from mark to mark. Says what changed, and decides nothing else. */

import { type Colours, type Scene, coloursOf, draw } from "./draw.ts";
import { type Way, nextMark, radiusOf, sumOf } from "./marks.ts";
import { sheetOf } from "./plan.ts";
import { type Bounds, type Layout, type Mark, type Size, type View, fit, gather, gatheringOf, pan, toScreen, toWorld, zoom } from "./projection.ts";

export interface Told {
  /** The view was moved; null once it shows all again. */
  moved(view: View | null): void;
  /** The mark that is under the pointer or has the ring; `byKey` where a key put the ring there. */
  pointed(mark: Mark | null, byKey: boolean): void;
  /** A camera was chosen. */
  opened(mark: Mark): void;
}

const DARK = matchMedia("(prefers-color-scheme: dark)");
const STEP_PX = 60;
const WAYS: Readonly<Record<string, Way>> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const SHIFTS: Readonly<Record<Way, readonly [number, number]>> = { left: [STEP_PX, 0], right: [-STEP_PX, 0], up: [0, STEP_PX], down: [0, -STEP_PX] };
/** Farther than this a press is a drag. */
const STILL_PX = 5;
const CLOSER = 1.6;

export class Pane {
  readonly #box: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #words: Scene["words"];
  readonly #told: Told;
  readonly #watching: ResizeObserver;
  readonly #ended = new AbortController();
  #layout: Layout | null = null;
  #view: View | null = null;
  /** The view to begin with, once the size is known. */
  #wanted: ((size: Size) => View | null) | null = null;
  /** Whether the view shows all, and goes on doing so when the size changes. */
  #fitted = true;
  #size: Size = { width: 0, height: 0 };
  #marks: readonly Mark[] = [];
  #gathered = Number.NaN;
  #image: HTMLImageElement | null = null;
  #plan: HTMLCanvasElement | null = null;
  #nowS = 0;
  #ringed: Mark | null = null;
  #hovered: Mark | null = null;
  #colours: Colours;
  #frame = 0;
  #fingers = new Map<number, readonly [number, number]>();
  #dragged = 0;

  constructor(box: HTMLElement, canvas: HTMLCanvasElement, words: Scene["words"], told: Told) {
    this.#box = box;
    this.#canvas = canvas;
    this.#words = words;
    this.#told = told;
    this.#colours = coloursOf(canvas);
    this.#watching = new ResizeObserver(() => this.#resized());
    this.#watching.observe(box);
    const signal = this.#ended.signal;
    DARK.addEventListener("change", () => { this.#colours = coloursOf(canvas); this.setPlan(this.#image); }, { signal });
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    canvas.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    canvas.addEventListener("pointermove", (event) => this.#move(event), { signal });
    canvas.addEventListener("pointerup", (event) => this.#up(event), { signal });
    canvas.addEventListener("pointercancel", (event) => this.#fingers.delete(event.pointerId), { signal });
    canvas.addEventListener("pointerleave", () => this.#hover(null), { signal });
    box.addEventListener("keydown", (event) => this.#key(event), { signal });
    box.addEventListener("blur", () => this.#ring(null, false), { signal });
  }

  close(): void {
    this.#watching.disconnect();
    this.#ended.abort();
    cancelAnimationFrame(this.#frame);
  }

  /** Show other cameras, or the same on another ground; where there is no view to begin with, all of them. */
  show(layout: Layout, view: (size: Size) => View | null): void {
    this.#layout = layout;
    this.#ringed = this.#hovered = null;
    this.#gathered = Number.NaN;
    this.#view = null;
    this.#wanted = view;
    this.#regather();
  }

  setPlan(image: HTMLImageElement | null): void {
    this.#image = image;
    this.#plan = image === null ? null : sheetOf(image, DARK.matches);
    this.redraw();
  }

  /** Numbers changed, or time went on. */
  setNow(nowS: number): void {
    this.#nowS = nowS;
    this.redraw();
  }

  redraw(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => { this.#frame = 0; this.#draw(); });
  }

  zoomBy(steps: number): void {
    this.#zoom(CLOSER ** steps, this.#size.width / 2, this.#size.height / 2);
  }

  fitAll(): void {
    this.#view = null;
    this.#wanted = null;
    this.#regather();
    this.#told.moved(null);
  }

  #resized(): void {
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (width === 0 || (width === this.#size.width && height === this.#size.height)) return;
    this.#size = { width, height };
    const ratio = devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    if (this.#fitted) this.#view = null;
    this.#regather();
    // A canvas whose size was set is empty until it is drawn on.
    this.#draw();
  }

  #regather(): void {
    if (this.#layout === null || this.#size.width === 0) return;
    if (this.#view === null) {
      const begun = this.#wanted?.(this.#size) ?? null;
      this.#fitted = begun === null;
      this.#view = begun ?? fit(this.#layout.bounds, this.#size);
      this.#wanted = null;
    }
    const at = gatheringOf(this.#view.scale);
    if (at !== this.#gathered) {
      this.#gathered = at;
      this.#marks = gather(this.#layout, this.#view.scale);
      if (this.#ringed !== null) this.#ring(this.#withMember(this.#ringed), false);
      this.#hovered = null;
    }
    this.redraw();
  }

  #withMember(mark: Mark): Mark | null {
    return this.#marks.find(({ members }) => members.includes(mark.members[0] as never)) ?? null;
  }

  #draw(): void {
    const ctx = this.#canvas.getContext("2d");
    if (ctx === null || this.#layout === null || this.#view === null) return;
    const ratio = this.#canvas.width / this.#size.width;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    const [layout, view, size, marks] = [this.#layout, this.#view, this.#size, this.#marks];
    const [plan, ringed, hovered] = [this.#plan, this.#ringed, this.#hovered];
    draw(ctx, { layout, view, size, marks, nowS: this.#nowS, plan, ringed, hovered, words: this.#words }, this.#colours);
  }

  #go(view: View): void {
    this.#view = view;
    this.#fitted = false;
    this.#regather();
    this.#told.moved(view);
  }

  #pan(dx: number, dy: number): void {
    if (this.#layout !== null && this.#view !== null) this.#go(pan(this.#view, this.#layout, dx, dy));
  }

  #zoom(factor: number, px: number, py: number): void {
    if (this.#layout !== null && this.#view !== null) this.#go(zoom(this.#view, this.#layout, this.#size, factor, px, py));
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    this.#zoom(Math.exp(-Math.max(-200, Math.min(200, event.deltaY * lines)) / 300), event.offsetX, event.offsetY);
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
    if (this.#fingers.size === 1) this.#dragged = 0;
  }

  #move(event: PointerEvent): void {
    const before = this.#fingers.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType === "mouse") this.#hover(this.#markAt(event.offsetX, event.offsetY));
      return;
    }
    const [dx, dy] = [event.offsetX - before[0], event.offsetY - before[1]];
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other !== undefined) {
      const apart = Math.hypot(before[0] - other[0], before[1] - other[1]);
      const now = Math.hypot(event.offsetX - other[0], event.offsetY - other[1]);
      this.#dragged = STILL_PX + 1;
      if (apart > 0) this.#zoom(now / apart, (event.offsetX + other[0]) / 2, (event.offsetY + other[1]) / 2);
      this.#pan(dx / 2, dy / 2);
    } else {
      this.#dragged += Math.hypot(dx, dy);
      // Not before it is a drag, or a press with an unsteady hand would move the map.
      if (this.#dragged <= STILL_PX) return;
      this.#pan(dx, dy);
    }
    this.#fingers.set(event.pointerId, [event.offsetX, event.offsetY]);
  }

  #up(event: PointerEvent): void {
    if (!this.#fingers.delete(event.pointerId) || this.#dragged > STILL_PX) return;
    const mark = this.#markAt(event.offsetX, event.offsetY);
    // Dragging has to be possible with single presses too: one beside the marks brings that point to the middle.
    if (mark === null) this.#pan(this.#size.width / 2 - event.offsetX, this.#size.height / 2 - event.offsetY);
    else if (event.pointerType === "mouse" || mark === this.#hovered) this.#choose(mark);
    else this.#hover(mark);
  }

  /** Open a camera; of several, come nearer until they part. */
  #choose(mark: Mark): void {
    if (mark.members.length === 1) return this.#told.opened(mark);
    const layout = this.#layout;
    if (layout === null || this.#view === null) return;
    const near = fit(boundsOf(mark, layout), this.#size);
    const wanted = Math.max(near.scale, this.#view.scale * CLOSER);
    this.#go(zoom({ ...near, scale: wanted }, layout, this.#size, 1));
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = WAYS[event.key];
    if (way !== undefined) {
      if (event.shiftKey) this.#pan(...SHIFTS[way]);
      else this.#step(way);
    } else if (event.key === "+" || event.key === "=") this.zoomBy(1);
    else if (event.key === "-" || event.key === "_") this.zoomBy(-1);
    else if (event.key === "0") this.fitAll();
    else if (event.key === "Escape" && this.#ringed !== null) this.#ring(null, true);
    else if ((event.key === "Enter" || event.key === " ") && this.#ringed !== null) this.#choose(this.#ringed);
    else return;
    event.preventDefault();
  }

  /** Put the ring on the next mark that way, at first on the one nearest to the middle, and bring it into view. */
  #step(way: Way): void {
    if (this.#view === null) return;
    const from = this.#ringed;
    const next = nextMark(this.#marks, from?.x ?? this.#view.x, from?.y ?? this.#view.y, from === null ? null : way, from);
    if (next === null) return;
    this.#ring(next, true);
    const [x, y] = toScreen(this.#view, this.#size, next.x, next.y);
    const margin = 50;
    const dx = x < margin ? margin - x : Math.min(0, this.#size.width - margin - x);
    const dy = y < margin ? margin - y : Math.min(0, this.#size.height - margin - y);
    if (dx !== 0 || dy !== 0) this.#pan(dx, dy);
  }

  #ring(mark: Mark | null, byKey: boolean): void {
    if (mark === this.#ringed) return;
    this.#ringed = mark;
    this.#told.pointed(mark ?? this.#hovered, byKey);
    this.redraw();
  }

  #hover(mark: Mark | null): void {
    if (mark === this.#hovered) return;
    this.#hovered = mark;
    this.#canvas.classList.toggle("on-mark", mark !== null);
    this.#told.pointed(mark ?? this.#ringed, false);
    this.redraw();
  }

  #markAt(px: number, py: number): Mark | null {
    if (this.#view === null) return null;
    const [x, y] = toWorld(this.#view, this.#size, px, py);
    const mark = nextMark(this.#marks, x, y, null, null);
    if (mark === null) return null;
    const [atX, atY] = toScreen(this.#view, this.#size, mark.x, mark.y);
    return Math.hypot(atX - px, atY - py) <= Math.max(14, radiusOf(mark, sumOf(mark, this.#nowS)) + 3) ? mark : null;
  }
}

function boundsOf({ members }: Mark, layout: Layout): Bounds {
  const own = new Set(members);
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  layout.cameras.forEach((camera, i) => {
    if (!own.has(camera)) return;
    left = Math.min(left, layout.x[i] ?? 0);
    right = Math.max(right, layout.x[i] ?? 0);
    top = Math.min(top, layout.y[i] ?? 0);
    bottom = Math.max(bottom, layout.y[i] ?? 0);
  });
  return { left, top, right: Math.max(right, left + 1e-12), bottom: Math.max(bottom, top + 1e-12) };
}

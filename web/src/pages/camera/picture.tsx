/** The picture that is drawn on: the plate where there is one, else a plain ground of the picture's size. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { HubAway } from "../../core/hub.ts";
import type { App } from "../../shell/app.ts";
import { useAsked } from "./asked.ts";
import { sizes } from "./drafts.ts";
import type { Size } from "./shapes.ts";
import { type PlateState, type Registered, type XY, hasPlate, platePath } from "./wire.ts";
import { say } from "./words-draw.ts";

const POLL_MS = 3000;
/** A board is at most so high, in hundredths of the window, that all of it is seen. */
const HIGHEST_VH = 76;
/** Sizes that cameras send, to choose from where nothing tells. */
const USUAL_SIZES: readonly Size[] = [[640, 360], [640, 480], [704, 576], [1280, 720], [1280, 960], [1920, 1080], [2560, 1440], [2592, 1944], [3840, 2160]].map(
  ([width = 0, height = 0]) => ({ width, height }),
);
const USUAL: Size = { width: 1920, height: 1080 };

/** The state of a camera's plate, asked again while it is waited for. */
export function usePlate(app: App, camera: string): [PlateState | null, (state: PlateState) => void] {
  const ask = (): Promise<PlateState> => app.hub.ask<PlateState>("GET", `${platePath(camera)}/state`);
  const [state, setState] = useAsked(app, ask, [camera]);
  useEffect(() => {
    if (state?.state !== "waiting") return undefined;
    const timer = setInterval(() => void ask().then(setState, (error: unknown) => { if (!(error instanceof HubAway)) app.failed(error); }), POLL_MS);
    return () => clearInterval(timer);
  }, [state?.state, camera]);
  return [state, setState];
}

/** The address of a plate; another one when it was made anew. */
export function plateAddress(camera: string, state: PlateState | null): string | null {
  return state !== null && hasPlate(state) ? `${platePath(camera)}?made=${encodeURIComponent(state.made ?? "")}` : null;
}

/** The size of a camera's picture in its own pixels, as far as anything tells; `isSure` where the plate or the calibration does. */
export function sizeOf(camera: Registered, plate: PlateState | null): { size: Size; isSure: boolean } {
  if (plate !== null && plate.width !== null && plate.height !== null) return { size: { width: plate.width, height: plate.height }, isSure: true };
  const { width_px, height_px } = camera.calibration ?? {};
  if (width_px && height_px) return { size: { width: width_px, height: height_px }, isSure: true };
  const told = sizes.get(camera.name);
  if (told !== undefined) return { size: told, isSure: false };
  const points: readonly XY[] = [...camera.line.flatMap(({ from, to }) => [from, to]), ...camera.zone.flatMap(({ corners }) => corners)];
  const [x, y] = [Math.max(0, ...points.map((point) => point[0])), Math.max(0, ...points.map((point) => point[1]))];
  return { size: x <= USUAL.width && y <= USUAL.height ? USUAL : (USUAL_SIZES.find(({ width, height }) => x <= width && y <= height) ?? USUAL), isSure: false };
}

export interface Pointer {
  /** Where, in the board's own units. */
  readonly place: XY;
  /** How many of the board's units a CSS pixel is. */
  readonly unit: number;
  readonly event: PointerEvent;
}

interface BoardProps {
  readonly size: Size;
  readonly source: string | null;
  readonly label: string;
  readonly zoom?: number;
  readonly describedBy?: string;
  /** Drawn between the picture and the marks. */
  readonly under?: ComponentChildren;
  /** The marks, in the board's units; `unit` is how many of them a CSS pixel is. */
  readonly children: (unit: number) => ComponentChildren;
  readonly class?: string;
  down?(pointer: Pointer): void;
  move?(pointer: Pointer): void;
  up?(pointer: Pointer): void;
}

/** A picture with marks on it, and where on it a pointer is. */
export function Board(props: BoardProps): JSX.Element {
  const { size, source, zoom = 1 } = props;
  const box = useRef<HTMLDivElement>(null);
  const marks = useRef<SVGSVGElement>(null);
  const [width, setWidth] = useState(0);
  const [isBroken, setBroken] = useState(false);
  useEffect(() => setBroken(false), [source]);
  useEffect(() => {
    const watcher = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    if (box.current !== null) watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);
  const told = (then: ((pointer: Pointer) => void) | undefined) => (event: PointerEvent): void => {
    const seen = marks.current?.getBoundingClientRect();
    if (then === undefined || seen === undefined || seen.width === 0) return;
    const place: XY = [((event.clientX - seen.left) * size.width) / seen.width, ((event.clientY - seen.top) * size.height) / seen.height];
    then({ place, unit: size.width / seen.width, event });
  };
  const unit = size.width / (width || size.width);
  return (
    <div class={`board-window ${props.class ?? ""}`} tabIndex={zoom > 1 ? 0 : undefined} role={zoom > 1 ? "region" : undefined} aria-label={zoom > 1 ? props.label : undefined}>
      <div class="board" ref={box} style={{ width: `${100 * zoom}%`, maxWidth: zoom === 1 ? `${(HIGHEST_VH * size.width) / size.height}vh` : "none", aspectRatio: `${size.width} / ${size.height}` }}>
        {source === null || isBroken ? <div class="plain" /> : <img src={source} alt="" draggable={false} onError={() => setBroken(true)} />}
        {props.under}
        <svg ref={marks} viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none" role="group" aria-label={props.label}
          aria-describedby={props.describedBy} onPointerDown={told(props.down)} onPointerMove={told(props.move)} onPointerUp={told(props.up)} onPointerCancel={told(props.up)}>
          {props.children(unit)}
        </svg>
      </div>
    </div>
  );
}

interface HandleProps {
  readonly at: XY;
  readonly unit: number;
  readonly label: string;
  readonly role: string;
  readonly text?: string;
  readonly class?: string;
  readonly name: string;
  onFocus?(): void;
  onKeyDown?(event: KeyboardEvent): void;
}

/** A point that can be dragged and moved with the keys; a finger's width around it takes hold of it. */
export function Handle({ at: [x, y], unit, label, role, text, name, ...rest }: HandleProps): JSX.Element {
  return (
    <g class={`handle ${rest.class ?? ""}`} role="button" aria-roledescription={role} tabIndex={0} aria-label={label} data-handle={name} onFocus={rest.onFocus} onKeyDown={rest.onKeyDown}>
      <circle class="reach" cx={x} cy={y} r={14 * unit} />
      <circle class="dot" cx={x} cy={y} r={(text === undefined ? 6 : 10) * unit} />
      {text !== undefined && <text x={x} y={y} font-size={11 * unit} text-anchor="middle" dominant-baseline="central">{text}</text>}
    </g>
  );
}

/** How far a key moves a point, in steps: one with an arrow, ten with Shift; null for any other key. */
export function arrowOf(event: KeyboardEvent): XY | null {
  const steps = event.shiftKey ? 10 : 1;
  const way = ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] } as Record<string, XY>)[event.key];
  return way === undefined || event.ctrlKey || event.metaKey || event.altKey ? null : [way[0] * steps, way[1] * steps];
}

export function ZoomButtons({ zoom, label, onZoom }: { zoom: number; label: string; onZoom: (zoom: number) => void }): JSX.Element {
  return (
    <div class="buttons" role="group" aria-label={label}>
      {[1, 2, 4].map((each) => <button key={each} type="button" class="small" aria-pressed={zoom === each} onClick={() => onZoom(each)}>{each}×</button>)}
    </div>
  );
}

/** Asks for the size of the camera's picture where nothing tells it; kept in the page. */
export function SizeChoice({ camera, size, onChosen }: { camera: string; size: Size; onChosen: () => void }): JSX.Element {
  const choose = (chosen: Size): void => {
    sizes.set(camera, chosen);
    onChosen();
  };
  return (
    <label class="row">
      <span class="label">{say("pictureSize")}</span>
      <select value={`${size.width}×${size.height}`} onChange={(event) => choose(USUAL_SIZES[event.currentTarget.selectedIndex] ?? size)}>
        {USUAL_SIZES.map(({ width, height }) => <option key={`${width}×${height}`}>{`${width}×${height}`}</option>)}
      </select>
    </label>
  );
}

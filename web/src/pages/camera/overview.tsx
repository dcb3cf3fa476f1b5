/** What a camera counts: protected numbers on its drawing, and where people were in the last hour. Never a shape of anyone. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatsOf } from "../../core/numbers.ts";
import { Stream } from "../../core/stream.ts";
import type { App } from "../../shell/app.ts";
import { type Accuracy, sideOf } from "./accuracy.ts";
import { orElse, useAsked } from "./asked.ts";
import { type StepProps, Next } from "./camera.tsx";
import { Mark } from "./marks.tsx";
import { type Heat, type NowTick, type PlaceNow, fullest, heatOf, isOld, placeNow } from "./now.ts";
import { Board, plateAddress, sizeOf } from "./picture.tsx";
import { drawingOf } from "./shapes.ts";
import { say } from "./words-check.ts";

const REFRESH_MS = 5000;
/** On a drawing narrower than this, CSS pixels, numbers would lie over each other: the table has them. */
const NARROW = 480;

export function Overview({ app, camera, plate, hasHeat }: StepProps & { hasHeat: boolean }): JSX.Element {
  const tick = useNow(app, camera.name);
  const [heat] = useAsked<Heat | null>(app, async () => (hasHeat ? orElse(app.hub.ask<Heat>("GET", "/api/v1/heat", { camera: camera.name }), null) : null), [hasHeat]);
  const [accuracy] = useAsked(app, () => app.hub.ask<readonly Accuracy[]>("GET", "/api/v1/accuracy", { camera: camera.name }));
  const nowS = app.hub.clock.nowS();
  const formats = formatsOf();
  const drawing = drawingOf(camera);
  const { size } = sizeOf(camera, plate);
  const cells = heat === null ? null : heatOf(heat, nowS);
  const now = (place: string): PlaceNow | null => placeNow(tick, place, nowS, formats);
  return (
    <div class="draw">
      <section class="card">
        <Board size={size} source={plateAddress(camera.name, plate)} label={say("drawing", { camera: camera.name })} class="still" under={cells !== null && <HeatPicture cells={cells} />}>
          {(unit) => drawing.map((shape) => <Mark key={shape.id} shape={shape} unit={unit} text={size.width / unit < NARROW ? "" : shortOf(now(shape.name))} />)}
        </Board>
        {heat !== null && <p class="label">{heatSentence(heat, nowS)}</p>}
        {plate !== null && plateAddress(camera.name, plate) === null && <p class="label">{say("noPlate")}</p>}
      </section>
      <section class="card side">
        <h2>{say("counts")}</h2>
        {drawing.length === 0 ? <p class="label">{say("noPlaces")}</p> : (
          <table class="counts">
            <thead><tr><th scope="col">{say("place")}</th><th scope="col">{say("now")}</th></tr></thead>
            <tbody>{drawing.map(({ name, id }) => <tr key={id}><th scope="row">{name}</th><td>{longOf(now(name))}{accuracyOf(accuracy?.find(({ place }) => place === name))}</td></tr>)}</tbody>
          </table>
        )}
        <p class="label">{stateOf(tick, nowS)}</p>
        {drawing.length === 0 && <div class="buttons"><Next app={app} camera={camera.name} step="plate" /></div>}
      </section>
    </div>
  );
}

/** The newest tick of a camera, kept new. */
function useNow(app: App, camera: string): NowTick | null {
  const [tick, setTick] = useState<NowTick | null>(null);
  const [, setBeat] = useState(0);
  useEffect(() => {
    const stream = new Stream(app.hub, {
      events: ["now"],
      camera,
      async load() {
        const all = await app.hub.ask<{ cameras: readonly { camera: string; now: NowTick | null }[] }>("GET", "/api/v1/now");
        setTick(all.cameras.find((each) => each.camera === camera)?.now ?? null);
      },
      heard: (_, data) => {
        const news = (data as readonly NowTick[]).findLast((each) => each.camera === camera);
        if (news !== undefined) setTick(news);
      },
      connection: app.connection,
    });
    stream.open();
    const forget = app.onReturn(() => stream.open());
    const timer = setInterval(() => setBeat((beat) => beat + 1), REFRESH_MS); // so that what has become old is not shown as new
    return () => { stream.close(); forget(); clearInterval(timer); };
  }, [camera]);
  return tick;
}

/** A pixel a cell, drawn large and smooth by the browser. */
function HeatPicture({ cells }: { cells: readonly (readonly number[])[] }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const pen = canvas.current?.getContext("2d");
    if (canvas.current === null || !pen) return;
    canvas.current.width = cells[0]?.length ?? 0;
    canvas.current.height = cells.length;
    pen.fillStyle = getComputedStyle(canvas.current).color;
    cells.forEach((row, y) => row.forEach((share, x) => { pen.globalAlpha = 0.75 * share; pen.fillRect(x, y, 1, 1); }));
  }, [cells]);
  return <canvas class="heat" ref={canvas} aria-hidden="true" />;
}

/** How near the numbers of a place are to the truth, as counting along has shown. */
function accuracyOf(accuracy: Accuracy | undefined): JSX.Element | null {
  if (accuracy === undefined || accuracy.ratio === null) return null;
  return <p class="label">{say("accuracy", { count: accuracy.days, low: sideOf(accuracy.ratio.lowest), high: sideOf(accuracy.ratio.highest) })}</p>;
}

function shortOf(now: PlaceNow | null): string {
  if (now === null) return "";
  return now.kind === "zone" ? say("people", { people: now.people }) : say("inOut", { in: now.inward, out: now.outward });
}

function longOf(now: PlaceNow | null): string {
  if (now === null) return say("unknown");
  if (now.kind === "line") return say("inOutPerMinute", { in: now.inward, out: now.outward });
  return now.density === null ? say("people", { people: now.people }) : say("peopleAndDensity", { people: now.people, density: now.density });
}

function stateOf(tick: NowTick | null, nowS: number): string {
  if (tick === null) return say("noNumber");
  const time = formatsOf().clock(Date.parse(tick.time) / 1000 + tick.tick_s, nowS);
  if (isOld(tick, nowS)) return say("oldNumber", { time });
  return tick.unknown === "" ? say("asOf", { time }) : say("unknownSince", { reason: tick.unknown, time });
}

function heatSentence(heat: Heat, nowS: number): string {
  if (heat.time === null || heatOf(heat, nowS) === null) return heat.unknown === "" ? say("noHeat") : say("heatUnknown", { reason: heat.unknown });
  const [formats, startS, top] = [formatsOf(), Date.parse(heat.time) / 1000, fullest(heat)];
  const times = { from: formats.clock(startS, nowS), to: formats.clock(startS + 3600, nowS) };
  if (top === null) return say("heatEmpty", times);
  return say("heatFullest", { ...times, column: top.column, row: top.row, people: formats.withMargin(top.value, heat.standard_error ?? 0) });
}

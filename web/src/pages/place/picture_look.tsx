/** Where in the camera's picture people were in one hour, over the empty scene where that has been released. */

import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { Refused } from "../../core/hub.ts";
import { formatsOf } from "../../core/numbers.ts";
import type { App } from "../../shell/app.ts";
import { Canvas, type Pen } from "./canvas.tsx";
import { reasonOf } from "./measures.ts";
import { LEVELS, levelsOf } from "./scale.ts";
import { isoOf } from "./span.ts";
import type { WireHeat } from "./wire.ts";
import { say } from "./words.ts";

const formats = formatsOf();
const HOUR_S = 3600;
/** How long after its hour a map is asked for, seconds: it comes with the tick that ends the hour. */
const LATE_S = 90;
/** How long after the beginning of its hour a map is shown as the present one: the next one ends its hour with a tick that may be long. */
const SHOWN_S = 3 * HOUR_S;

interface Props {
  readonly app: App;
  readonly camera: string;
  /** Of the hour that had ended by then; null: the newest. */
  readonly endS: number | null;
  readonly nowS: number;
  onCanvas(canvas: HTMLCanvasElement | null): void;
}

export function PictureLook({ app, camera, endS, nowS, onCanvas }: Props): JSX.Element {
  const [heat, setHeat] = useState<WireHeat | null>(null);
  const [plate, setPlate] = useState<ImageBitmap | null | undefined>(undefined);
  useEffect(() => {
    app.hub.ask<WireHeat>("GET", "/api/v1/heat", { camera, ...(endS === null ? {} : { end: isoOf(endS) }) }).then(setHeat, app.failed);
  }, [camera, endS, endS === null ? Math.floor((nowS - LATE_S) / HOUR_S) : 0]);
  useEffect(() => {
    askPlate(app, camera).then(setPlate, app.failed);
  }, [camera]);
  const beganS = heat === null || heat.time === null ? null : Date.parse(heat.time) / 1000;
  const old = beganS !== null && endS === null && nowS > beganS + SHOWN_S;
  const values = old ? null : (heat?.values ?? null);
  const levels = useMemo(() => (values === null ? [] : levelsOf(values, heat?.standard_error ?? 0)), [heat, old]);
  const draw = useCallback((pen: Pen) => drawHeat(pen, plate ?? null, levels), [plate, levels]);
  const shape = plate == null ? 9 / 16 : plate.height / plate.width;
  if (heat === null) return <p class="label">{say("loading")}</p>;
  const sentence = sentenceOf(heat, beganS, old, levels);
  return (
    <>
      <p>{sentence}</p>
      <div class="picture"><Canvas label={sentence} height={(width) => width * shape} draw={draw} onCanvas={onCanvas} /></div>
      <p class="label keys">
        {Array.from({ length: LEVELS }, (_, i) => <span key={i} class="heat-key" data-level={i + 1} data-plate={plate != null}>{levelText(heat, i + 1)}</span>)}
      </p>
      {plate === null && <p class="label">{say("noPlate")}</p>}
      {values !== null && <HeatTable values={values} error={heat.standard_error ?? 0} />}
    </>
  );
}

/** The camera's empty scene; null where none has been released, as of every camera of the site file. */
async function askPlate({ hub }: App, camera: string): Promise<ImageBitmap | null> {
  const path = `/api/v1/plates/${encodeURIComponent(camera)}`;
  try {
    const { made } = await hub.ask<{ made: string | null }>("GET", `${path}/state`);
    return made === null ? null : await createImageBitmap(await (await hub.fetch("GET", path)).blob());
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

/** The people of a level: up to that share of the fullest cell. */
function levelText({ values, standard_error }: WireHeat, level: number): string {
  const top = Math.max(0, ...(values ?? []).flat());
  return `≤ ${formats.withMargin((top * level) / LEVELS, standard_error ?? 0)}`;
}

function sentenceOf(heat: WireHeat, beganS: number | null, old: boolean, levels: readonly (readonly number[])[]): string {
  if (beganS === null) return say("heatNone");
  if (old) return say("heatOld");
  const hour = { from: formats.moment(beganS), to: formats.clock(beganS + HOUR_S, beganS) };
  if (heat.values === null || heat.standard_error === null) return say("heatUnknown", { ...hour, reason: reasonOf(heat.unknown) });
  if (levels.flat().every((level) => level === 0)) return say("heatFew", hour);
  const top = Math.max(...heat.values.flat());
  const row = heat.values.findIndex((cells) => cells.includes(top));
  const column = heat.values[row]?.indexOf(top) ?? 0;
  return say("heatTop", { ...hour, number: formats.withMargin(top, heat.standard_error), row: row + 1, column: column + 1 });
}

function drawHeat({ ctx, width, height, colour }: Pen, plate: ImageBitmap | null, levels: readonly (readonly number[])[]): void {
  ctx.fillStyle = colour("--grid");
  ctx.fillRect(0, 0, width, height);
  if (plate !== null) {
    ctx.drawImage(plate, 0, 0, width, height);
    ctx.fillStyle = "rgb(0 0 0 / 35%)"; // a busy picture is calmed, so that the cells stand out
    ctx.fillRect(0, 0, width, height);
  }
  const [columns, rows] = [levels[0]?.length ?? 1, levels.length];
  for (const [y, row] of levels.entries()) {
    for (const [x, level] of row.entries()) {
      if (level === 0) continue;
      ctx.fillStyle = plate === null ? colour("--curve") : "rgb(255 214 102)";
      ctx.globalAlpha = (0.85 * level) / LEVELS;
      ctx.fillRect((x * width) / columns, (y * height) / rows, width / columns, height / rows);
    }
  }
  ctx.globalAlpha = 1;
}

function HeatTable({ values, error }: { values: readonly (readonly number[])[]; error: number }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <details class="as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{say("asTable")}</summary>
      {open && (
        <div class="scrolled" tabIndex={0} role="region" aria-label={say("asTable")}>
          <table>
            <caption class="label">{say("heatCells", { margin: formats.margin(error) })}</caption>
            <thead><tr><th scope="col">{say("rowOf")}</th>{values[0]?.map((_, x) => <th key={x} scope="col">{x + 1}</th>)}</tr></thead>
            <tbody>
              {values.map((row, y) => (
                <tr key={y}><th scope="row">{y + 1}</th>{row.map((value, x) => <td key={x}>{formats.people(value)}</td>)}</tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

/** The cameras of a site on its plan: dragged there, or typed. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { App } from "../../shell/app.ts";
import { useAsked, useUnsaved } from "./asked.ts";
import { groundOfPlan, toBoard, toMetres } from "./ground.ts";
import { Board, Handle, type Pointer, arrowOf } from "./picture.tsx";
import { kept } from "./shapes.ts";
import { type Plan, type Registered, type XY, bodyOf, planPath, registryPath } from "./wire.ts";
import { say } from "./words-metres.ts";

export function Placing({ app, site, plan, mayChange }: { app: App; site: string; plan: Plan; mayChange: boolean }): JSX.Element {
  const [all, setAll] = useAsked(app, () => app.hub.ask<Registered[]>("GET", "/api/v1/registry/cameras"));
  const [moved, setMoved] = useState<ReadonlyMap<string, XY>>(new Map());
  const [isBusy, setBusy] = useState(false);
  const held = useRef<string | null>(null);
  const ground = groundOfPlan(plan);
  const cameras = (all ?? []).filter((camera) => camera.site === site);
  useUnsaved(moved.size > 0);
  const placeOf = ({ name, where }: Registered): XY | null => moved.get(name) ?? (typeof where?.x === "number" && typeof where.y === "number" ? [where.x, where.y] : null);
  const put = (name: string, place: XY): void => setMoved((before) => new Map(before).set(name, place));
  const placed = cameras.flatMap((camera) => { const place = placeOf(camera); return place === null ? [] : [{ camera, place }]; });
  const pointing = {
    down({ place, unit, event }: Pointer) {
      const near = placed.map(({ camera, place: at }) => ({ camera, far: Math.hypot(...(toBoard(ground, at).map((each, axis) => each - place[axis as 0 | 1]) as [number, number])) / unit }))
        .filter(({ camera, far }) => far <= 16 && !camera.of_file).sort((one, other) => one.far - other.far)[0];
      if (near === undefined || !mayChange) return;
      held.current = near.camera.name;
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
    },
    move({ place }: Pointer) { if (held.current !== null) put(held.current, toMetres(ground, kept(place, ground.size))); },
    up() { held.current = null; },
  };
  /** One camera after the other; those that could not be saved stay as they were put. */
  const save = async (): Promise<void> => {
    setBusy(true);
    let now = all ?? [];
    try {
      for (const [name, [x, y]] of moved) {
        const camera = now.find((each) => each.name === name);
        if (camera === undefined) continue;
        const saved = await app.hub.ask<Registered>("PUT", registryPath(name), {}, bodyOf(camera, { where: { ...camera.where, x, y } }));
        now = now.map((each) => (each.name === name ? saved : each));
        setMoved((before) => new Map([...before].filter(([key]) => key !== name)));
      }
      app.say(say("saved"));
    } catch (error) {
      app.failed(error);
    }
    setAll(now);
    setBusy(false);
  };
  const cell = (camera: Registered, axis: 0 | 1): JSX.Element => (
    <td>
      <input type="number" step="any" class="number" disabled={!mayChange || camera.of_file} value={placeOf(camera)?.[axis] ?? ""} aria-label={say(axis === 0 ? "xOf" : "yOf", { camera: camera.name })}
        onChange={(event) => {
          const value = event.currentTarget.valueAsNumber;
          if (Number.isFinite(value)) put(camera.name, (placeOf(camera) ?? [0, 0]).with(axis, value) as unknown as XY);
        }} />
    </td>
  );
  return (
    <section class="card">
      <h2>{say("camerasOnPlan")}</h2>
      <Board size={ground.size} source={`${planPath(site)}?version=${plan.version}`} label={say("plan")} class="drawing" {...pointing}>
        {(unit) => placed.map(({ camera, place }) => {
          const [x, y] = toBoard(ground, place);
          return (
            <g key={camera.name}>
              <text class="name" x={x} y={y + 24 * unit} font-size={12 * unit} text-anchor="middle">{camera.name}</text>
              <Handle at={[x, y]} unit={unit} name={`camera-${camera.name}`} role={say("point")} label={say("cameraAt", { camera: camera.name, x: place[0], y: place[1] })}
                onKeyDown={(event) => {
                  const arrow = arrowOf(event);
                  if (arrow === null || !mayChange || camera.of_file) return;
                  event.preventDefault();
                  put(camera.name, toMetres(ground, kept([x + arrow[0], y + arrow[1]], ground.size)));
                }} />
            </g>
          );
        })}
      </Board>
      <div class="scrolls" tabIndex={0} role="region" aria-label={say("cameras")}><table class="pairs">
        <thead><tr><th scope="col">{say("camera")}</th><th scope="col">{say("m-x")}</th><th scope="col">{say("m-y")}</th></tr></thead>
        <tbody>
          {cameras.map((camera) => (
            <tr key={camera.name}><th scope="row">{camera.name}</th>{cell(camera, 0)}{cell(camera, 1)}
              {placeOf(camera) === null && mayChange && !camera.of_file && <td><button type="button" class="small" aria-label={`${say("putOnPlan")}: ${camera.name}`} onClick={() => put(camera.name, toMetres(ground, [ground.size.width / 2, ground.size.height / 2]))}>{say("putOnPlan")}</button></td>}
            </tr>
          ))}
        </tbody>
      </table></div>
      {mayChange && <div class="buttons"><button type="button" class="strong" disabled={isBusy || moved.size === 0} onClick={() => void save()}>{say("save")}</button></div>}
    </section>
  );
}

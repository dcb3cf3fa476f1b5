/** All cameras, whether they see, and what each still lacks. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Stream } from "../../core/stream.ts";
import type { App, PageProps } from "../../shell/app.ts";
import { Link } from "../../shell/shell.tsx";
import { useAsked } from "./asked.ts";
import { type Known, type Lack, type Step, found, lacksOf } from "./steps.ts";
import { type CameraState, type PlateState, type Registered, type SiteWire, hasPlate, platePath } from "./wire.ts";
import { say } from "./words.ts";

const A_PAGE = 25;
/** So many sites have their plans at the head of the list; those of all are reached from their cameras. */
const MOST_PLANS = 4;
const STEP_OF: Readonly<Record<Lack, Step>> = { plate: "plate", places: "draw", metres: "metres", check: "check" };

interface Loaded {
  readonly cameras: readonly Registered[];
  /** Cameras that somebody counted along with, and nothing changed since. */
  readonly checked: ReadonlySet<string>;
  readonly sites: readonly SiteWire[];
}

export function ListPage({ app, params }: PageProps): JSX.Element {
  const [loaded] = useAsked<Loaded>(app, () => load(app));
  const states = useStates(app);
  const [shown, setShown] = useState(A_PAGE);
  const text = params["find"] ?? "";
  const find = (next: string): void => { setShown(A_PAGE); app.go({ page: "camera", params: { find: next } }, true); };
  const all = loaded === null ? [] : found(loaded.cameras, text);
  const rows = all.slice(0, shown);
  const plates = usePlates(app, rows);
  const isAdministrator = app.may("administrator", "");
  return (
    <>
      <div class="head">
        <h1>{say("cameras")}</h1>
        {isAdministrator && <Link app={app} class="button strong" address={{ page: "camera", params: { step: "address" } }}>{say("addCamera")}</Link>}
      </div>
      {!isAdministrator && app.me() !== null && <p class="label">{say("onlyAdministrators")}</p>}
      <div class="row">
        <label class="field grows">
          <span class="label">{say("find")}</span>
          <input type="search" value={text} onInput={(event) => find(event.currentTarget.value)} />
        </label>
        {isAdministrator && (loaded?.sites ?? []).slice(0, MOST_PLANS).map((site) => (
          <Link key={site.name} app={app} class="button" address={{ page: "camera", params: { site: site.name, step: "plan" } }}>{say("planOf", { site: site.title || site.name })}</Link>
        ))}
      </div>
      {loaded === null ? <p class="loading">{say("loading")}</p> : (
        <section class="card">
          <p class="label" role="status">{say("count", { count: all.length })}</p>
          {rows.length > 0 && (
            <table class="cameras">
              <thead><tr>{(["camera", "site", "sensor", "state", "lacks"] as const).map((key) => <th key={key} scope="col">{say(key)}</th>)}</tr></thead>
              <tbody>
                {rows.map((camera) => <Row key={camera.name} app={app} camera={camera} state={states.get(camera.name)} known={{ hasPlate: plates.get(camera.name) ?? null, isChecked: loaded.checked.has(camera.name) }} />)}
              </tbody>
            </table>
          )}
          {all.length > shown && <button type="button" onClick={() => setShown(shown + A_PAGE)}>{say("more")}</button>}
        </section>
      )}
    </>
  );
}

function Row({ app, camera, state, known }: { app: App; camera: Registered; state: CameraState | undefined; known: Known }): JSX.Element {
  const mayDraw = app.may("operator", camera.site) && !camera.of_file;
  const lacks = lacksOf(camera, known);
  const { name } = camera;
  return (
    <tr>
      <th scope="row"><Link app={app} class="name" address={{ page: "camera", params: { camera: name } }}>{name}</Link></th>
      <td data-label={say("site")}><Link app={app} class="" address={{ page: "camera", params: { site: camera.site, step: "plan" } }}>{camera.site}</Link></td>
      <td data-label={say("sensor")}>{camera.sensor || say("ownMachine")}</td>
      <td data-label={say("state")}><State state={state} /></td>
      <td data-label={say("lacks")}>
        <span class="chips">
          {lacks.length === 0 && <span class="label">{say("nothing")}</span>}
          {lacks.map((lack) => mayDraw
            ? <Link key={lack} app={app} class="chip" address={{ page: "camera", params: { camera: name, step: STEP_OF[lack] } }}>{say(`lack-${lack}`)}</Link>
            : <span key={lack} class="chip">{say(`lack-${lack}`)}</span>)}
        </span>
      </td>
    </tr>
  );
}

/** Whether a camera sees, in words, with the hub's own reason where it does not. */
export function State({ state }: { state: CameraState | undefined }): JSX.Element {
  const kind = state?.state ?? "starting";
  const word = kind === "live" ? say("state-live") : kind === "starting" ? say("state-starting") : say("state-unknown");
  return <span class="state" data-state={kind}>{word}{state !== undefined && state.reason !== "" && <span class="label">: {state.reason}</span>}</span>;
}

async function load(app: App): Promise<Loaded> {
  const [cameras, sites, checked] = await Promise.all([
    app.hub.ask<Registered[]>("GET", "/api/v1/registry/cameras"),
    app.hub.ask<SiteWire[]>("GET", "/api/v1/sites"),
    checkedOf(app),
  ]);
  return { cameras, checked, sites };
}

/** Whether each camera sees, kept new. */
function useStates(app: App): ReadonlyMap<string, CameraState> {
  const [states, setStates] = useState<ReadonlyMap<string, CameraState>>(new Map());
  useEffect(() => {
    const take = (news: readonly CameraState[]): void => setStates((before) => new Map([...before, ...news.map((each) => [each.name, each] as const)]));
    const stream = new Stream(app.hub, {
      events: ["cameras"],
      load: async () => take(await app.hub.ask<CameraState[]>("GET", "/api/v1/cameras")),
      heard: (_, data) => take(data as readonly CameraState[]),
      connection: app.connection,
    });
    stream.open();
    const forget = app.onReturn(() => stream.open());
    return () => { stream.close(); forget(); };
  }, []);
  return states;
}

/** Which cameras have a check that still counts; of all, or of one. */
export async function checkedOf(app: App, camera = ""): Promise<ReadonlySet<string>> {
  const checks = await app.hub.ask<readonly { camera: string; counts: boolean }[]>("GET", "/api/v1/checks", camera === "" ? {} : { camera });
  return new Set(checks.filter(({ counts }) => counts).map((each) => each.camera));
}

/** Which of the cameras that are shown have a plate, asked for one after the other: there may be thousands. */
function usePlates(app: App, rows: readonly Registered[]): ReadonlyMap<string, boolean> {
  const [plates, setPlates] = useState<ReadonlyMap<string, boolean>>(new Map());
  useEffect(() => {
    let isOver = false;
    void (async () => {
      for (const { name } of rows) {
        if (isOver || plates.has(name)) continue;
        const state = await app.hub.ask<PlateState>("GET", `${platePath(name)}/state`).catch(() => null); // without it, less is said of what is lacking
        if (state !== null && !isOver) setPlates((before) => new Map(before).set(name, hasPlate(state)));
      }
    })();
    return () => { isOver = true; };
  }, [rows.map(({ name }) => name).join("\n")]);
  return plates;
}

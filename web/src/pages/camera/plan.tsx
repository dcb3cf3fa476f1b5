/** A site's plan: made small enough here, measured by a line of known length, and sent. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refused, withQuery } from "../../core/hub.ts";
import type { App } from "../../shell/app.ts";
import { Link } from "../../shell/shell.tsx";
import { Field } from "./address.tsx";
import { useAsked, useUnsaved } from "./asked.ts";
import { Board, Handle, type Pointer, arrowOf } from "./picture.tsx";
import { Placing } from "./placing.tsx";
import { MOST_BYTES, WIDEST_M, metresWide } from "./plans.ts";
import { type Prepared, prepared } from "./preparing.ts";
import { kept } from "./shapes.ts";
import { type Plan, type SiteWire, type XY, planPath } from "./wire.ts";
import { say } from "./words-metres.ts";

const REACH = 16;

export function PlanPage({ app, site }: { app: App; site: string }): JSX.Element {
  const [sites, setSites] = useAsked(app, () => app.hub.ask<SiteWire[]>("GET", "/api/v1/sites"));
  const known = sites?.find(({ name }) => name === site);
  const plan = known?.plan ?? null;
  const mayChange = app.may("administrator", "");
  const onPlan = (next: Plan | null): void => setSites((sites ?? []).map((each) => (each.name === site ? { ...each, plan: next } : each)));
  return (
    <>
      <p><Link app={app} class="back" address={{ page: "camera", params: {} }}>{`‹ ${say("cameras")}`}</Link></p>
      <h1>{say("planOf", { site: known?.title || site })}</h1>
      {sites !== null && known === undefined && <p>{say("noSite")}</p>}
      {known !== undefined && (
        <>
          {mayChange ? <Upload app={app} site={site} plan={plan} onPlan={onPlan} /> : app.me() !== null && <p class="label">{say("onlyAdministrators")}</p>}
          {plan !== null && <Placing key={plan.version} app={app} site={site} plan={plan} mayChange={mayChange} />}
          {plan === null && !mayChange && <p>{say("noPlan")}</p>}
        </>
      )}
    </>
  );
}

function Upload({ app, site, plan, onPlan }: { app: App; site: string; plan: Plan | null; onPlan: (plan: Plan | null) => void }): JSX.Element {
  const [picture, setPicture] = useState<Prepared | null>(null);
  const [ends, setEnds] = useState<readonly [XY, XY]>([[0, 0], [0, 0]]);
  const [lengthM, setLength] = useState(10);
  const [typedM, setTyped] = useState(plan?.metres_wide ?? 0);
  const [progress, setProgress] = useState("");
  const [wrong, setWrong] = useState("");
  const size = picture?.size ?? { width: 1, height: 1 };
  useUnsaved(picture !== null);
  const measure = (next: readonly [XY, XY], length: number): void => {
    setEnds(next);
    setLength(length);
    setTyped(metresWide(next[0], next[1], length, size.width) ?? 0);
  };
  const move = (at: 0 | 1, to: XY): void => measure(at === 0 ? [kept(to, size), ends[1]] : [ends[0], kept(to, size)], lengthM);
  const choose = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setWrong("");
    setProgress(say("shrinking"));
    try {
      const made = await prepared(file);
      const { width, height } = made.size;
      setPicture(made);
      setEnds([[width / 4, height / 2], [(3 * width) / 4, height / 2]]);
      setTyped(plan?.metres_wide ?? metresWide([width / 4, 0], [(3 * width) / 4, 0], lengthM, width) ?? 0);
      setWrong(made.picture.size > MOST_BYTES ? say("tooLarge") : "");
    } catch {
      setWrong(say("unreadable"));
    } finally {
      setProgress("");
    }
  };
  const send = async (): Promise<void> => {
    if (picture === null) return;
    setProgress(say("sending"));
    setWrong("");
    try {
      const query = { metres_wide: String(typedM), version: String(plan?.version ?? 0) };
      const answer = await app.hub.fetch("PUT", withQuery(planPath(site), query), picture.picture, picture.picture.type);
      setPicture(null);
      onPlan((await answer.json()) as Plan);
      app.say(say("saved"));
    } catch (error) {
      if (error instanceof Refused && error.status !== 403) setWrong(error.message);
      else app.failed(error);
    } finally {
      setProgress("");
    }
  };
  const remove = async (version: number): Promise<void> => {
    try {
      await app.hub.ask("DELETE", planPath(site), { version: String(version) });
      onPlan(null);
    } catch (error) {
      app.failed(error);
    }
  };
  return (
    <section class="card">
      <h2>{say(plan === null ? "addPlan" : "changePlan")}</h2>
      <p class="label">{say("planHow")}</p>
      <Field label={say("file")}><input type="file" accept="image/png,image/jpeg,image/webp" onChange={(event) => void choose(event.currentTarget.files?.[0])} /></Field>
      <p role="status" class="label">{progress}</p>
      {wrong !== "" && <p class="wrong" role="alert">{wrong}</p>}
      {picture !== null && (
        <>
          <p class="label">{say("measureHow")}</p>
          <Measure picture={picture} ends={ends} onMove={move} />
          <div class="row">
            <Field label={say("length")}><input type="number" min={0} step="any" value={lengthM} onInput={(event) => measure(ends, event.currentTarget.valueAsNumber)} /></Field>
            <Field label={say("wide")}><input type="number" min={1} max={WIDEST_M} step="any" value={typedM} onInput={(event) => setTyped(event.currentTarget.valueAsNumber)} /></Field>
          </div>
        </>
      )}
      <div class="buttons">
        {picture !== null && <button type="button" class="strong" disabled={progress !== "" || !(typedM >= 1 && typedM <= WIDEST_M) || picture.picture.size > MOST_BYTES} onClick={() => void send()}>{say("save")}</button>}
        {plan !== null && picture === null && <button type="button" onClick={() => void remove(plan.version)}>{say("removePlan")}</button>}
      </div>
    </section>
  );
}

/** The picture with a line on it whose ends are dragged. */
function Measure({ picture, ends, onMove }: { picture: Prepared; ends: readonly [XY, XY]; onMove: (at: 0 | 1, to: XY) => void }): JSX.Element {
  const held = useRef<0 | 1 | null>(null);
  const down = ({ place, unit, event }: Pointer): void => {
    const [first, second] = ends.map((end) => Math.hypot(end[0] - place[0], end[1] - place[1]) / unit) as [number, number];
    held.current = Math.min(first, second) > REACH ? null : first < second ? 0 : 1;
    if (held.current !== null) (event.currentTarget as Element).setPointerCapture(event.pointerId);
  };
  const onKey = (at: 0 | 1) => (event: KeyboardEvent): void => {
    const arrow = arrowOf(event);
    if (arrow === null) return;
    event.preventDefault();
    onMove(at, [ends[at][0] + arrow[0], ends[at][1] + arrow[1]]);
  };
  return (
    <Board size={picture.size} source={null} label={say("measure")} class="drawing" under={<Shown picture={picture} />}
      down={down} move={({ place }) => { if (held.current !== null) onMove(held.current, place); }} up={() => { held.current = null; }}>
      {(unit) => (
        <>
          <line class="measure" x1={ends[0][0]} y1={ends[0][1]} x2={ends[1][0]} y2={ends[1][1]} />
          {([0, 1] as const).map((at) => (
            <Handle key={at} at={ends[at]} unit={unit} name={`end-${at}`} role={say("point")} label={say("endOf", { number: at + 1, x: ends[at][0], y: ends[at][1] })} onKeyDown={onKey(at)} />
          ))}
        </>
      )}
    </Board>
  );
}

/** A picture that is not sent yet: drawn, as the hub's pages show no pictures but its own. */
function Shown({ picture }: { picture: Prepared }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    void createImageBitmap(picture.picture).then((bitmap) => {
      if (canvas.current === null) return;
      canvas.current.width = bitmap.width;
      canvas.current.height = bitmap.height;
      canvas.current.getContext("2d")?.drawImage(bitmap, 0, 0);
      bitmap.close();
    });
  }, [picture]);
  return <canvas class="shown" ref={canvas} aria-hidden="true" />;
}

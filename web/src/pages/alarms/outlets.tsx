/** How one is told: sounds and notifications on this device, and the hub's outlets. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Bell } from "../../core/bell.ts";
import { OutletForm } from "./outlet_form.tsx";
import { type Outlet, NEW_OUTLET, outletDraftOf, outletsOf } from "./outlet_draft.ts";
import { sayOutlet } from "./outlet_words.ts";
import type { ViewProps } from "./page.tsx";
import { isolated } from "./telling.ts";
import { say } from "./words.ts";

export function OutletsView({ bell, ...props }: ViewProps & { bell: Bell }): JSX.Element {
  return (
    <div class="told">
      <Device bell={bell} />
      <section class="card">
        <h2>{sayOutlet("outlets")}</h2>
        {props.app.may("administrator", "") ? <Outlets {...props} /> : <p>{sayOutlet("onlyAdministrators")}</p>}
      </section>
    </div>
  );
}

function Device({ bell }: { bell: Bell }): JSX.Element {
  const [choice, setChoice] = useState(bell.choice);
  const [trouble, setTrouble] = useState("");
  useEffect(() => { void bell.isSilenced().then((silenced) => { if (silenced) setTrouble(sayOutlet("silenced")); }); }, []);
  const notify = async (on: boolean): Promise<void> => {
    setTrouble((await bell.setNotify(on)) ? "" : sayOutlet("refused"));
    setChoice(bell.choice);
  };
  return (
    <section class="card">
      <h2>{sayOutlet("device")}</h2>
      <label class="choice">
        <input type="checkbox" checked={choice.sound} onChange={(event) => { bell.setSound(event.currentTarget.checked); setTrouble(""); setChoice(bell.choice); }} />
        {sayOutlet("sound")}
      </label>
      <label class="choice">
        <input type="checkbox" checked={choice.notify} onChange={(event) => void notify(event.currentTarget.checked)} />
        {sayOutlet("notify")}
      </label>
      <p class="label">{sayOutlet("deviceHow")}</p>
      <div class="buttons">
        <button type="button" disabled={!choice.sound && !choice.notify} onClick={() => bell.ring(sayOutlet("tryTitle"), sayOutlet("tryText"), "trial")}>
          {sayOutlet("tryIt")}
        </button>
      </div>
      <p class="mistake" role="status">{trouble}</p>
    </section>
  );
}

function Outlets(props: ViewProps): JSX.Element {
  const { app, params, open } = props;
  const [outlets, setOutlets] = useState<readonly Outlet[] | null>(null);
  const [sites, setSites] = useState<readonly string[]>([]);
  const load = async (): Promise<void> => setOutlets(outletsOf(await app.hub.ask("GET", "/api/v1/alarm-outlets")));
  useEffect(() => {
    load().catch(app.failed);
    app.hub.ask<readonly { name: string }[]>("GET", "/api/v1/sites").then((found) => setSites(found.map(({ name }) => name)), app.failed);
  }, []);
  if (outlets === null) return <p class="label">{say("loading")}</p>;
  const done = (told: string): void => {
    load().then(() => { open({ show: "outlets" }); app.say(told); }, app.failed);
  };
  const chosen = outlets.find(({ name }) => name === params["outlet"]);
  const form = { app, sites, onDone: done, onBack: () => open({ show: "outlets" }), onChanged: load };
  if (params["new"] !== undefined) return <OutletForm {...form} key="new" start={NEW_OUTLET} hasAuthority={false} />;
  if (chosen !== undefined) return <OutletForm {...form} key={`${chosen.name} ${chosen.version}`} start={outletDraftOf(chosen)} hasAuthority={chosen.hasAuthority} />;
  return (
    <>
      <p>{sayOutlet("outletsHow")}</p>
      {outlets.length === 0 && <p class="label">{sayOutlet("none")}</p>}
      <ul>{outlets.map((outlet) => <Item key={outlet.name} {...props} outlet={outlet} onTried={load} />)}</ul>
      <div class="buttons"><button type="button" onClick={() => open({ show: "outlets", new: "1" })}>{sayOutlet("add")}</button></div>
    </>
  );
}

function Item({ app, tongue, open, outlet, onTried }: ViewProps & { outlet: Outlet; onTried(): Promise<void> }): JSX.Element {
  const [result, setResult] = useState("");
  const { name, kind, host, port, severities, sites, waiting, sentS, failedS, failure } = outlet;
  const time = (atS: number): string => tongue.formats.clock(atS, app.hub.clock.nowS());
  const test = async (): Promise<void> => {
    setResult(sayOutlet("testing"));
    try {
      const { sent, detail } = await app.hub.ask<{ sent: boolean; detail: string }>("POST", `/api/v1/alarm-outlets/${encodeURIComponent(name)}/try`);
      setResult(sayOutlet(sent ? "sent" : "notSent", { detail }));
      await onTried();
    } catch (error) {
      setResult("");
      app.failed(error);
    }
  };
  return (
    <li class="outlet">
      <p><strong><bdi>{name}</bdi></strong> {sayOutlet(kind)}, <bdi>{host}:{port}</bdi></p>
      <p class="label">
        {severities.map((severity) => say(severity)).join(", ")}; {sites.length === 0 ? sayOutlet("allSites") : sites.map(isolated).join(", ")}.
        {" "}{sentS === null ? sayOutlet("neverSent") : sayOutlet("lastSent", { time: time(sentS) })}.
        {waiting > 0 && ` ${sayOutlet("waiting", { count: waiting })}.`}
      </p>
      {failure !== "" && failedS !== null && <p class="warn">{sayOutlet("lastFailed", { time: time(failedS), failure })}</p>}
      <div class="buttons">
        <button type="button" aria-label={`${sayOutlet("test")}: ${name}`} onClick={() => void test()}>{sayOutlet("test")}</button>
        <button type="button" aria-label={`${sayOutlet("change")}: ${name}`} onClick={() => open({ show: "outlets", outlet: name })}>{sayOutlet("change")}</button>
      </div>
      <p role="status">{result}</p>
    </li>
  );
}

/** The alarms: what rings, the rules, what happened, and how one is told. */

import "./alarms.css";
import "./forms.css";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Address } from "../../core/addresses.ts";
import { Bell } from "../../core/bell.ts";
import { formatsOf } from "../../core/numbers.ts";
import { Stream } from "../../core/stream.ts";
import type { App, PageProps } from "../../shell/app.ts";
import { Link } from "../../shell/shell.tsx";
import { say as sayShell } from "../../shell/words.ts";
import { HistoryView } from "./history.tsx";
import { type Alarm, alarmsOf, merged } from "./model.ts";
import { OutletsView } from "./outlets.tsx";
import { Told } from "./ringing.ts";
import { RulesView } from "./rules.tsx";
import { type Tongue, isolated, numberOf, sentencesOf } from "./telling.ts";
import { WatchView } from "./watch.tsx";
import { say } from "./words.ts";

/** What a view is given. */
export interface ViewProps extends PageProps {
  readonly tongue: Tongue;
  /** Show something else of this page. */
  open(params: Readonly<Record<string, string>>, replace?: boolean): void;
}

export interface CameraFacts {
  readonly site: string;
  readonly tickS: number;
}

const SHOWN = [["ringing", "tabRinging"], ["rules", "tabRules"], ["history", "tabHistory"], ["outlets", "tabOutlets"]] as const;
const AGAIN_MS = 60_000;
/** For the whole life of the page, so that a ring is not told again when one comes back to it. */
const told = new Told();
const bell = new Bell();

export default function Page({ app, params }: PageProps): JSX.Element {
  const tongue = useMemo<Tongue>(() => ({ say, formats: formatsOf() }), []);
  const { alarms, cameras, load } = useAlarms(app);
  const [spoken, setSpoken] = useState("");
  const shown = SHOWN.find(([name]) => name === params["show"])?.[0] ?? (params["new"] === undefined ? "ringing" : "rules");
  const open = (to: Readonly<Record<string, string>>, replace = false): void => app.go({ page: "alarms", params: to }, replace);

  useEffect(() => {
    if (alarms === null) return;
    const news = told.news(alarms);
    if (news.length === 0) return;
    const texts = news.map((alarm) => newsOf(alarm, app.hub.clock.nowS(), tongue));
    setSpoken(texts.join(" "));
    bell.ring(news.map(({ name }) => name).join(", "), texts.join("\n"), news[0]?.name ?? "");
  }, [alarms]);

  if (app.me() !== null && !app.may("viewer")) return <><h1>{say("title")}</h1><p class="card">{sayShell("notAllowed")}</p></>;
  const props = { app, params, tongue, open };
  const tab = (name: string): Address => ({ page: "alarms", params: name === "ringing" ? {} : { show: name } });
  return (
    <div class="alarms">
      <div class="alarms-head">
        <h1>{say("title")}</h1>
        <nav aria-label={say("views")}>
          {SHOWN.map(([name, label]) => <Link key={name} app={app} address={tab(name)} current={name === shown}>{say(label)}</Link>)}
        </nav>
        {app.may("operator") && shown !== "outlets" && params["new"] === undefined && params["alarm"] === undefined && (
          <a class="button" href="/alarms?show=rules&new=1" onClick={(event) => { event.preventDefault(); open({ show: "rules", new: "1" }); }}>{say("newAlarm")}</a>
        )}
      </div>
      <p class="unseen" role="alert">{spoken}</p>
      {shown === "ringing" && <WatchView {...props} alarms={alarms} cameras={cameras} reload={load} />}
      {shown === "rules" && <RulesView {...props} cameras={cameras} />}
      {shown === "history" && <HistoryView {...props} />}
      {shown === "outlets" && <OutletsView {...props} bell={bell} />}
    </div>
  );
}

/** What is read out and notified of a ring. */
function newsOf(alarm: Alarm, nowS: number, tongue: Tongue): string {
  const what = [numberOf(alarm, tongue), ...sentencesOf(alarm, nowS, false, tongue)].filter((part) => part !== "").join(". ");
  const where = `${isolated(alarm.camera)}, ${isolated(alarm.place)}`;
  return say("newRing", { severity: say(alarm.severity), name: isolated(alarm.name), where, what });
}

/** The alarms as they are told by the stream, and now and then anew, as a rule that was deleted is told by nothing. */
function useAlarms(app: App): { alarms: readonly Alarm[] | null; cameras: ReadonlyMap<string, CameraFacts>; load: () => Promise<void> } {
  const [alarms, setAlarms] = useState<readonly Alarm[] | null>(null);
  const [cameras, setCameras] = useState<ReadonlyMap<string, CameraFacts>>(new Map());
  const load = async (): Promise<void> => setAlarms(alarmsOf(await app.hub.ask("GET", "/api/v1/alarms")));
  const may = app.may("viewer");
  useEffect(() => {
    if (!may) return;
    const opened = new Stream(app.hub, {
      events: ["alarms"],
      load,
      heard: (_, data) => setAlarms((before) => merged(before ?? [], alarmsOf(data))),
      connection: (state) => app.connection(state),
    });
    opened.open();
    app.hub.ask<readonly { name: string; site: string; tick_s: number }[]>("GET", "/api/v1/cameras").then(
      (found) => setCameras(new Map(found.map((camera) => [camera.name, { site: camera.site, tickS: camera.tick_s }]))),
      (error: unknown) => app.failed(error),
    );
    const again = setInterval(() => { load().catch(() => undefined); }, AGAIN_MS); // the stream tells of a hub that is away
    const stop = app.onReturn(() => opened.open());
    return () => {
      clearInterval(again);
      stop();
      opened.close();
    };
  }, [may]);
  return { alarms, cameras, load };
}

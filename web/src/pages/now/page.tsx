import "./now.css";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatsOf } from "../../core/numbers.ts";
import type { PageProps } from "../../shell/app.ts";
import { Link } from "../../shell/shell.tsx";
import { attentionOf } from "./attention.ts";
import { Attention } from "./alert.tsx";
import { PlaceTable } from "./list.tsx";
import { useLive } from "./live.ts";
import { CameraMap } from "./map.tsx";
import type { Network } from "./network.ts";
import { alarmText } from "./sentences.ts";
import { Total } from "./total.tsx";
import type { AlarmWire } from "./wire.ts";
import { say } from "./words.ts";

const formats = formatsOf();
/** The address follows what is moved or typed once that has rested for so long. */
const REST_MS = 500;

/** So long the page waits to hear who is signed in, before it asks for the numbers all the same. */
const WHO_MS = 3000;

/** What needs to be seen at a glance: how many people there are, what needs attention, and where. */
export default function NowPage({ app, params }: PageProps): JSX.Element {
  const [waited, setWaited] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWaited(true), WHO_MS);
    return () => clearTimeout(timer);
  }, []);
  if (app.me() === null && !waited) return <h1 class="unseen">{say("peopleNow")}</h1>;
  if (app.me() !== null && !app.may("viewer")) return <section class="card"><h1>{say("peopleNow")}</h1><p>{say("noNumbers")}</p></section>;
  return <Watch app={app} params={params} />;
}

function Watch({ app, params }: PageProps): JSX.Element {
  const live = useLive(app, (bell, alarm) => bell.ring(say("rings", { name: alarm.name }), ringText(alarm), alarm.name));
  const current = useRef(params);
  current.current = params;
  const wanted = useRef<Record<string, string>>({});
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const show = (change: Readonly<Record<string, string>>, atOnce = false): void => {
    wanted.current = { ...wanted.current, ...change };
    clearTimeout(timer.current);
    const go = (): void => {
      const next = { ...current.current, ...wanted.current };
      wanted.current = {};
      app.go({ page: "now", params: next }, true);
    };
    if (atOnce) go();
    else timer.current = window.setTimeout(go, REST_MS);
  };
  const { network } = live;
  const nowS = app.hub.clock.nowS();
  const alarms = [...live.alarms.values()];
  const items = attentionOf(network, alarms, nowS, live.isConnected);
  if (!live.isLoaded) return <h1 class="unseen">{say("peopleNow")}</h1>;
  if (network.cameras.length === 0) return <Empty app={app} params={params} />;
  const site = siteOf(network, params["site"]);
  return (
    <div class="now" data-old={!live.isConnected}>
      <p class="unseen" role="alert">{live.begun.map((alarm) => `${say("rings", { name: alarm.name })}, ${ringText(alarm)}.`).join(" ")}</p>
      <div class="now-side">
        <Total network={network} site={site} nowS={nowS} onSite={(each) => show({ site: each, at: "", zoom: "" }, true)} />
        <Attention app={app} items={items} bell={live.bell} nowS={nowS} />
      </div>
      <CameraMap app={app} network={network} site={site} nowS={nowS} at={params["at"]} zoom={params["zoom"]} onMoved={(at, zoom) => show({ at, zoom })} />
      <PlaceTable app={app} network={network} site={site} nowS={nowS} look={params["find"] ?? ""} order={params["sort"]}
        onLook={(find) => show({ find }, true)} onOrder={(sort) => show({ sort }, true)} />
    </div>
  );
}

function Empty({ app }: PageProps): JSX.Element {
  return (
    <section class="card">
      <h1>{say("noCameras")}</h1>
      {app.may("administrator") && <p><Link app={app} class="now-link" address={{ page: "camera", params: {} }}>{say("addCamera")}</Link></p>}
    </section>
  );
}

/** The site of the address where there is one of that name; the only one where there is one; else all. */
function siteOf({ sites }: Network, asked: string | undefined): string {
  if (sites.some(({ name }) => name === asked)) return asked ?? "";
  return sites.length === 1 ? (sites[0]?.name ?? "") : "";
}

function ringText(alarm: AlarmWire): string {
  return `${alarm.camera}, ${alarm.place}: ${alarmText(alarm, formats, say)}`;
}

/** The privacy page: what is released, what was spent, what a leak would tell, what is never kept, and what the promise leaves out. */

import "./privacy.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PageProps, SiteFacts } from "../../shell/app.ts";
import { Leak, MOST_CAMERAS, MOST_PASSAGES } from "./leak.tsx";
import { type AccuracyWire, type ErrorWire, type SpendWire, wholeOf } from "./model.ts";
import { Released } from "./released.tsx";
import type { Cost } from "./risk.ts";
import { Spent } from "./spent.tsx";
import { type Key, say } from "./words.ts";

const DAYS = "14";
/** Above so many cameras a list to choose from is no help: the name is typed. */
const MOST_LISTED = 300;
const NEVER: readonly Key[] = ["never1", "never2", "never3", "never4", "never5"];
const LIMITS: readonly Key[] = ["limit1", "limit2", "limit3", "limit4", "limit5"];
/** The columns of the store, in their order, and a row that was made up. */
const ROW: readonly (readonly [string, string])[] = [
  ["camera", "north"], ["place", "door"], ["quantity", "in"], ["tick_start", "2026-11-24 08:31:00"], ["tick_s", "60"], ["value", "14.3"], ["standard_error", "4.2"],
  ["mechanism", "buffered(ticks=1440, rho=0.1, sensitivity=1, sigma=2.236)"], ["epoch", "2026-11-24/1"], ["unknown", ""],
];

interface Told {
  readonly errors: readonly ErrorWire[];
  readonly accuracy: readonly AccuracyWire[];
}

export default function Page({ app, params }: PageProps): JSX.Element {
  const [site, setSite] = useState<SiteFacts | null>(null);
  const [spend, setSpend] = useState<SpendWire | null>(null);
  const [told, setTold] = useState<Told | null>(null);
  const [returns, setReturns] = useState(0);
  const names = spend?.cameras.map((each) => each.camera) ?? [];
  const camera = params["camera"] !== undefined && names.includes(params["camera"]) ? params["camera"] : (names[0] ?? "");
  const passages = wholeOf(params["passages"], 1, MOST_PASSAGES, 5);
  const cameras = wholeOf(params["past"], 1, MOST_CAMERAS, 1);
  const sees = app.may("viewer");
  const show = (changed: Record<string, string>): void => app.go({ page: "privacy", params: { ...params, ...changed } }, true);

  useEffect(() => app.onReturn(() => setReturns((before) => before + 1)), []);
  useEffect(() => {
    app.site().then(setSite, app.failed);
    if (sees) app.hub.ask<SpendWire>("GET", "/api/v1/privacy/spend", { days: DAYS }).then(setSpend, app.failed);
  }, [returns, sees]);
  useEffect(() => {
    setTold(null);
    if (camera === "") return;
    let isShown = true;
    Promise.all([
      app.hub.ask<readonly ErrorWire[]>("GET", "/api/v1/privacy/errors", { camera }),
      app.hub.ask<readonly AccuracyWire[]>("GET", "/api/v1/accuracy", { camera }),
    ]).then(([errors, accuracy]) => isShown && setTold({ errors, accuracy }), app.failed);
    return () => {
      isShown = false;
    };
  }, [camera, returns]);

  const cost: Cost | null = site === null ? null : { rho: site.budget.rho_per_day, epsilon: site.budget.epsilon_per_day };
  const mine = spend?.cameras.find((each) => each.camera === camera);
  const most = Math.max(0, ...(mine?.rho ?? []));
  return (
    <div class="privacy">
      <div class="privacy-head">
        <h1>{say("title")}</h1>
        <p>{say("lead")}</p>
        {spend !== null && (spend.public ? <p class="label">{say("publicOpen")} <a href="/public">/public</a></p> : <p class="label">{say("publicClosed")}</p>)}
        {app.me() !== null && !sees && <p class="label">{say("noNumbers")}</p>}
      </div>
      <div class="privacy-column">
        {cost !== null && (
          <Leak cost={cost} spentRho={cost.rho !== null && most > 0 ? most : null} passages={passages} cameras={cameras}
            onChange={(often, past) => show({ passages: String(often), past: String(past) })} />
        )}
        <section class="card" aria-labelledby="never-title">
          <h2 id="never-title">{say("neverTitle")}</h2>
          <ul class="never">{NEVER.map((key) => <li key={key}>{say(key)}</li>)}</ul>
        </section>
        <Sample />
      </div>
      <div class="privacy-column">
        {names.length > 0 && <Chooser names={names} camera={camera} onChoose={(name) => show({ camera: name })} />}
        {spend !== null && cost !== null && <Spent spend={spend} camera={camera} cost={cost} />}
        {told !== null && <Released errors={told.errors} accuracy={told.accuracy} />}
        {site !== null && (
          <section class="card" aria-labelledby="limits-title">
            <h2 id="limits-title">{say("limitsTitle")}</h2>
            {LIMITS.map((key) => <p key={key}>{say(key, { counters: site.budget.passage_counters, count: site.budget.pieces })}</p>)}
          </section>
        )}
      </div>
    </div>
  );
}

function Chooser({ names, camera, onChoose }: { names: readonly string[]; camera: string; onChoose(name: string): void }): JSX.Element {
  return (
    <div class="chooser">
      <label for="privacy-camera">{say("camera")}</label>
      {names.length <= MOST_LISTED ? (
        <select id="privacy-camera" value={camera} onChange={(event) => onChoose(event.currentTarget.value)}>
          {names.map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
      ) : (
        <input id="privacy-camera" type="search" list="privacy-cameras" defaultValue={camera}
          onChange={(event) => names.includes(event.currentTarget.value) && onChoose(event.currentTarget.value)} />
      )}
      {names.length > MOST_LISTED && <datalist id="privacy-cameras">{names.slice(0, MOST_LISTED).map((name) => <option key={name} value={name} />)}</datalist>}
    </div>
  );
}

function Sample(): JSX.Element {
  return (
    <section class="card" aria-labelledby="store-title">
      <h2 id="store-title">{say("storeTitle")}</h2>
      <p>{say("storeLead")}</p>
      <table class="sample">
        <thead><tr><th scope="col">{say("column")}</th><th scope="col">{say("example")}</th></tr></thead>
        <tbody>
          {ROW.map(([column, value]) => (
            <tr key={column}>
              <th scope="row"><code>{column}</code> <span class="label">{say(`c_${column}` as Key)}</span></th>
              <td><code>{value}</code></td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

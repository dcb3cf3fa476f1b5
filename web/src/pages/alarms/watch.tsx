/** What rings now, the worst first, and after it what may, what cannot be told and what nobody watches. */

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../../core/hub.ts";
import type { Level } from "../../core/service.ts";
import type { App } from "../../shell/app.ts";
import { Link } from "../../shell/shell.tsx";
import type { Alarm } from "./model.ts";
import type { CameraFacts, ViewProps } from "./page.tsx";
import { groupsOf, isLost } from "./ringing.ts";
import { type Tongue, isolated, leveled, numberOf, sentencesOf, serviceOf } from "./telling.ts";
import { say } from "./words.ts";

interface WatchProps extends ViewProps {
  readonly alarms: readonly Alarm[] | null;
  readonly cameras: ReadonlyMap<string, CameraFacts>;
  reload(): Promise<void>;
}

interface RowProps {
  readonly app: App;
  readonly alarm: Alarm;
  readonly nowS: number;
  readonly lost: boolean;
  readonly tongue: Tongue;
}

const REDRAW_MS = 10_000;
/** More of a group than this are folded, so that a dark camera does not push what rings off the screen. */
const MOST_OPEN = 5;
const MOST_SHOWN = 200;
const GROUPS = ["pending", "cannotTell", "unknown", "quiet"] as const;
const USUAL_TICK_S = 60;
const LONGEST_NOTE = 500;
const LONGEST_PERSON = 100;

export function WatchView({ app, tongue, open, params, alarms, cameras, reload }: WatchProps): JSX.Element {
  const nowS = useNowS(app);
  if (alarms === null) return <p class="label">{say("loading")}</p>;
  if (alarms.length === 0) return <p class="card">{say("noAlarms")}</p>;
  const tickSOf = (camera: string): number => cameras.get(camera)?.tickS ?? USUAL_TICK_S;
  const only = params["alarm"];
  const asked = (params["find"] ?? "").toLocaleLowerCase();
  const seen = alarms.filter(({ name, camera, place }) => (only === undefined || name === only) && `${name} ${camera} ${place}`.toLocaleLowerCase().includes(asked));
  const groups = groupsOf(seen, nowS, tickSOf);
  const all = groupsOf(alarms, nowS, tickSOf); // whatever is looked for, nobody shall think that nothing rings
  const unreliable = all.cannotTell.length + all.unknown.length;
  const isFound = only !== undefined || asked !== "";
  const row = (alarm: Alarm): RowProps => ({ app, alarm, nowS, lost: isLost(alarm, nowS, tickSOf(alarm.camera)), tongue });
  return (
    <>
      <div class="alarms-sum">
        <p>
          <strong>{all.ringing.length === 0 ? say("nothingRings") : say("ringCount", { count: all.ringing.length })}</strong>
          {unreliable > 0 && <span class="label"> {say("unreliable", { count: unreliable })}</span>}
        </p>
        <input type="search" aria-label={say("findAlarm")} placeholder={say("findAlarm")} value={params["find"] ?? ""}
          onInput={(event) => open({ find: event.currentTarget.value }, true)} />
      </div>
      <ul class="rings" aria-label={say("ringing")}>
        {groups.ringing.slice(0, MOST_SHOWN).map((alarm) => (
          <Ring key={alarm.name} {...row(alarm)} may={app.may("operator", cameras.get(alarm.camera)?.site ?? "")} reload={reload} />
        ))}
      </ul>
      {groups.ringing.length > MOST_SHOWN && <p class="label">{say("more", { count: groups.ringing.length - MOST_SHOWN })}</p>}
      {GROUPS.map((group) => (
        <Group key={`${group} ${isFound}`} title={say(group)} count={tongue.formats.number(groups[group].length, 0)} alarms={groups[group]} row={row}
          open={isFound || (group !== "quiet" && groups[group].length <= MOST_OPEN)} />
      ))}
    </>
  );
}

/** The hub's time, drawn anew now and then, as "since" grows. */
function useNowS(app: App): number {
  const [, draw] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => draw((count) => count + 1), REDRAW_MS);
    return () => clearInterval(timer);
  }, []);
  return app.hub.clock.nowS();
}

type Opened = "" | "acknowledge" | "hand over";

function Ring({ app, alarm, nowS, lost, tongue, may, reload }: RowProps & { may: boolean; reload(): Promise<void> }): JSX.Element {
  const [opened, setOpened] = useState<Opened>("");
  const { acknowledged, handedTo, severity } = alarm;
  const time = (atS: number): string => tongue.formats.clock(atS, nowS);
  const close = (): void => setOpened("");
  return (
    <li class="ring" data-severity={severity} data-acknowledged={acknowledged !== null}>
      <p class="ring-severity">{say(severity)}</p>
      <div class="ring-what">
        <h2><bdi>{alarm.name}</bdi></h2>
        <Where app={app} alarm={alarm} />
        <p>{sentencesOf(alarm, nowS, lost, tongue).join(" ")}</p>
        {acknowledged !== null && (
          <p class="ring-who">
            {say("acknowledgedBy", { who: isolated(acknowledged.by), time: time(acknowledged.atS) })}
            {acknowledged.note !== "" && <q><bdi>{acknowledged.note}</bdi></q>}
          </p>
        )}
        {handedTo !== null && <p class="ring-who">{say("handedTo", { to: isolated(handedTo.name), who: isolated(handedTo.by), time: time(handedTo.atS) })}</p>}
      </div>
      <p class="ring-number">{numberOf(alarm, tongue)} <Service levels={serviceOf(alarm)} /></p>
      {may && (
        <div class="ring-do">
          <div class="buttons">
            {acknowledged === null && (
              <button type="button" class="strong" aria-expanded={opened === "acknowledge"} aria-label={`${say("acknowledge")}: ${alarm.name}`}
                onClick={() => setOpened(opened === "acknowledge" ? "" : "acknowledge")}>{say("acknowledge")}</button>
            )}
            <button type="button" aria-expanded={opened === "hand over"} aria-label={`${say("handOver")}: ${alarm.name}`}
              onClick={() => setOpened(opened === "hand over" ? "" : "hand over")}>{say("handOver")}</button>
          </div>
          {opened !== "" && <Answer key={opened} app={app} alarm={alarm} what={opened} onClose={close} reload={reload} />}
        </div>
      )}
    </li>
  );
}

/** The form that takes an alarm over, or gives it to somebody. */
function Answer(props: { app: App; alarm: Alarm; what: Exclude<Opened, "">; onClose(): void; reload(): Promise<void> }): JSX.Element {
  const { app, alarm, what, onClose, reload } = props;
  const field = useRef<HTMLInputElement>(null);
  const [people, setPeople] = useState<readonly string[]>([]);
  const handing = what === "hand over";
  useLayoutEffect(() => field.current?.focus(), []); // at once, or the first letters that are typed are lost
  useEffect(() => {
    // Who there is may be seen by administrators and auditors only; others type a name.
    if (handing && (app.may("administrator", "") || app.may("auditor", ""))) {
      app.hub.ask<readonly { name: string }[]>("GET", "/api/v1/people").then((found) => setPeople(found.map(({ name }) => name)), () => undefined);
    }
  }, []);
  const send = async (): Promise<void> => {
    const text = field.current?.value.trim() ?? "";
    try {
      await app.hub.ask("POST", `/api/v1/alarms/${encodeURIComponent(alarm.name)}/${handing ? "hand-over" : "acknowledge"}`, {}, handing ? { to: text } : { note: text });
      onClose();
      app.say("");
    } catch (error) {
      app.failed(error);
      if (!(error instanceof Refused)) return; // what was typed stays
    }
    await reload().catch((error: unknown) => app.failed(error));
  };
  return (
    <form class="ring-form" onSubmit={(event) => { event.preventDefault(); void send(); }} onKeyDown={(event) => { if (event.key === "Escape") onClose(); }}>
      <label>
        <span class="label">{say(handing ? "toLabel" : "noteLabel")}</span>
        <input ref={field} type="text" required={handing} maxLength={handing ? LONGEST_PERSON : LONGEST_NOTE} autocomplete="off"
          list={handing ? "alarm-people" : undefined} />
      </label>
      {handing && <datalist id="alarm-people">{people.map((name) => <option key={name} value={name} />)}</datalist>}
      <div class="buttons">
        <button type="submit" class="strong">{say(handing ? "handOver" : "acknowledge")}</button>
        <button type="button" onClick={onClose}>{say("cancel")}</button>
      </div>
    </form>
  );
}

function Group(props: { title: string; count: string; alarms: readonly Alarm[]; row(alarm: Alarm): RowProps; open: boolean }): JSX.Element | null {
  const { title, count, alarms, row, open } = props;
  const [isOpen, setOpen] = useState(open);
  if (alarms.length === 0) return null;
  return (
    <details class="alarm-group" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><h2>{title}</h2> <span class="label">{count}</span></summary>
      {isOpen && <ul>{alarms.slice(0, MOST_SHOWN).map((alarm) => <Row key={alarm.name} {...row(alarm)} />)}</ul>}
      {isOpen && alarms.length > MOST_SHOWN && <p class="label">{say("more", { count: alarms.length - MOST_SHOWN })}</p>}
    </details>
  );
}

function Row({ app, alarm, nowS, lost, tongue }: RowProps): JSX.Element {
  const { direction, threshold, unit } = alarm;
  return (
    <li class="alarm-row">
      <div><bdi>{alarm.name}</bdi> <Where app={app} alarm={alarm} /></div>
      <p class="label">{sentencesOf(alarm, nowS, lost, tongue).join(" ")}</p>
      <p class="ring-number">{lost ? "" : numberOf(alarm, tongue)}</p>
      <p class="label">{direction === "above" ? "≥" : "≤"} {leveled(threshold, unit, tongue)}</p>
    </li>
  );
}

function Where({ app, alarm }: { app: App; alarm: Alarm }): JSX.Element {
  const { camera, place, quantity } = alarm;
  return (
    <Link app={app} class="alarm-where" address={{ page: "place", params: { camera, place, measure: quantity } }}>
      <><bdi>{camera}</bdi>, <bdi>{place}</bdi></>
    </Link>
  );
}

function Service({ levels }: { levels: readonly [Level, Level] | null }): JSX.Element | null {
  if (levels === null) return null;
  const [best, worst] = levels;
  const text = best === worst ? say("level", { level: best }) : say("levels", { best, worst });
  return (
    <span class="level" data-level={worst} title={text}>
      <span aria-hidden="true">{best === worst ? best : `${best}–${worst}`}</span>
      <span class="unseen">{text}</span>
    </span>
  );
}

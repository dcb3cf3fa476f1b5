/** What happened to the alarms, day by day, and a file of it to take along. */

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { type Entry, byDay, csvOf, entriesOf, filtered, spanOf, toldBy } from "./history.ts";
import { SEVERITIES } from "./model.ts";
import type { ViewProps } from "./page.tsx";
import { type Tongue, unitOf } from "./telling.ts";
import { type Key, say } from "./words.ts";

const EVENTS: Readonly<Record<string, Key>> = { "rang": "rang", "cleared": "cleared", "acknowledged": "acknowledgedEvent", "handed over": "handedEvent" };
const MOST_SHOWN = 500;
const AGAIN_MS = 60_000;

export function HistoryView({ app, params, tongue, open }: ViewProps): JSX.Element {
  const [entries, setEntries] = useState<readonly Entry[] | null>(null);
  const { alarm = "", severity = "", from = "", to = "" } = params;
  const [round, setRound] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setRound((before) => before + 1), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  const [startS, endS] = useMemo(() => spanOf(from, to, app.hub.clock.nowS()), [from, to, round]);
  useEffect(() => {
    let isCurrent = true;
    const iso = (timeS: number): string => new Date(timeS * 1000).toISOString();
    app.hub.ask("GET", "/api/v1/alarm-history", { start: iso(startS), end: iso(endS) }).then(
      (wire) => { if (isCurrent) setEntries(entriesOf(wire)); },
      (error: unknown) => { if (isCurrent) { setEntries((before) => before ?? []); app.failed(error); } },
    );
    return () => { isCurrent = false; };
  }, [startS, endS, round]);
  const put = (change: Readonly<Record<string, string>>): void => open({ show: "history", alarm, severity, from, to, ...change }, true);
  const names = useMemo(() => [...new Set([...(entries ?? []).map(({ name }) => name), ...(alarm === "" ? [] : [alarm])])].sort(), [entries, alarm]);
  const found = filtered(entries ?? [], alarm, severity);
  return (
    <div class="card">
      <div class="history-filter">
        <label><span class="label">{say("from")}</span><input type="date" value={from || dateOf(startS)} onChange={(event) => put({ from: event.currentTarget.value })} /></label>
        <label><span class="label">{say("to")}</span><input type="date" value={to || dateOf(endS)} onChange={(event) => put({ to: event.currentTarget.value })} /></label>
        <label><span class="label">{say("alarm")}</span>
          <select value={alarm} onChange={(event) => put({ alarm: event.currentTarget.value })}>
            <option value="">{say("allAlarms")}</option>
            {names.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </label>
        <label><span class="label">{say("severity")}</span>
          <select value={severity} onChange={(event) => put({ severity: event.currentTarget.value })}>
            <option value="">{say("allSeverities")}</option>
            {SEVERITIES.map((each) => <option key={each} value={each}>{say(each)}</option>)}
          </select>
        </label>
        <button type="button" disabled={found.length === 0} onClick={() => download(csvOf(found), `alarms-${dateOf(startS)}-${dateOf(endS)}.csv`)}>{say("exportCsv")}</button>
      </div>
      <p class="label" role="status">{entries === null ? say("loading") : found.length === 0 ? say("nothingHappened") : say("happened", { count: found.length })}</p>
      {byDay(found.slice(0, MOST_SHOWN), tongue.formats.day).map(([day, of]) => (
        <section key={day}>
          <h2>{day}</h2>
          <ol class="history">{of.map((entry, i) => <Row key={i} entry={entry} tongue={tongue} />)}</ol>
        </section>
      ))}
      {found.length > MOST_SHOWN && <p class="label">{say("more", { count: found.length - MOST_SHOWN })}</p>}
    </div>
  );
}

function Row({ entry, tongue }: { entry: Entry; tongue: Tongue }): JSX.Element {
  const { name, severity, event, atS, by, note, sentence } = entry;
  const word = EVENTS[event];
  return (
    <li>
      <time dateTime={new Date(atS * 1000).toISOString()}>{tongue.formats.clock(atS, atS)}</time>
      <span class="severity" data-severity={severity}>{say(severity)}</span>
      <div>
        <p><bdi>{name}</bdi> <strong>{word === undefined ? event : say(word)}</strong>{by !== "" && <> <bdi>{say("byWhom", { who: by })}</bdi></>}</p>
        {note !== "" && <p><q><bdi>{note}</bdi></q></p>}
        <Said sentence={sentence} tongue={tongue} />
      </div>
    </li>
  );
}

/** The number of then, in the reader's language; the hub's whole sentence where it tells none. */
function Said({ sentence, tongue }: { sentence: string; tongue: Tongue }): JSX.Element | null {
  const told = toldBy(sentence);
  if (told === null) return sentence === "" ? null : <p class="label" lang="en"><bdi>{sentence}</bdi></p>;
  const number = (value: number): string => tongue.formats.number(value, told.digits);
  return <p class="label">{say("between", { value: `${number(told.value)} ${unitOf(told.unit, tongue)}`, low: number(told.low), high: number(told.high) })}</p>;
}

/** A day as a date field holds it, in local time. */
function dateOf(timeS: number): string {
  const day = new Date(timeS * 1000);
  const two = (number: number): string => String(number).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** What a rule would have done last week, in words, in a table, and drawn small over the week's curve. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { HubAway, Refused } from "../../core/hub.ts";
import type { App } from "../../shell/app.ts";
import { type Draft, tableOf, typed } from "./draft.ts";
import { drawWeek } from "./drawing.ts";
import { sayRule } from "./rule_words.ts";
import { type Tongue, leveled, plain, remedy, tooNoisy, unitOf, unitOfQuantity } from "./telling.ts";
import { type Point, type Ring, type Trial, pointsOf, trialOf, worstError } from "./trial.ts";
import { say } from "./words.ts";

interface Props {
  readonly app: App;
  readonly tongue: Tongue;
  readonly draft: Draft;
  /** Whether there is a rule to try: all but its name is right. */
  readonly ready: boolean;
}

const DAYS = 7;
const SPAN_S = DAYS * 86_400;
const SETTLED_MS = 600;
const MOST_LISTED = 20;
/** A name that the hub takes while none is typed yet. */
const TRIED_AS = "trial";

export function Preview({ app, tongue, draft, ready }: Props): JSX.Element {
  const table = ready ? JSON.stringify({ ...tableOf(draft), name: TRIED_AS }) : "";
  const [trial, setTrial] = useState<Trial | null>(null);
  const [refusal, setRefusal] = useState("");
  const week = useWeek(app, draft);
  useEffect(() => {
    setTrial(null);
    setRefusal("");
    if (table === "") return;
    let isCurrent = true;
    const timer = setTimeout(() => {
      app.hub.ask("POST", "/api/v1/alarm-rules/try", {}, { rule: JSON.parse(table) as unknown, days: DAYS }).then(
        (wire) => { if (isCurrent) setTrial(trialOf(wire)); },
        (error: unknown) => {
          if (isCurrent && error instanceof Refused) setRefusal(error.message);
          else if (isCurrent) app.failed(error);
        },
      );
    }, SETTLED_MS);
    return () => { isCurrent = false; clearTimeout(timer); };
  }, [table]);
  return (
    <section class="card alarm-trial" aria-labelledby="alarm-trial-title">
      <h2 id="alarm-trial-title">{sayRule("preview")}</h2>
      <p role="status">{table === "" ? draft.camera === "" && sayRule("placeMissing") : resultOf(trial, refusal)}</p>
      <Noise draft={draft} points={week.points} tongue={tongue} />
      {week.points.length > 0 && <Week draft={draft} points={week.points} endS={week.endS} rings={trial?.rings ?? []} tongue={tongue} />}
      {trial !== null && trial.ticks > 0 && (
        <p class="label">{sayRule("knownShare", { known: tongue.formats.percent(trial.known), cannot: tongue.formats.percent(trial.cannotTell) })}</p>
      )}
      {trial !== null && trial.rings.length > 0 && <Rings rings={trial.rings} quantity={draft.quantity} nowS={app.hub.clock.nowS()} tongue={tongue} />}
    </section>
  );
}

function resultOf(trial: Trial | null, refusal: string): string {
  if (refusal !== "") return sayRule("tryRefused", { reason: refusal });
  if (trial === null) return sayRule("waiting");
  const { rings, ticks } = trial;
  if (ticks === 0) return sayRule("noTrial");
  return rings.length === 0 ? sayRule("wouldNot") : sayRule("wouldRing", { count: rings.length });
}

/** The numbers of the last week, by the tick or, where these are too many, by the hour. */
function useWeek(app: App, { camera, place, quantity }: Draft): { points: readonly Point[]; endS: number } {
  const [week, setWeek] = useState<{ points: readonly Point[]; endS: number }>({ points: [], endS: 0 });
  useEffect(() => {
    setWeek({ points: [], endS: 0 });
    if (camera === "" || quantity === "") return;
    let isCurrent = true;
    const endS = app.hub.clock.nowS();
    const iso = (timeS: number): string => new Date(timeS * 1000).toISOString();
    const ask = (step: string): Promise<unknown> =>
      app.hub.ask("GET", "/api/v1/series", { camera, place, quantity, step, start: iso(endS - SPAN_S), end: iso(endS) });
    ask("tick").catch((error: unknown) => {
      if (error instanceof Refused && error.status === 400) return ask("hour");
      throw error;
    }).then(
      (wire) => { if (isCurrent) setWeek({ points: pointsOf(wire), endS }); },
      (error: unknown) => { if (isCurrent && !(error instanceof Refused) && !(error instanceof HubAway)) app.failed(error); },
    );
    return () => { isCurrent = false; };
  }, [camera, place, quantity]);
  return week;
}

/** Says in plain words where the noise is too large for the levels. */
function Noise({ draft, points, tongue }: { draft: Draft; points: readonly Point[]; tongue: Tongue }): JSX.Element | null {
  const [level, clear] = [typed(draft.level), typed(draft.clear)];
  const error = worstError(points);
  if (level === null || clear === null || level === clear || error === 0) return null;
  const times = tooNoisy(error, level, clear);
  if (times <= 1) return null;
  const unit = unitOfQuantity(draft.quantity);
  const margin = `${tongue.formats.number(2 * error, 2 * error >= 2 ? 0 : 2)} ${unitOf(unit, tongue)}`;
  const noise = sayRule("noise", { margin, threshold: plain(level, tongue), clear: leveled(clear, unit, tongue) });
  return <p class="warn">{[noise, ...remedy(times, draft.quantity, tongue)].join(" ")}</p>;
}

function Week({ draft, points, endS, rings, tongue }: { draft: Draft; points: readonly Point[]; endS: number; rings: readonly Ring[]; tongue: Tongue }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [level, clear] = [typed(draft.level), typed(draft.clear)];
  useEffect(() => {
    const drawn = canvas.current;
    if (drawn === null) return;
    const watch = new ResizeObserver(() => setWidth(drawn.clientWidth));
    watch.observe(drawn);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const redraw = (): void => setWidth((before) => before + 1e-6);
    dark.addEventListener("change", redraw);
    return () => { watch.disconnect(); dark.removeEventListener("change", redraw); };
  }, []);
  useEffect(() => {
    if (canvas.current !== null && width > 0) {
      drawWeek(canvas.current, { points, startS: endS - SPAN_S, endS, rings, levels: { level, clear }, numberOf: (value) => plain(value, tongue) });
    }
  }, [points, rings, width, level, clear]);
  return (
    <figure>
      <canvas ref={canvas} role="img" aria-label={sayRule("curve")} />
      <figcaption class="label">{sayRule("ringsBand")}; {sayRule("unknownGap")}</figcaption>
    </figure>
  );
}

function Rings({ rings, quantity, nowS, tongue }: { rings: readonly Ring[]; quantity: string; nowS: number; tongue: Tongue }): JSX.Element {
  const { formats } = tongue;
  const unit = unitOf(unitOfQuantity(quantity), tongue);
  return (
    <>
      <table>
        <thead><tr><th scope="col">{sayRule("begin")}</th><th scope="col">{sayRule("lasted")}</th><th scope="col">{sayRule("worst")}, {unit}</th></tr></thead>
        <tbody>
          {[...rings].reverse().slice(0, MOST_LISTED).map(({ startS, endS, worst, worstError: error }) => (
            <tr key={startS}>
              <th scope="row">{formats.moment(startS)}</th>
              <td>{endS === null ? `${formats.span(Math.max(0, nowS - startS))}, ${sayRule("still")}` : formats.span(endS - startS)}</td>
              <td>{formats.measured(worst, error)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rings.length > MOST_LISTED && <p class="label">{say("more", { count: rings.length - MOST_LISTED })}</p>}
    </>
  );
}

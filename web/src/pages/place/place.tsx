/** One place: its numbers now, and one of four looks at it over time. */

import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { App } from "../../shell/app.ts";
import { Link } from "../../shell/shell.tsx";
import { Choose } from "./choose.tsx";
import { Curves } from "./curves.tsx";
import { DiagramLook } from "./diagram_look.tsx";
import { Downloads } from "./downloads.tsx";
import { HoursLook } from "./hours_look.tsx";
import { endsStep, useLive, useSeries, withTicks } from "./loading.ts";
import { shownOf } from "./measures.ts";
import { Numbers } from "./numbers.tsx";
import { PictureLook } from "./picture_look.tsx";
import { LOOKS, type Look, type Span, type Step, type View, askedStep, hasHours, paramsOf, shown, spanOf, stepOf } from "./span.ts";
import { Exact, SpanBar } from "./span_bar.tsx";
import { type Facts, type WireTick, askFacts } from "./wire.ts";
import { say } from "./words.ts";

export function Place({ app, view }: { app: App; view: View }): JSX.Element {
  const [facts, setFacts] = useState<Facts | null | undefined>(undefined);
  useEffect(() => {
    askFacts(app.hub, view.camera, view.place).then(setFacts, app.failed);
  }, []);
  if (facts === undefined) return <><h1>{view.place}</h1><p class="label">{say("loading")}</p></>;
  const all = <Link app={app} class="button" address={{ page: "place", params: {} }}>{say("allPlaces")}</Link>;
  if (facts === null) return <><h1>{say("noSuchPlace")}</h1><p>{all}</p></>;
  return <Known app={app} view={view} facts={facts} />;
}

interface Shown {
  readonly app: App;
  readonly view: View;
  readonly facts: Facts;
}

function Known({ app, view, facts }: Shown): JSX.Element {
  const { quantities, chosen, wanted, steps, newest, nowS, drawn } = usePlace({ app, view, facts });
  const [preview, setPreview] = useState<Span | null>(null);
  const canvas = useRef<HTMLCanvasElement | null>(null);
  const keepCanvas = useCallback((drawn: HTMLCanvasElement | null): void => { canvas.current = drawn; }, []);
  const go = (to: View, replace: boolean): void => app.go({ page: "place", params: paramsOf(to) }, replace);
  const show = (span: Span, settled = true, replace = true): void => {
    setPreview(settled ? null : span);
    if (settled) go(shown(view, span, app.hub.clock.nowS()), replace);
  };
  const span = preview ?? spanOf(view, Math.max(nowS, drawn?.span.toS ?? 0));
  const looks = LOOKS.filter((look) => isThere(look, facts, quantities));
  const look = looks.includes(view.look) ? view.look : "curve";
  const choose = (quantity: string): void => go({ ...view, measures: [quantity, ...chosen.slice(1).filter((other) => other !== quantity)] }, true);
  return (
    <div class="place">
      <Head app={app} view={view} facts={facts} />
      <Numbers quantities={quantities} newest={newest} chosen={chosen} nowS={nowS} onChoose={choose} />
      <section class="card" aria-label={say(look)}>
        <div class="tools">
          <div class="buttons looks" role="group" aria-label={say("look")}>
            {looks.map((each) => (
              <button key={each} type="button" aria-pressed={each === look} onClick={() => go({ ...view, look: each }, false)}>{say(each)}</button>
            ))}
          </div>
          <SpanBar view={view} span={span} nowS={nowS} onSpan={(to) => show(to, true, false)} onView={(to) => go(to, false)} />
        </div>
        <div class="tools">
          {(look === "curve" || look === "hours") && <Choose view={view} quantities={quantities} chosen={chosen} onView={(to) => go(to, true)} />}
          <Exact span={span} onSpan={(to) => show(to, true, false)} />
        </div>
        {look === "curve" && (
          <Curves view={view} chosen={chosen} loaded={drawn} span={span} nowS={nowS} tickS={facts.camera.tick_s} onSpan={show} onCanvas={keepCanvas} />
        )}
        {look === "hours" && (
          <HoursLook loaded={drawn} quantity={chosen[0] ?? ""} onSpan={(to) => go({ ...shown(view, to, nowS), look: "curve" }, false)} onCanvas={keepCanvas} />
        )}
        {look === "picture" && <PictureLook app={app} camera={view.camera} endS={view.fixed?.toS ?? null} nowS={nowS} onCanvas={keepCanvas} />}
        {look === "diagram" && <DiagramLook loaded={drawn} onCanvas={keepCanvas} />}
        <Downloads app={app} view={view} quantities={wanted?.quantities ?? []} step={askedStep(steps[0] ?? "tick")} span={spanOf(wanted?.view ?? view, nowS)}
          site={facts.camera.site} canvas={() => canvas.current} look={look} />
      </section>
    </div>
  );
}

/** What is known of a place for the view of it: its numbers now, and the series of the look, live. */
function usePlace({ app, view, facts }: Shown) {
  const quantities = useMemo(() => shownOf(facts.quantities), [facts]);
  const chosen = useMemo(() => measuresOf(view, quantities), [view.measures.join(), quantities]);
  const [again, setAgain] = useState(0);
  const [ticks, setTicks] = useState<readonly WireTick[]>([]);
  const tickS = facts.camera.tick_s;
  const wanted = wantedOf(view, chosen, quantities, tickS);
  const { fromS, toS } = spanOf(view, 0);
  const steps = (wanted?.quantities ?? []).map((quantity) => stepIn(view.look, stepOf(toS - fromS, tickS, quantity), tickS));
  const { newest, nowS } = useLive(
    app,
    view,
    (heard) => {
      setTicks((before) => [...before, ...heard].slice(-MOST_TICKS));
      const needed: readonly Step[] = view.compare ? [...steps, "hour"] : steps;
      if (view.fixed === null && heard.some((tick) => endsStep(tick, needed))) setAgain((n) => n + 1);
    },
    (first) => {
      // What is loaded as the page opens lacks at most the tick that came before the stream did.
      if (!first || (view.fixed === null && steps.includes("tick"))) setAgain((n) => n + 1);
    },
  );
  const loaded = useSeries(app, wanted === null ? null : { ...wanted, steps }, again);
  const drawn = useMemo(() => {
    // What was loaded for another look or measure is not shown for this one.
    if (loaded === null || wanted === null || loaded.quantities.join() !== wanted.quantities.join()) return null;
    return withTicks(loaded, ticks, wanted.view, app.hub.clock.nowS());
  }, [loaded, ticks, wanted?.quantities.join(), wanted?.view.lastS, view.fixed === null]);
  return { quantities, chosen, wanted, steps, newest, nowS, drawn };
}

/** So many ticks are kept from the stream beside what was loaded. */
const MOST_TICKS = 4000;
const WEEK_S = 7 * 86_400;

/** One or two measures: those of the address that there are, else the place's first. */
function measuresOf(view: View, quantities: readonly string[]): readonly string[] {
  const known = [...new Set(view.measures)].filter((measure) => quantities.includes(measure));
  return known.length > 0 ? known : quantities.slice(0, 1);
}

/** The step in a look: its days are made of hours, and its moments are no means. */
function stepIn(look: Look, step: Step, tickS: number): Step {
  if (look === "hours") return hasHours(tickS) ? "hour" : "tick";
  return look === "diagram" && step !== "tick" ? "hour" : step;
}

/** What a look needs, in a span that is long enough for it; null where it loads its own. */
function wantedOf(view: View, chosen: readonly string[], quantities: readonly string[], tickS: number): { view: View; quantities: readonly string[] } | null {
  if (view.look === "picture") return null;
  if (view.look === "diagram" && quantities.includes("mean_speed")) return { view: { ...view, compare: false }, quantities: ["density", "mean_speed"] };
  if (view.look !== "hours" || !hasHours(tickS)) return { view, quantities: chosen };
  const lastS = view.lastS === null ? null : Math.max(view.lastS, WEEK_S);
  const fixed = view.fixed === null ? null : { fromS: Math.min(view.fixed.fromS, view.fixed.toS - WEEK_S), toS: view.fixed.toS };
  return { view: { ...view, lastS, fixed, compare: false }, quantities: chosen.slice(0, 1) };
}

function isThere(look: Look, facts: Facts, quantities: readonly string[]): boolean {
  if (look === "hours") return hasHours(facts.camera.tick_s);
  if (look === "picture") return facts.camera.extras.heat;
  return look === "curve" || quantities.includes("mean_speed");
}

function Head({ app, view, facts: { camera } }: { app: App; view: View; facts: Facts }): JSX.Element {
  const go = (place: string): void => app.go({ page: "place", params: { ...paramsOf(view), place, measure: "", view: "" } });
  const kind = camera.places.find(({ name }) => name === view.place)?.kind ?? "zone";
  return (
    <div class="head">
      <div>
        <h1><bdi>{view.place.trim() === "" ? "–" : view.place}</bdi></h1>
        <p class="label">{say(kind)} · <bdi>{camera.name}</bdi> · <bdi>{camera.site}</bdi></p>
      </div>
      <div class="buttons">
        {camera.places.length > 1 && (
          <label><span class="unseen">{say("otherPlace")}</span>
            <select value={view.place} onChange={(event) => go(event.currentTarget.value)}>
              {camera.places.map(({ name }) => <option key={name} value={name}>{name}</option>)}
            </select>
          </label>
        )}
        <Link app={app} class="button" address={{ page: "place", params: {} }}>{say("allPlaces")}</Link>
      </div>
    </div>
  );
}

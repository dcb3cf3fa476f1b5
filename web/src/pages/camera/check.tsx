/** Counting along with two big keys, on a phone in the hand. What was counted stays here: only numbers with noise are sent. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { noised } from "../../core/geometric.ts";
import { Refused } from "../../core/hub.ts";
import { formatsOf } from "../../core/numbers.ts";
import { sideOf } from "./accuracy.ts";
import { useAsked } from "./asked.ts";
import type { StepProps } from "./camera.tsx";
import { type Check, type Counting, type Private, type Way, LEAST_S, MOST_S, countOf, elapsed, pressed, privateOf, withoutLast } from "./counting.ts";
import { say } from "./words-check.ts";

const AGAIN_MS = 10_000;
/** The numbers of that time are not there yet. */
const TOO_EARLY = 425;

type Stage =
  | { readonly kind: "idle" }
  | { readonly kind: "counting"; readonly counting: Counting }
  | { readonly kind: "sending"; readonly body: Private; readonly isWaiting: boolean }
  | { readonly kind: "answered"; readonly check: Check };

export function CheckStep({ app, camera, params }: StepProps): JSX.Element {
  const places = [...camera.line, ...camera.zone].map(({ name }) => name);
  const place = places.find((name) => name === params["place"]) ?? places[0];
  const [stage, setStage] = useState<Stage>({ kind: "idle" });
  const [wrong, setWrong] = useState("");
  const [tickS, setTickS] = useState(camera.tick_s ?? 60);
  const [checks, setChecks] = useAsked(app, () => app.hub.ask<readonly Check[]>("GET", "/api/v1/checks", { camera: camera.name }));
  const again = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => { if (camera.tick_s === null) app.site().then(({ tick_s }) => setTickS(tick_s), app.failed); }, [camera]);
  const sending = useRef(0); // which sending may still go on: none once it was given up, or the page was left
  const stop = (): void => {
    sending.current += 1;
    clearTimeout(again.current);
  };
  useEffect(() => stop, []);
  const leastS = Math.max(LEAST_S, 2 * tickS);

  /** The same numbers again, until the hub has its own of that time: noise is drawn once. */
  const send = async (body: Private): Promise<void> => {
    const mine = (sending.current += 1);
    setWrong("");
    setStage({ kind: "sending", body, isWaiting: false });
    try {
      const check = await app.hub.ask<Check>("PUT", `/api/v1/checks/${encodeURIComponent(camera.name)}`, {}, body);
      setChecks([check, ...(checks ?? [])]);
      if (mine === sending.current) setStage({ kind: "answered", check });
    } catch (error) {
      if (mine !== sending.current) return;
      const isEarly = error instanceof Refused && error.status === TOO_EARLY;
      setStage({ kind: "sending", body, isWaiting: isEarly });
      if (isEarly) again.current = setTimeout(() => void send(body), AGAIN_MS);
      else if (error instanceof Refused && error.status !== 403) setWrong(error.message);
      else app.failed(error);
    }
  };
  if (!app.may("operator", camera.site) && app.me() !== null) return <section class="card narrow"><p>{say("onlyOperators")}</p></section>;
  if (place === undefined) return <section class="card narrow"><p>{say("noPlaces")}</p></section>;
  return (
    <div class="check">
      <section class="card narrow">
        <h2>{say("countAlong")}</h2>
        {stage.kind === "idle" && (
          <>
            <p>{say("how", { minutes: Math.ceil(leastS / 60) })}</p>
            <p class="label">{say("private")}</p>
            <label class="field"><span>{say("place")}</span>
              <select value={place} onChange={(event) => app.go({ page: "camera", params: { camera: camera.name, step: "check", place: event.currentTarget.value } }, true)}>
                {places.map((name) => <option key={name}>{name}</option>)}
              </select>
            </label>
            <div class="buttons"><button type="button" class="strong" onClick={() => setStage({ kind: "counting", counting: { startS: app.hub.clock.nowS(), presses: [] } })}>{say("start")}</button></div>
          </>
        )}
        {stage.kind === "counting" && (
          <Keys counting={stage.counting} leastS={leastS} nowS={() => app.hub.clock.nowS()} place={place} isLine={camera.line.some(({ name }) => name === place)}
            onChange={(counting) => setStage({ kind: "counting", counting })} onGiveUp={() => setStage({ kind: "idle" })}
            onStop={() => void send(privateOf(stage.counting, place, app.hub.clock.nowS(), noised))} />
        )}
        {stage.kind === "sending" && (
          <>
            <p role="status">{say(stage.isWaiting ? "waiting" : wrong === "" ? "sending" : "notTaken")}</p>
            {wrong !== "" && <p class="wrong" role="alert">{wrong}</p>}
            <div class="buttons">
              {!stage.isWaiting && <button type="button" onClick={() => void send(stage.body)}>{say("sendAgain")}</button>}
              <button type="button" onClick={() => { stop(); setStage({ kind: "idle" }); }}>{say("giveUp")}</button>
            </div>
          </>
        )}
        {stage.kind === "answered" && (
          <>
            <div role="status"><Answer check={stage.check} /></div>
            <div class="buttons"><button type="button" onClick={() => setStage({ kind: "idle" })}>{say("countAgain")}</button></div>
          </>
        )}
      </section>
      {checks !== null && checks.length > 0 && (
        <section class="card narrow">
          <h2>{say("before")}</h2>
          <ul class="checks">{checks.map((check) => <li key={`${check.place} ${check.start}`}><p class="label">{check.place}, {formatsOf().moment(Date.parse(check.start) / 1000)}{!check.counts && ` · ${say("countsNoMore")}`}</p><Answer check={check} /></li>)}</ul>
        </section>
      )}
    </div>
  );
}

interface KeysProps {
  readonly counting: Counting;
  readonly leastS: number;
  readonly place: string;
  readonly isLine: boolean;
  nowS(): number;
  onChange(counting: Counting): void;
  onStop(): void;
  onGiveUp(): void;
}

function Keys({ counting, leastS, place, isLine, nowS, onChange, onStop, onGiveUp }: KeysProps): JSX.Element {
  const first = useRef<HTMLButtonElement>(null);
  const [told, setTold] = useState("");
  const [, setSecond] = useState(0);
  useEffect(() => {
    first.current?.focus();
    const timer = setInterval(() => setSecond((second) => second + 1), 1000);
    const lock = navigator.wakeLock?.request("screen").catch(() => undefined); // a screen that goes dark loses presses
    return () => { clearInterval(timer); void lock?.then((held) => held?.release()); };
  }, []);
  const pastS = nowS() - counting.startS;
  const words: Readonly<Record<Way, string>> = { in: say(isLine ? "in" : "entered"), out: say(isLine ? "out" : "left") };
  const press = (way: Way): void => {
    navigator.vibrate?.(30);
    const next = pressed(counting, way);
    onChange(next);
    setTold(`${words[way]} ${countOf(next, way)}`);
  };
  const undo = (): void => {
    onChange(withoutLast(counting));
    setTold(say("undone"));
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = event.key.toLowerCase();
    if (key === "i") press("in");
    else if (key === "o") press("out");
    else if (key === "u") undo();
    else return;
    event.preventDefault();
  };
  return (
    <div class="keys" role="group" aria-label={say("countingAt", { place })} onKeyDown={onKey}>
      <p class="elapsed"><strong>{elapsed(pastS)}</strong> <span class="label">{pastS < leastS ? say("stillFor", { time: elapsed(Math.ceil(leastS - pastS)) }) : say("enough")}</span></p>
      <div class="two">
        {(["in", "out"] as const).map((way) => (
          <button key={way} ref={way === "in" ? first : null} type="button" class="key" data-way={way} aria-keyshortcuts={way === "in" ? "i" : "o"} onClick={() => press(way)}>
            <span>{words[way]}</span><strong>{countOf(counting, way)}</strong>
          </button>
        ))}
      </div>
      <p class="unseen" role="status">{told}</p>
      <p class="label">{say("shortcuts")}</p>
      <div class="buttons">
        <button type="button" disabled={counting.presses.length === 0} onClick={undo}>{say("undo")}</button>
        <button type="button" class="strong" disabled={pastS < leastS || pastS > MOST_S} onClick={onStop}>{say("stop")}</button>
        <button type="button" onClick={onGiveUp}>{say("giveUp")}</button>
      </div>
      {pastS > MOST_S && <p class="wrong" role="alert">{say("tooLong")}</p>}
    </div>
  );
}

/** What a check says, in plain words. */
function Answer({ check }: { check: Check }): JSX.Element | null {
  const both = check.ways.find(({ way }) => way === "both");
  if (both === undefined) return null;
  const formats = formatsOf();
  const values = { released: formats.withMargin(both.released, both.released_se), counted: formats.people(both.counted) };
  if (both.ratio === null) return <p>{say("answerFew", values)}</p>;
  return <p>{say("answer", { ...values, low: sideOf(both.ratio.lowest), high: sideOf(both.ratio.highest) })}</p>;
}

/** The list of what needs attention, and the switches of the bell. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Bell } from "../../core/bell.ts";
import { type Formats, formatsOf } from "../../core/numbers.ts";
import type { App } from "../../shell/app.ts";
import { Link } from "../../shell/shell.tsx";
import { type Item, idOf } from "./attention.ts";
import { type Camera, blindSinceS, secondsOf } from "./network.ts";
import { alarmText, levelText, reasonText, sightText } from "./sentences.ts";
import type { AlarmWire } from "./wire.ts";
import { say } from "./words.ts";

const formats: Formats = formatsOf();
const MANY = 100;
/** So many items are told before the rest is asked for: what a screen has room for below the count. */
const FEW = Math.max(5, Math.min(12, Math.floor((innerHeight - 330) / 90)));

interface Props {
  readonly app: App;
  readonly items: readonly Item[];
  readonly bell: Bell;
  readonly nowS: number;
}

export function Attention({ app, items, bell, nowS }: Props): JSX.Element {
  const [all, setAll] = useState(false);
  const shown = items.slice(0, all ? MANY : FEW);
  return (
    <section class="card now-attention" aria-labelledby="now-attention">
      <div class="now-head">
        <h2 id="now-attention">{say("attention")}{items.length > 0 && <span class="now-count">{formats.people(items.length)}</span>}</h2>
        <Switches app={app} bell={bell} />
      </div>
      {items.length === 0 && <p class="now-calm">{say("calm")}</p>}
      <ul>
        {shown.map((item) => <li key={idOf(item)}><Entry app={app} item={item} nowS={nowS} /></li>)}
      </ul>
      {all && items.length > MANY && <p class="label">{say("more", { count: items.length - MANY })}</p>}
      {items.length > FEW && (
        <button type="button" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? say("showFewer") : say("more", { count: items.length - FEW })}
        </button>
      )}
    </section>
  );
}

function Entry({ app, item, nowS }: { app: App; item: Item; nowS: number }): JSX.Element {
  const since = (timeS: number): string => say("since", { time: formats.clock(timeS, nowS) });
  if (item.kind === "dense") {
    const { place } = item;
    const { level, text } = levelText(place, say);
    const density = say("uDensity", { value: formats.measured(place.density, place.densitySe) });
    const people = say("uPeople", { value: formats.withMargin(place.people, place.peopleSe) });
    const mark = <span class="level" data-level={level}>{text}</span>;
    return <Row app={app} kind="dense" mark={mark} word={say("level")} camera={place.camera.name} place={place.name} detail={`${density}, ${people}`} />;
  }
  if (item.kind === "alarm" || item.kind === "unwatched") return <AlarmEntry app={app} item={item} since={since} />;
  const [first] = item.cameras;
  if (item.cameras.length === 1 && first !== undefined) {
    return <Row app={app} kind={item.kind} word={say(item.kind)} camera={first.name} place="" detail={whyOf(item.kind, first, item.reason, nowS)} />;
  }
  const title = say(item.kind === "blind" ? "blindMany" : "stoppedMany", { count: item.cameras.length });
  const detail = [reasonText(item.reason, say), since(item.sinceS)].filter((part) => part !== "").join(", ");
  return (
    <details class="now-item" data-kind={item.kind}>
      <summary><strong>{title}</strong> <span class="label">{detail}</span></summary>
      <ul class="now-which">
        {item.cameras.slice(0, MANY).map(({ name }) => (
          <li key={name}><Link app={app} class="now-link" address={{ page: "place", params: { camera: name } }}>{name}</Link></li>
        ))}
      </ul>
      {item.cameras.length > MANY && <p class="label">{say("more", { count: item.cameras.length - MANY })}</p>}
    </details>
  );
}

function AlarmEntry({ app, item, since }: { app: App; item: Item & { alarm: AlarmWire }; since: (timeS: number) => string }): JSX.Element {
  const { alarm } = item;
  const begun = alarm.since === null ? "" : since(secondsOf(alarm.since));
  if (item.kind === "unwatched") {
    const why = alarm.state === "cannot tell" ? say("noisy") : reasonText(alarm.unseen, say);
    const word = say(alarm.state === "cannot tell" ? "cannotTell" : "unwatched");
    return <Row app={app} kind="unwatched" word={word} camera={alarm.camera} place={alarm.place} detail={joined(alarm.name, why, begun)} />;
  }
  const by = alarm.acknowledged?.by ?? "";
  const unseen = alarm.unseen === "" ? "" : say("unseen", { reason: reasonText(alarm.unseen, say) });
  return (
    <Row app={app} kind={by === "" ? alarm.severity : "acknowledged"} word={say(alarm.severity)} camera={alarm.camera} place={alarm.place}
      detail={joined(alarm.name, alarmText(alarm, formats, say), begun, unseen, by === "" ? "" : say("acknowledged", { by }))} />
  );
}

interface RowProps {
  readonly app: App;
  readonly kind: string;
  readonly word: string;
  readonly mark?: JSX.Element;
  readonly camera: string;
  readonly place: string;
  readonly detail: string;
}

function Row({ app, kind, word, mark, camera, place, detail }: RowProps): JSX.Element {
  return (
    <Link app={app} class="now-item now-row" address={{ page: "place", params: { camera, place } }}>
      <>
        <span class="now-word" data-kind={kind}>{word}{mark === undefined ? "" : " "}{mark}</span>
        <span class="now-what"><bdi>{camera}</bdi>{place !== "" && <>, <bdi>{place}</bdi></>}</span>
        <span class="label">{detail}</span>
      </>
    </Link>
  );
}

/** Two switches; what the browser does not let the page do is said below them. */
function Switches({ app, bell }: { app: App; bell: Bell }): JSX.Element {
  const [choice, setChoice] = useState(bell.choice);
  const [silenced, setSilenced] = useState(false);
  useEffect(() => {
    const look = (): void => void bell.isSilenced().then(setSilenced);
    look();
    addEventListener("pointerup", look, { once: true });
    return () => removeEventListener("pointerup", look);
  }, [choice]);
  const sound = (): void => {
    bell.setSound(!choice.sound);
    setChoice(bell.choice);
  };
  const notify = async (): Promise<void> => {
    if (!(await bell.setNotify(!choice.notify))) app.say(say("denied"));
    setChoice(bell.choice);
  };
  return (
    <>
      <div class="now-switches">
        <button type="button" aria-pressed={choice.sound} onClick={sound}>{say("sound")}</button>
        <button type="button" aria-pressed={choice.notify} onClick={() => void notify()}>{say("notify")}</button>
      </div>
      {silenced && <p class="warn">{say("silenced")}</p>}
    </>
  );
}

function whyOf(kind: "blind" | "stopped", camera: Camera, reason: string, nowS: number): string {
  return sightText(kind === "blind" ? "unknown" : "stopped", reason, formats.clock(blindSinceS(camera), nowS), say);
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" · ");
}

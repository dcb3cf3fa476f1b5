/** Every place of every camera, to choose one: searched, by site. Thousands stay quick, since few are drawn at a time. */

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { App } from "../../shell/app.ts";
import { Link } from "../../shell/shell.tsx";
import { type Choice, choicesOf, foundIn, groupsOf } from "./choices.ts";
import type { WireCamera } from "./wire.ts";
import { say } from "./words.ts";

const MOST_SHOWN = 200;

export function Chooser({ app, find }: { app: App; find: string }): JSX.Element {
  const [choices, setChoices] = useState<readonly Choice[] | null>(null);
  useEffect(() => {
    app.hub.ask<readonly WireCamera[]>("GET", "/api/v1/cameras").then((cameras) => setChoices(choicesOf(cameras)), app.failed);
  }, []);
  const found = useMemo(() => foundIn(choices ?? [], find), [choices, find]);
  if (choices === null) return <><h1>{say("choose")}</h1><p class="label">{say("loading")}</p></>;
  const search = (text: string): void => app.go({ page: "place", params: { find: text } }, true);
  return (
    <div class="place">
      <h1>{say("choose")}</h1>
      {choices.length === 0 ? <p>{say("noPlaces")}</p> : (
        <div class="search">
          <label><span class="unseen">{say("search")}</span>
            <input type="search" placeholder={say("search")} value={find} onInput={(event) => search(event.currentTarget.value)} />
          </label>
          <p class="label" role="status">
            {say("found", { count: found.length })}{found.length > MOST_SHOWN && `. ${say("more", { count: found.length - MOST_SHOWN })}`}
          </p>
        </div>
      )}
      {groupsOf(found.slice(0, MOST_SHOWN)).map(([site, of]) => (
        <section key={site} class="card" aria-label={site}>
          <h2>{site}</h2>
          <ul class="choices">
            {of.map((choice) => (
              <li key={`${choice.camera}/${choice.place}`}>
                <Link app={app} class="choice" address={{ page: "place", params: { camera: choice.camera, place: choice.place } }}>
                  <>
                    <bdi>{choice.place.trim() === "" ? "–" : choice.place}</bdi>
                    <span class="label"><bdi>{choice.camera}</bdi> · {say(choice.kind)}{choice.state === "unknown" ? ` · ${say("unknown")}` : ""}</span>
                  </>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

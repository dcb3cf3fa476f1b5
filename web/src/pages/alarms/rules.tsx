/** The rules: a table of them, and the form that makes or changes one. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Measured, type Rule, BLANK, atPlace, draftOf, placeOf, ruleOf, suggested } from "./draft.ts";
import { Editor } from "./editor.tsx";
import type { CameraFacts, ViewProps } from "./page.tsx";
import { sayRule } from "./rule_words.ts";
import { type Tongue, leveled, measureOf, unitOfQuantity } from "./telling.ts";
import { say } from "./words.ts";

interface RulesProps extends ViewProps {
  readonly cameras: ReadonlyMap<string, CameraFacts>;
}

const MOST_SHOWN = 200;

export function RulesView({ cameras, ...props }: RulesProps): JSX.Element {
  const { app, params, tongue, open } = props;
  const [rules, setRules] = useState<readonly Rule[] | null>(null);
  const [places, setPlaces] = useState<readonly Measured[] | null>(null);
  const load = async (): Promise<void> => setRules((await app.hub.ask<readonly unknown[]>("GET", "/api/v1/alarm-rules")).map(ruleOf));
  useEffect(() => {
    load().catch(app.failed);
    app.hub.ask<readonly Measured[]>("GET", "/api/v1/measures").then(setPlaces, app.failed);
  }, []);
  if (rules === null || places === null) return <p class="label">{say("loading")}</p>;

  const may = (camera: string): boolean => app.may("operator", cameras.get(camera)?.site ?? "");
  const done = (told: string): void => {
    load().then(() => { open({ show: "rules" }); app.say(told); }, app.failed);
  };
  const taken = new Set(rules.map((rule) => rule.name));
  const back = (): void => open({ show: "rules" });
  if (params["new"] !== undefined && app.may("operator")) {
    const at = placeOf({ camera: params["camera"] ?? "", place: params["place"] ?? "" }, places);
    const draft = at === undefined ? BLANK : atPlace(BLANK, at);
    const own = places.filter((place) => may(place.camera));
    return <Editor {...props} key="new" start={{ ...draft, name: suggested(draft, taken) }} places={own} taken={taken} onDone={done} onBack={back} />;
  }
  if (params["alarm"] !== undefined) {
    const rule = rules.find((each) => each.name === params["alarm"]);
    if (rule === undefined) return <><p class="card">{sayRule("noRule")}</p><div class="buttons"><button type="button" onClick={back}>{sayRule("back")}</button></div></>;
    if (rule.ofFile || !may(rule.camera)) return <Reading rule={rule} tongue={tongue} onBack={back} />;
    return <Editor {...props} key={rule.name} start={draftOf(rule)} places={places.filter((place) => may(place.camera))} taken={taken} onDone={done} onBack={back} />;
  }
  return <Table {...props} rules={rules} may={may} />;
}

/** What a rule says, in one line. */
export function conditionOf(rule: Rule, tongue: Tongue): string {
  const unit = unitOfQuantity(rule.quantity);
  const values = { measure: measureOf(rule.quantity, tongue), level: leveled(rule.level, unit, tongue), clear: leveled(rule.clear, unit, tongue) };
  const said = [sayRule(rule.direction === "above" ? "rule" : "ruleBelow", values), sayRule("averaged", { span: tongue.formats.span(rule.forS) })];
  return [...said, ...(rule.withinS === 0 ? [] : [sayRule("ahead", { span: tongue.formats.span(rule.withinS) })])].join(", ");
}

function Table({ rules, may, params, open, tongue }: ViewProps & { rules: readonly Rule[]; may(camera: string): boolean }): JSX.Element {
  if (rules.length === 0) return <p class="card">{sayRule("noRules")} {say("noAlarms")}</p>;
  const asked = (params["find"] ?? "").toLocaleLowerCase();
  const found = rules.filter((rule) => `${rule.name} ${rule.camera} ${rule.place}`.toLocaleLowerCase().includes(asked));
  return (
    <div class="card">
      <input type="search" class="alarms-find" aria-label={say("findAlarm")} placeholder={say("findAlarm")} value={params["find"] ?? ""}
        onInput={(event) => open({ show: "rules", find: event.currentTarget.value }, true)} />
      {/* A phone shows the cells one below the other, with which a browser forgets their roles. */}
      <table class="alarm-rules" role="table">
        <thead>
          <tr>
            {[say("alarm"), say("place"), sayRule("condition"), say("severity")].map((title) => <th key={title} scope="col">{title}</th>)}
            <th scope="col"><span class="unseen">{sayRule("ways")}</span></th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {found.slice(0, MOST_SHOWN).map((rule) => (
            <tr key={rule.name} role="row">
              <th scope="row" role="rowheader"><bdi>{rule.name}</bdi></th>
              <td role="cell"><bdi>{rule.camera}</bdi>, <bdi>{rule.place}</bdi></td>
              <td role="cell">{conditionOf(rule, tongue)}{rule.problem !== "" && <p class="warn" lang="en">{rule.problem}</p>}</td>
              <td role="cell"><span class="severity" data-severity={rule.severity}>{say(rule.severity)}</span></td>
              <td role="cell">{rule.ofFile ? <span class="label">{sayRule("ofFile")}</span> : may(rule.camera) && (
                <button type="button" aria-label={`${sayRule("change")}: ${rule.name}`} onClick={() => open({ show: "rules", alarm: rule.name })}>
                  {sayRule("change")}
                </button>
              )}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.length > MOST_SHOWN && <p class="label">{say("more", { count: found.length - MOST_SHOWN })}</p>}
    </div>
  );
}

/** A rule that one may not change. */
function Reading({ rule, tongue, onBack }: { rule: Rule; tongue: Tongue; onBack(): void }): JSX.Element {
  return (
    <section class="card">
      <h2><bdi>{rule.name}</bdi></h2>
      <p><bdi>{rule.camera}</bdi>, <bdi>{rule.place}</bdi></p>
      <p>{conditionOf(rule, tongue)}</p>
      <p><span class="severity" data-severity={rule.severity}>{say(rule.severity)}</span></p>
      {rule.ofFile && <p class="label">{sayRule("ofFileHow")}</p>}
      <div class="buttons"><button type="button" onClick={onBack}>{sayRule("back")}</button></div>
    </section>
  );
}

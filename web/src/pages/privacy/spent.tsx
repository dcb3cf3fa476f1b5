/** What was spent: today of all cameras, and of one camera day by day. */

import type { JSX } from "preact";
import { formatsOf } from "../../core/numbers.ts";
import { budgetText, shortly } from "./budget.ts";
import { type SpendWire, barsOf, rhoOf, todayOf } from "./model.ts";
import type { Cost } from "./risk.ts";
import { say } from "./words.ts";

export function Spent({ spend, camera, cost }: { spend: SpendWire; camera: string; cost: Cost }): JSX.Element {
  const today = todayOf(spend);
  const mine = spend.cameras.find((each) => each.camera === camera);
  return (
    <section class="card" aria-labelledby="spent-title">
      <h2 id="spent-title">{say("spentTitle")}</h2>
      <p>{say("spentLead", { budget: budgetText(cost) })}</p>
      <p class="label">{say("today", { count: today.cameras, begun: today.begun, again: today.again, most: `ρ ${shortly(today.most)}` })}</p>
      {mine !== undefined && <Days spend={spend} camera={camera} budget={rhoOf(cost)} />}
    </section>
  );
}

function Days({ spend, camera, budget }: { spend: SpendWire; camera: string; budget: number }): JSX.Element | null {
  const mine = spend.cameras.find((each) => each.camera === camera);
  if (mine === undefined) return null;
  const { bars, budgetShare } = barsOf(spend.days, mine, budget);
  const hasAlong = bars.some((bar) => bar.checks > 0);
  // A UTC day is told as the day that it is, wherever the reader is.
  const utc = formatsOf(undefined, "UTC");
  const dayOf = (day: string): string => utc.day(Date.parse(`${day}T12:00:00Z`) / 1000);
  return (
    <>
      <div class="bars" aria-hidden="true">
        <div class="bars-field">
          <span class="bars-budget" style={{ bottom: `${100 * budgetShare}%` }} />
          {bars.map((bar) => (
            <div key={bar.day} class="bar-of" title={dayOf(bar.day)}>
              {bar.along > 0 && <div class="bar-along" style={{ height: `${100 * bar.alongShare}%` }} />}
              <div class="bar-spent" style={{ height: `${100 * bar.spentShare}%` }} />
            </div>
          ))}
        </div>
        <div class="bars-days label">{bars.map((bar) => <span key={bar.day}>{Number(bar.day.slice(8))}</span>)}</div>
      </div>
      <ul class="key label">
        <li class="key-spent-bar">{say("spent")}</li>
        {hasAlong && <li class="key-along">{say("along")}</li>}
        <li class="key-budget">{say("dayBudget")}</li>
      </ul>
      {hasAlong && <p class="label">{say("alongCosts")}</p>}
      <details>
        <summary>{say("asTable")}</summary>
        <table>
          <thead>
            <tr><th scope="col">{say("day")}</th><th scope="col">{say("epochs")}</th><th scope="col">{say("spent")}</th>{hasAlong && <th scope="col">{say("along")}</th>}</tr>
          </thead>
          <tbody>
            {bars.toReversed().map((bar) => (
              <tr key={bar.day}>
                <th scope="row">{dayOf(bar.day)}</th>
                <td>{bar.epochs}</td>
                <td>{bar.epochs === 0 ? say("noneSpent") : `ρ ${shortly(bar.spent)}`}</td>
                {hasAlong && <td>{bar.checks === 0 ? "" : `${bar.checks} × ρ ${shortly(bar.along / bar.checks)}`}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}

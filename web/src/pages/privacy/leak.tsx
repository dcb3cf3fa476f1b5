/** What a leak would tell: a curve, and where somebody who passed so often stands on it. */

import type { JSX } from "preact";
import { formatsOf } from "../../core/numbers.ts";
import { budgetText } from "./budget.ts";
import { type Cost, guessed, inAHundred, isWeak, recognised } from "./risk.ts";
import { say } from "./words.ts";

export const MOST_PASSAGES = 60;
export const MOST_CAMERAS = 20;
const TABLE = [1, 2, 5, 10, 20, 40, 60];

interface Props {
  readonly cost: Cost;
  /** What the camera that is looked at spent on its costliest day, as a rho; null where that is not known. */
  readonly spentRho: number | null;
  readonly passages: number;
  readonly cameras: number;
  onChange(passages: number, cameras: number): void;
}

export function Leak({ cost, spentRho, passages, cameras, onChange }: Props): JSX.Element {
  const formats = formatsOf();
  const count = passages * cameras;
  const weak = isWeak(cost, count);
  const inHundred = (n: number): number => inAHundred(recognised(cost, n * cameras));
  const name = `${say("curveName")}. ${say("curveSays", { one: inHundred(1), five: inHundred(5), twenty: inHundred(20), sixty: inHundred(60) })}`;
  return (
    <section class="card leak" aria-labelledby="leak-title">
      <h2 id="leak-title">{say("leakTitle")}</h2>
      <p>{say("leakLead")}</p>
      <div class="leak-ask">
        <label>
          <span>{say("howOften")}: <b>{say("times", { count: passages })}</b></span>
          <input type="range" min={1} max={MOST_PASSAGES} value={passages} aria-valuetext={say("times", { count: passages })}
            onInput={(event) => onChange(event.currentTarget.valueAsNumber, cameras)} />
        </label>
        <label>
          <span>{say("byCameras")}: <b>{formats.number(cameras, 0)}</b></span>
          <input type="range" min={1} max={MOST_CAMERAS} value={cameras}
            onInput={(event) => onChange(passages, event.currentTarget.valueAsNumber)} />
        </label>
      </div>
      <output class="leak-answer" data-weak={weak}>
        <strong>{say("recognised", { count: inAHundred(recognised(cost, count)) })}</strong>
        <span class="leak-word">{say(weak ? "weak" : "fair")}</span>
      </output>
      <div class="curve" role="img" aria-label={name}>
        <div class="curve-y" aria-hidden="true"><span>100</span><span>50</span><span>0</span></div>
        <div class="curve-field" aria-hidden="true">
          <svg viewBox="0 0 100 100" preserveAspectRatio="none">
            <line class="curve-half" x1="0" y1="50" x2="100" y2="50" />
            {spentRho !== null && <path class="curve-spent" d={pathOf({ rho: spentRho, epsilon: null }, cameras)} />}
            <path class="curve-most" d={pathOf(cost, cameras)} />
          </svg>
          <span class="curve-dot" style={{ left: `${xOf(passages)}%`, top: `${100 - 100 * recognised(cost, count)}%` }} />
        </div>
        <div class="curve-x" aria-hidden="true"><span>1</span><span>20</span><span>40</span><span>60</span></div>
      </div>
      <ul class="key label">
        <li class="key-most">{say("wholeDay")}</li>
        {spentRho !== null && <li class="key-spent">{say("asSpent")}</li>}
      </ul>
      <p class="label">{say("guess", { count: inAHundred(guessed(cost, count)) })}</p>
      <p class="label">{say("adds", { passages, cameras, count, budget: budgetText(cost) })}</p>
      <details>
        <summary>{say("asTable")}</summary>
        <table class="leak-table">
          <caption class="label">{say("curveName")}</caption>
          <thead><tr><th scope="col">{say("passages")}</th><th scope="col">{say("wholeDay")}</th>{spentRho !== null && <th scope="col">{say("asSpent")}</th>}</tr></thead>
          <tbody>
            {TABLE.map((n) => (
              <tr key={n}>
                <th scope="row">{say("times", { count: n })}</th>
                <td>{inHundred(n)}</td>
                {spentRho !== null && <td>{inAHundred(recognised({ rho: spentRho, epsilon: null }, n * cameras))}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

function xOf(passages: number): number {
  return (100 * (passages - 1)) / (MOST_PASSAGES - 1);
}

function pathOf(cost: Cost, cameras: number): string {
  const points = Array.from({ length: MOST_PASSAGES }, (_, i) => `${xOf(i + 1).toFixed(2)} ${(100 - 100 * recognised(cost, (i + 1) * cameras)).toFixed(2)}`);
  return `M${points.join("L")}`;
}

/** The numbers of a place now, each with its margin: pressing one draws its curve. */

import type { JSX } from "preact";
import { formatsOf } from "../../core/numbers.ts";
import { levelOf, levelsOf } from "../../core/service.ts";
import { isPeople, lengthText, nameOf, reasonOf, unitOf } from "./measures.ts";
import { isCounted } from "./span.ts";
import type { Newest } from "./wire.ts";
import { say } from "./words.ts";

const GRACE_S = 5;
const formats = formatsOf();

interface Props {
  readonly quantities: readonly string[];
  readonly newest: ReadonlyMap<string, Newest>;
  readonly chosen: readonly string[];
  readonly nowS: number;
  onChoose(quantity: string): void;
}

export function Numbers({ quantities, newest, chosen, nowS, onChoose }: Props): JSX.Element {
  const why = oneReason(quantities.flatMap((quantity) => newest.get(quantity) ?? []), nowS);
  return (
    <>
      {why !== null && <p class="warn" role="status">{why}</p>}
      <ul class="numbers">
        {quantities.map((quantity) => (
          <li key={quantity}>
            <button type="button" aria-pressed={chosen.includes(quantity)} onClick={() => onChoose(quantity)}>
              <span class="label">{labelOf(quantity, newest.get(quantity))}</span>
              <Now quantity={quantity} newest={newest.get(quantity)} nowS={nowS} told={why !== null} />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Why nothing at all is known now, in one sentence; null where something is. */
function oneReason(all: readonly Newest[], nowS: number): string | null {
  if (all.length === 0 || !all.every((one) => isOld(one, nowS) || one.value === null)) return null;
  const newest = all.reduce((latest, one) => (one.startS > latest.startS ? one : latest));
  const reason = isOld(newest, nowS) ? say("old") : reasonOf(newest.unknown);
  return say("unknownAt", { time: formats.clock(newest.startS + newest.tickS, nowS), reason });
}

/** Since when a number is old: two ticks after its own, and a little. */
export function isOld(newest: Newest, nowS: number): boolean {
  return nowS > newest.startS + 3 * newest.tickS + GRACE_S;
}

function labelOf(quantity: string, newest: Newest | undefined): string {
  const name = nameOf(quantity);
  return isCounted(quantity) && newest !== undefined ? `${name}, ${lengthText(newest.tickS)}` : name;
}

function Now({ quantity, newest, nowS, told }: { quantity: string; newest: Newest | undefined; nowS: number; told: boolean }): JSX.Element {
  if (newest === undefined) return <span class="word">{say("waiting")}</span>;
  const { value, error, unknown } = newest;
  if (isOld(newest, nowS) || value === null || error === null) {
    return (
      <>
        <span class="word">{say("unknown")}</span>
        {!told && <span class="label">{isOld(newest, nowS) ? say("old") : reasonOf(unknown)}</span>}
      </>
    );
  }
  const [text, margin] = isPeople(quantity)
    ? [formats.people(value), formats.margin(error)]
    : (formats.measured(value, error).split(/ (?=±)/) as [string, string]);
  return (
    <>
      <span class="value"><span class="number">{text}</span> <span class="margin">{margin} {unitOf(quantity)}</span></span>
      {quantity === "density" && <Level density={value} error={error} />}
    </>
  );
}

function Level({ density, error }: { density: number; error: number }): JSX.Element {
  const level = levelOf(density);
  const [best, worst] = levelsOf(density, error);
  return (
    <span class="label">
      {say("service")} <span class="level" data-level={level}>{level}</span>
      {best !== worst && ` ${best}–${worst}`}
    </span>
  );
}

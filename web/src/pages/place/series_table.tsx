/** The numbers of a curve as a table, made when it is opened. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { formatsOf } from "../../core/numbers.ts";
import type { Loaded } from "./loading.ts";
import { nameOf, reasonOf, textOf } from "./measures.ts";
import { say } from "./words.ts";

const formats = formatsOf();
const MOST_ROWS = 300;

export function SeriesTable({ loaded: { quantities, series }, nowS }: { loaded: Loaded; nowS: number }): JSX.Element {
  const [open, setOpen] = useState(false);
  const [first] = series;
  const newestFirst = open && first !== undefined ? first.startS.slice(-MOST_ROWS).reverse() : [];
  const at = open ? series.map(({ startS }) => new Map(startS.map((beginS, i) => [beginS, i]))) : [];
  const cell = (of: number, startS: number): string => {
    const one = series[of];
    const i = at[of]?.get(startS) ?? -1;
    const [value, error] = [one?.values[i] ?? null, one?.errors[i] ?? null];
    if (value === null || error === null) return say("unknownFor", { reason: reasonOf(one?.unknown[i] ?? "") });
    return textOf(formats, quantities[of] ?? "", value, error);
  };
  return (
    <details class="as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{say("asTable")}</summary>
      {open && (
        <>
          {first !== undefined && first.startS.length > MOST_ROWS && <p class="label">{say("tableCut", { count: MOST_ROWS, all: first.startS.length })}</p>}
          <div class="scrolled" tabIndex={0} role="region" aria-label={say("asTable")}>
            <table>
              <thead><tr><th scope="col">{say("time")}</th>{quantities.map((quantity) => <th key={quantity} scope="col">{nameOf(quantity)}</th>)}</tr></thead>
              <tbody>
                {newestFirst.map((startS) => (
                  <tr key={startS}>
                    <th scope="row">{formats.clock(startS, nowS, (first?.stepS ?? 60) < 60)}</th>
                    {quantities.map((quantity, of) => <td key={quantity}>{cell(of, startS)}</td>)}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </details>
  );
}

/** Which measures are drawn, and beside what. */

import type { JSX } from "preact";
import { nameOf } from "./measures.ts";
import type { View } from "./span.ts";
import { say } from "./words.ts";

interface Props {
  readonly view: View;
  readonly quantities: readonly string[];
  readonly chosen: readonly string[];
  onView(view: View): void;
}

export function Choose({ view, quantities, chosen: [first = "", second = ""], onView }: Props): JSX.Element {
  const measures = (one: string, two: string): void => onView({ ...view, measures: two === "" || two === one ? [one] : [one, two] });
  return (
    <div class="choose">
      <label>{say("measure")} <Measures value={first} of={quantities} onChoose={(one) => measures(one, second)} /></label>
      {view.look === "curve" && (
        <>
          <label>
            {say("second")}{" "}
            <Measures value={second} of={quantities.filter((one) => one !== first)} none onChoose={(two) => measures(first, two)} />
          </label>
          <label class="check">
            <input type="checkbox" checked={view.compare} onChange={(event) => onView({ ...view, compare: event.currentTarget.checked })} />{" "}
            {say("compare")}
          </label>
        </>
      )}
    </div>
  );
}

interface MeasuresProps {
  readonly value: string;
  readonly of: readonly string[];
  readonly none?: boolean;
  onChoose(quantity: string): void;
}

function Measures({ value, of, none = false, onChoose }: MeasuresProps): JSX.Element {
  return (
    <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
      {none && <option value="">{say("none")}</option>}
      {of.map((quantity) => <option key={quantity} value={quantity}>{nameOf(quantity)}</option>)}
    </select>
  );
}

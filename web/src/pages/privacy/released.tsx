/** What a camera releases, place by place, and how far off each kind of number is. */

import type { JSX } from "preact";
import { BAND, type Formats, formatsOf } from "../../core/numbers.ts";
import { accuracySentence } from "./accuracy.ts";
import { type AccuracyWire, type ErrorWire, type Off, type PlaceErrors, placesOf } from "./model.ts";
import { type Key, say } from "./words.ts";

const UNITS: Readonly<Record<string, Key>> = {
  people: "unitPeople", "people/m2": "unitDensity", "people/(m s)": "unitFlow", "m/s": "unitSpeed", s: "unitTime",
};
const NO_NUMBER = "no number has been released in the last 24 hours";

export function Released({ errors, accuracy }: { errors: readonly ErrorWire[]; accuracy: readonly AccuracyWire[] }): JSX.Element {
  const places = placesOf(errors);
  return (
    <section class="card" aria-labelledby="released-title">
      <h2 id="released-title">{say("releasedTitle")}</h2>
      <p>{say("releasedLead")}</p>
      {places.length === 0 && <p class="label">{say("nothing")}</p>}
      {places.map((place) => <Place key={place.place} place={place} accuracy={accuracy.find((each) => each.place === place.place)} />)}
    </section>
  );
}

function Place({ place, accuracy }: { place: PlaceErrors; accuracy: AccuracyWire | undefined }): JSX.Element {
  const formats = formatsOf();
  return (
    <table class="errors">
      <caption>
        <b>{place.place}</b> <span class="label">{say(place.kind)} · {accuracy === undefined ? say("notAlong") : accuracySentence(accuracy, formats)}</span>
      </caption>
      <thead><tr><th scope="col">{say("measure")}</th><th scope="col">{say("now")}</th><th scope="col">{say("worst")}</th></tr></thead>
      <tbody>
        {place.off.map((off) => (
          <tr key={off.family}>
            <th scope="row">{say(off.family)}</th>
            <td>{off.unknown === "" ? marginText(off, off.now, formats) : <Unknown reason={off.unknown} />}</td>
            <td>{off.worst === null ? "" : marginText(off, off.worst, formats)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Unknown({ reason }: { reason: string }): JSX.Element {
  return <>{say("unknown")}<br /><span class="label">{reason === NO_NUMBER ? say("none24") : reason}</span></>;
}

function marginText({ unit }: Off, error: number | null, formats: Formats): string {
  if (error === null) return "";
  const half = BAND * error;
  const digits = unit === "people" || half >= 10 ? 0 : half >= 1 ? 1 : half >= 0.1 ? 2 : 3;
  const rounded = Math.ceil(half * 10 ** digits - 1e-9) / 10 ** digits;
  return `± ${formats.number(rounded, digits)} ${say(UNITS[unit] ?? "unitPeople")}`;
}

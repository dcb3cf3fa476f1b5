/** The count of the whole network, or of a site, with its error and what it leaves out. */

import type { JSX } from "preact";
import { type Formats, formatsOf } from "../../core/numbers.ts";
import { localeOf, reading } from "../../core/language.ts";
import { type Network, totalsOf } from "./network.ts";
import { missingText } from "./sentences.ts";
import type { SiteWire } from "./wire.ts";
import { say } from "./words.ts";

const formats: Formats = formatsOf();

interface Props {
  readonly network: Network;
  readonly site: string;
  readonly nowS: number;
  onSite(site: string): void;
}

export function Total({ network, site, nowS, onSite }: Props): JSX.Element {
  const totals = totalsOf(network, site, nowS);
  const isCrossings = totals.measured === "crossings";
  const missing = missingText(totals, localeOf(reading()), say);
  const without = totals.measured === "people" ? totals.cameras - totals.counting : 0;
  return (
    <section class="card now-total" aria-labelledby="now-total">
      <div class="now-where">
        <h1 id="now-total">{say(isCrossings ? "crossingsNow" : "peopleNow")}</h1>
        <Where sites={network.sites} site={site} onSite={onSite} />
      </div>
      {totals.measured === "nothing" && <p>{say("nothingMeasured")}</p>}
      {totals.measured !== "nothing" && Number.isNaN(totals.value) && (
        <p class="now-figure" data-known="no">{say(totals.missing.starting === totals.counting ? "starting" : "unknown")}</p>
      )}
      {!Number.isNaN(totals.value) && (
        <div class="now-figures">
          <Figure value={totals.value} error={totals.standardError} label={isCrossings ? say("in") : ""} />
          {isCrossings && <Figure value={totals.outwards} error={totals.standardError} label={say("out")} />}
        </div>
      )}
      {totals.counting > 0 && (
        <p class="label">
          {say("counted", { counted: totals.counted, count: totals.counting })}
          {!Number.isNaN(totals.atS) && <> · {say("asOf", { time: formats.clock(totals.atS, nowS, true) })}</>}
        </p>
      )}
      {missing !== "" && <p class="label now-missing">{missing}</p>}
      {without > 0 && <p class="label">{say("noZone", { count: without })}</p>}
    </section>
  );
}

/** The site whose numbers are shown, to be chosen where there are several. */
function Where({ sites, site, onSite }: { sites: readonly SiteWire[]; site: string; onSite: (site: string) => void }): JSX.Element {
  const titleOf = ({ name, title }: SiteWire): string => title || name;
  if (sites.length < 2) return <span class="label">{sites.map(titleOf).join("")}</span>;
  return (
    <select aria-label={say("site")} value={site} onChange={(event) => onSite(event.currentTarget.value)}>
      <option value="">{say("allSites")}</option>
      {sites.map((each) => <option key={each.name} value={each.name}>{titleOf(each)}</option>)}
    </select>
  );
}

function Figure({ value, error, label }: { value: number; error: number; label: string }): JSX.Element {
  return (
    <p class="now-figure">
      {formats.people(value)} <span class="now-margin">{formats.margin(error)}{label === "" ? "" : ` ${label}`}</span>
    </p>
  );
}

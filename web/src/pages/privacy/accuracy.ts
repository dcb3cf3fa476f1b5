/** How a place's accuracy reads, from what people counted along. Pure. */

import type { Formats } from "../../core/numbers.ts";
import { say } from "./words.ts";

/** Released over counted: between the bounds 95 times in 100. */
export interface Ratio {
  readonly lowest: number;
  readonly highest: number;
}

/** "counted along on 3 days: between 4% and 11% too few"; of an `accuracy` answer of the hub. */
export function accuracySentence({ days, ratio }: { readonly days: number; readonly ratio: Ratio | null }, formats: Formats): string {
  return say("alongOn", { count: days, what: ratio === null ? say("cannotSay") : ratioWords(ratio, formats) });
}

/** "between 4% and 11% too few", "between 3% too few and 2% too many"; nothing is made out to be surer than it is. */
export function ratioWords({ lowest, highest }: Ratio, formats: Formats): string {
  const few = (ratio: number): string => formats.percent(Math.max(0, 1 - ratio));
  const many = (ratio: number): string => formats.percent(Math.max(0, ratio - 1));
  if (highest <= 1) return say("tooFew", { low: few(highest), high: few(lowest) });
  if (lowest >= 1) return say("tooMany", { low: many(lowest), high: many(highest) });
  return say("either", { low: few(lowest), high: many(highest) });
}

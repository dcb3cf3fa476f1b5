/** How near counts were to what a person counted, in words. */

import { formatsOf } from "../../core/numbers.ts";
import { shareOf } from "./counting.ts";
import { say } from "./words-check.ts";

/** What all checks of a place that still count say together. */
export interface Accuracy {
  readonly place: string;
  readonly days: number;
  readonly ratio: { readonly lowest: number; readonly highest: number } | null;
}

/** "12 % too few" */
export function sideOf(ratio: number): string {
  const share = shareOf(ratio);
  return say(share < 0 ? "few" : "many", { share: formatsOf().percent(Math.abs(share)) });
}

/** How a budget reads. Pure but for the reader's language. */

import { type Formats, formatsOf } from "../../core/numbers.ts";
import type { Cost } from "./risk.ts";

/** "ρ 0.2", or "ε 1, δ 0". */
export function budgetText({ rho, epsilon }: Cost, formats: Formats = formatsOf()): string {
  return rho === null ? `ε ${shortly(epsilon ?? 0, formats)}, δ 0` : `ρ ${shortly(rho, formats)}`;
}

/** A number to two significant digits, without zeros at its end. */
export function shortly(value: number, formats: Formats = formatsOf()): string {
  const rounded = Number(value.toPrecision(2));
  const digits = [0, 1, 2, 3, 4, 5].find((each) => Number(rounded.toFixed(each)) === rounded) ?? 6;
  return formats.number(rounded, digits);
}

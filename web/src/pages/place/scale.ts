/** Colours and round numbers of the maps. Pure. */

type Rgb = readonly [number, number, number];

/** From none to most: lightness alone tells them apart, so that it works for every kind of sight, and printed in grey. */
const LIGHT: readonly Rgb[] = [[236, 243, 243], [178, 212, 211], [104, 166, 169], [38, 112, 121], [6, 56, 70]];
const DARK: readonly Rgb[] = [[29, 43, 51], [32, 83, 94], [45, 130, 138], [111, 186, 183], [216, 245, 236]];

/** The colour of a share from 0 to 1. */
export function colourAt(share: number, dark: boolean): string {
  const stops = dark ? DARK : LIGHT;
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  const [low, high] = [stops[i] as Rgb, stops[i + 1] as Rgb];
  return `rgb(${low.map((value, channel) => Math.round(value + (at - i) * ((high[channel] as number) - value))).join(" ")})`;
}

/** The smallest round number (1, 2 or 5 times a power of ten) that is not below a value. */
export function roundTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((digit) => digit * power >= value * (1 - 1e-9)) ?? 10) * power;
}

/** How many digits after the point a number of this size needs to be told from its neighbours. */
export function digitsOf(increment: number): number {
  if (increment <= 0) return 0;
  const digits = Math.max(0, Math.min(6, -Math.floor(Math.log10(increment) + 1e-9)));
  const steps = increment * 10 ** digits;
  return Math.abs(steps - Math.round(steps)) < 1e-6 ? digits : digits + 1; // as 0.25
}

/** How many levels of a heat map are told apart by eye, beside the one that is no more than noise. */
export const LEVELS = 4;

/** The level of each cell, row by row: 0 where it cannot be told from the noise, else by its share of the largest. */
export function levelsOf(values: readonly (readonly number[])[], standardError: number): readonly (readonly number[])[] {
  const top = Math.max(...values.flat());
  return values.map((row) => row.map((value) => (value <= 2 * standardError ? 0 : Math.ceil((LEVELS * value) / top))));
}

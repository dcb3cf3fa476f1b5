/**
 * Level of service of a walkway, by density: John J. Fruin, Pedestrian Planning and Design, 1971, table of walkway standards,
 * whose areas of 3.25, 2.32, 1.39, 0.93 and 0.46 m2 a person are written here as people per square metre.
 */

export type Level = "A" | "B" | "C" | "D" | "E" | "F";

/** The highest density of each level, people/m2; F has none. */
export const HIGHEST: readonly (readonly [Level, number])[] = [
  ["A", 1 / 3.25],
  ["B", 1 / 2.32],
  ["C", 1 / 1.39],
  ["D", 1 / 0.93],
  ["E", 1 / 0.46],
];

/** The level of a density, people/m2. */
export function levelOf(density: number): Level {
  return HIGHEST.find(([, highest]) => density <= highest)?.[0] ?? "F";
}

/** The best and the worst level that a protected density may be of: its own and those within two standard errors. */
export function levelsOf(density: number, standardError: number): readonly [Level, Level] {
  return [levelOf(density - 2 * standardError), levelOf(density + 2 * standardError)];
}

/** Two people who edited the same camera: what each changed, and what shall be. Pure. */

import type { Drawing, Shape } from "./shapes.ts";

export type Side = "mine" | "theirs";

/** One place that somebody changed; null on a side where it is not. */
export interface Difference {
  readonly name: string;
  readonly mine: Shape | null;
  readonly theirs: Shape | null;
  /** Who changed it since both began. */
  readonly changedBy: Side | "both";
}

/** Every place that is not the same on both sides, by name: the name is what the numbers are stored under. */
export function differencesOf(base: Drawing, mine: Drawing, theirs: Drawing): readonly Difference[] {
  const names = [...new Set([...theirs, ...mine].map(({ name }) => name))];
  return names.flatMap((name) => {
    const [was, own, other] = [base, mine, theirs].map((drawing) => drawing.find((shape) => shape.name === name) ?? null) as [Shape | null, Shape | null, Shape | null];
    if (isAlike(own, other)) return [];
    const changedBy = isAlike(was, other) ? "mine" : isAlike(was, own) ? "theirs" : "both";
    return [{ name, mine: own, theirs: other, changedBy } as const];
  });
}

/** What is taken where nobody has chosen yet: what one alone changed is his; what both did, one's own. */
export function usualChoice({ changedBy }: Difference): Side {
  return changedBy === "theirs" ? "theirs" : "mine";
}

/** The drawing with a side chosen for each difference; everything else stays as it is. */
export function merged(theirs: Drawing, differences: readonly Difference[], choice: (difference: Difference) => Side): Drawing {
  const chosen = new Map(differences.map((each) => [each.name, choice(each) === "mine" ? each.mine : each.theirs]));
  const stays = theirs.flatMap((shape) => {
    const taken = chosen.has(shape.name) ? chosen.get(shape.name) : shape;
    return taken ? [taken] : [];
  });
  const news = differences.flatMap(({ name, theirs: other }) => {
    const taken = chosen.get(name);
    return other === null && taken ? [taken] : [];
  });
  return [...stays, ...news].map((shape, id) => ({ ...shape, id }));
}

function isAlike(one: Shape | null, other: Shape | null): boolean {
  if (one === null || other === null) return one === other;
  return one.kind === other.kind && JSON.stringify(one.points) === JSON.stringify(other.points);
}

import assert from "node:assert/strict";
import { test } from "vitest";
import { type Source, checkError, discreteLaplace, exponentialCoin, noised } from "../src/core/geometric.ts";

/** Words of a generator with a fixed seed: Vigna's splitmix64, its upper half. */
function seeded(seed: bigint): Source {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return Number((z ^ (z >> 31n)) >> 32n);
  };
}

const DRAWS = 30_000;

/** Pearson's statistic of draws against the closed form of a scale of t / law, over -most..most and the rest on either side. */
function chiSquared(t: number, s: number, most: number, source: Source, law = s): { statistic: number; cells: number } {
  const step = Math.exp(-law / t);
  const counts = new Map<number, number>();
  for (let i = 0; i < DRAWS; i++) {
    const drawn = Math.max(-most - 1, Math.min(most + 1, discreteLaplace(t, s, source)));
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  let statistic = 0;
  for (let n = -most - 1; n <= most + 1; n++) {
    const chance = Math.abs(n) > most ? step ** (most + 1) / (1 + step) : ((1 - step) / (1 + step)) * step ** Math.abs(n);
    statistic += ((counts.get(n) ?? 0) - DRAWS * chance) ** 2 / (DRAWS * chance);
  }
  return { statistic, cells: 2 * most + 3 };
}

/** What the statistic stays below but once in ten thousand times: Wilson and Hilferty's approximation of chi-squared. */
function bound(cells: number): number {
  const free = cells - 1;
  return free * (1 - 2 / (9 * free) + 3.719 * Math.sqrt(2 / (9 * free))) ** 3;
}

test("draws are as frequent as the closed form of the two-sided geometric says, at any scale", () => {
  for (const [t, s, most] of [[2000, 500, 12], [2000, 1000, 7], [2000, 100, 40], [2, 3, 3], [7, 2, 10]] as const) {
    const { statistic, cells } = chiSquared(t, s, most, seeded(BigInt(t * 1000 + s)));
    assert.ok(statistic < bound(cells), `${t}/${s}: ${statistic} is not below ${bound(cells)}`);
  }
});

test("the same frequencies are not those of a scale that is a tenth off", () => {
  const { statistic, cells } = chiSquared(2000, 500, 12, seeded(1n), 550);
  assert.ok(statistic > 2 * bound(cells));
});

test("a coin of e^(-n / d) comes up so often", () => {
  const source = seeded(7n);
  for (const [n, d] of [[0, 1], [1, 1], [1, 2], [499, 500]] as const) {
    let heads = 0;
    for (let i = 0; i < DRAWS; i++) heads += exponentialCoin(n, d, source) ? 1 : 0;
    const chance = Math.exp(-n / d);
    assert.ok(Math.abs(heads - DRAWS * chance) <= 4 * Math.sqrt(DRAWS * chance * (1 - chance)), `${n}/${d}: ${heads}`);
  }
});

test("a word that would make small numbers likelier is drawn again", () => {
  // 2^32 - 1 is the one word beyond the last whole multiple of 3; taken as it is, it would be a 0, which is tails.
  const words = [2 ** 32 - 1, 2];
  assert.equal(exponentialCoin(1, 3, () => words.shift() ?? assert.fail("no third word is needed")), true);
});

test("a noised count is off by what is told, on average by nothing, and as often upwards as downwards", () => {
  for (const epsilon of [0.1, 0.5, 1]) {
    const source = seeded(BigInt(1000 * epsilon));
    const off = Array.from({ length: DRAWS }, () => noised(40, epsilon, source) - 40);
    const error = checkError(epsilon);
    const mean = off.reduce((sum, each) => sum + each, 0) / DRAWS;
    const square = off.reduce((sum, each) => sum + each * each, 0) / DRAWS;
    const [up, down] = [off.filter((each) => each > 0).length, off.filter((each) => each < 0).length];
    assert.ok(Math.abs(mean) < (4 * error) / Math.sqrt(DRAWS));
    assert.ok(Math.abs(Math.sqrt(square) / error - 1) < 0.04);
    assert.ok(Math.abs(up - down) < 4 * Math.sqrt(up + down));
    assert.ok(off.every(Number.isInteger));
  }
  assert.ok(Math.abs(checkError(0.5) - 5.6421) < 0.001); // root(2 e^-0.25) / (1 - e^-0.25)
});

test("neighbouring counts are told apart by no more than half of a check's epsilon", () => {
  // Of the closed form, whose frequencies the tests above hold: both numbers together, each of them off by one, cost epsilon.
  const step = Math.exp(-0.25);
  const chance = (n: number): number => ((1 - step) / (1 + step)) * step ** Math.abs(n);
  for (let told = -30; told <= 30; told++) assert.ok(Math.abs(Math.log(chance(told - 1) / chance(told))) <= 0.25 + 1e-12);
});

test("a count or an epsilon that makes no sense is refused, and the browser's own source is used by default", () => {
  for (const count of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) assert.throws(() => noised(count, 0.5), RangeError);
  for (const epsilon of [0, 0.05, 1.001, -0.5, 0.12345, Number.NaN]) assert.throws(() => noised(1, epsilon), RangeError);
  assert.ok(Number.isSafeInteger(noised(5, 0.5)));
});

/** What a leak would tell of somebody who passed: closed forms, pure. Budgets of passages and cameras add up. */

/** What one passage costs: a rho, or an epsilon with a delta of zero. */
export interface Cost {
  readonly rho: number | null;
  readonly epsilon: number | null;
}

/** How often the attacker may be wrong about people who did not pass. */
export const FALSE_ALARM = 0.01;
/** Where somebody is recognised more often than this, the guarantee is called weak; as is a guess right more often than the other. */
export const WEAK_RECOGNITION = 0.5;
export const WEAK_GUESS = 0.75;
const NORMAL_FALSE_ALARM = -2.3263478740408408;

/**
 * The chance, at most, that a best attacker recognises somebody whose passages he knows, if he may be wrong once in a hundred.
 *
 * For a rho the power of the most powerful test between two Gaussians, Phi(Phi^-1(a) + root(2 rho n)) (Dong, Roth and Su 2022, Gaussian
 * differential privacy, corollary 3.3). For an epsilon, which n passages multiply, min(e^(n epsilon) a, 1 - (1 - a) e^(-n epsilon))
 * (Kairouz, Oh and Viswanath 2015).
 */
export function recognised(cost: Cost, passages: number): number {
  if (cost.rho !== null) return normalCdf(NORMAL_FALSE_ALARM + Math.sqrt(2 * cost.rho * passages));
  const odds = Math.exp((cost.epsilon ?? Number.POSITIVE_INFINITY) * passages);
  return Math.min(odds * FALSE_ALARM, 1 - (1 - FALSE_ALARM) / odds);
}

/**
 * The chance, at most, that a guess is right which would be right half the time without the numbers: Phi(root(rho n / 2)), or
 * e^(n epsilon) / (1 + e^(n epsilon)).
 */
export function guessed(cost: Cost, passages: number): number {
  if (cost.rho !== null) return normalCdf(Math.sqrt((cost.rho * passages) / 2));
  return 1 / (1 + Math.exp(-(cost.epsilon ?? Number.POSITIVE_INFINITY) * passages));
}

export function isWeak(cost: Cost, passages: number): boolean {
  return recognised(cost, passages) > WEAK_RECOGNITION || guessed(cost, passages) > WEAK_GUESS;
}

/** Of a hundred, rounded up, so that "at most" stays true. */
export function inAHundred(chance: number): number {
  return Math.ceil(100 * chance - 1e-7);
}

/** The normal distribution function, by Abramowitz and Stegun 26.2.17 (error below 1e-7). */
function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * poly;
  return x >= 0 ? 1 - tail : tail;
}

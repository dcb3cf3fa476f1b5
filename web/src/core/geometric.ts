/**
 * Noise for a count that somebody made by hand, drawn in the page before the count goes anywhere.
 *
 * Two-sided geometric (discrete Laplace), drawn exactly, in whole numbers and without a logarithm: C. Canonne, G. Kamath, T. Steinke,
 * The Discrete Gaussian for Differential Privacy, 2020, algorithms 1 and 2.
 */

/** A whole number from 0 to 2^32 - 1, each as likely as any other. */
export type Source = () => number;

const WORDS = 2 ** 32;
/** An epsilon is a whole number of thousandths, so that no rounding stands between what is promised and what is drawn. */
const PARTS = 1000;
/** One passage may change both counts of a check, in and out, by one each: each has half of its epsilon. */
const COUNTS = 2;

/**
 * One of the two counts of a check that costs `epsilon` in all, made private; may be negative. Its standard error is `checkError`.
 *
 * Throws `RangeError` where the count is no whole number from 0 on, or the epsilon not from 0.1 to 1 in whole thousandths.
 */
export function noised(count: number, epsilon: number, source: Source = browserSource): number {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`a count must be a whole number from 0 on, not ${count}`);
  return count + discreteLaplace(COUNTS * PARTS, thousandthsOf(epsilon), source);
}

/** Standard error of each count of a check that costs `epsilon` in all: root(2 a) / (1 - a), a = e^(-epsilon / 2). */
export function checkError(epsilon: number): number {
  const step = Math.exp(-thousandthsOf(epsilon) / PARTS / COUNTS);
  return Math.sqrt(2 * step) / (1 - step);
}

/** A draw of the discrete Laplace distribution of scale t / s: n has a chance proportional to e^(-|n| s / t). Algorithm 2. */
export function discreteLaplace(t: number, s: number, source: Source): number {
  for (;;) {
    const rest = below(t, source);
    if (!exponentialCoin(rest, t, source)) continue;
    let whole = 0;
    while (exponentialCoin(1, 1, source)) whole++;
    const size = Math.floor((rest + t * whole) / s);
    const isNegative = below(2, source) === 1;
    if (isNegative && size === 0) continue; // or zero would be twice as likely
    return isNegative ? -size : size;
  }
}

/** True with a chance of e^(-n / d), for 0 <= n <= d. Algorithm 1. */
export function exponentialCoin(n: number, d: number, source: Source): boolean {
  let k = 1;
  while (below(d * k, source) < n) k++;
  return k % 2 === 1;
}

/** A whole number from 0 to below n, each as likely: words beyond the last whole multiple of n are drawn again. */
function below(n: number, source: Source): number {
  const fair = WORDS - (WORDS % n);
  for (;;) {
    const word = source();
    if (word < fair) return word % n;
  }
}

function thousandthsOf(epsilon: number): number {
  const thousandths = Math.round(epsilon * PARTS);
  if (!(Math.abs(thousandths - epsilon * PARTS) < 1e-9 && thousandths >= PARTS / 10 && thousandths <= PARTS)) {
    throw new RangeError(`an epsilon must be from 0.1 to 1 in whole thousandths, not ${epsilon}`);
  }
  return thousandths;
}

function browserSource(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

import type { NumberSums } from '../../src/analysis/predictions.ts';
import { jensenShannon, stabilityIndex } from '../../src/analysis/statistics/distances.ts';
import { decileCounts, histogram, kolmogorovSmirnov, spread, wasserstein } from './distances.ts';

const BINS = 30;
const POINTS = 2_000;

/** Collects pairs of numbers. Without a tolerance, half a standard deviation of production's numbers is taken. */
export class NumberCounter {
  readonly #ours: number[] = [];
  readonly #theirs: number[] = [];
  readonly #tolerance: number | undefined;

  constructor(tolerance: number | undefined) {
    this.#tolerance = tolerance;
  }

  /** Returns d = theirs − ours. */
  add(ours: number, theirs: number): number {
    this.#ours.push(ours);
    this.#theirs.push(theirs);
    return theirs - ours;
  }

  /** |d| of the i-th pair added. */
  distance(i: number): number {
    return Math.abs((this.#theirs[i] as number) - (this.#ours[i] as number));
  }

  sums(of: NumberSums['of']): NumberSums | undefined {
    const n = this.#ours.length;
    if (n === 0) return undefined;
    const ours = Float64Array.from(this.#ours).sort();
    const theirs = Float64Array.from(this.#theirs).sort();
    const left = spread(ours);
    const right = spread(theirs);
    const tolerance = this.#tolerance ?? left.deviation / 2;
    let abs = 0;
    let squares = 0;
    let product = 0;
    let beyond = 0;
    for (let i = 0; i < n; i += 1) {
      const d = (this.#theirs[i] as number) - (this.#ours[i] as number);
      abs += Math.abs(d);
      squares += d * d;
      product += ((this.#theirs[i] as number) - right.mean) * ((this.#ours[i] as number) - left.mean);
      if (Math.abs(d) > tolerance) beyond += 1;
    }
    const bias = right.mean - left.mean;
    const deviations = left.deviation * right.deviation;
    const bins = histogram(ours, theirs, BINS);
    const step = Math.max(1, Math.ceil(n / POINTS));
    return {
      rows: n,
      of,
      production: left,
      shadow: right,
      bias,
      deviation: n > 1 ? Math.sqrt(Math.max(0, squares - n * bias * bias) / (n - 1)) : 0,
      mae: abs / n,
      rmse: Math.sqrt(squares / n),
      correlation: deviations > 0 ? product / (n - 1) / deviations : undefined,
      beyond,
      tolerance,
      distances: {
        ks: kolmogorovSmirnov(ours, theirs),
        wasserstein: wasserstein(ours, theirs),
        psi: stabilityIndex(decileCounts(ours, ours), decileCounts(ours, theirs)),
        jensenShannon: jensenShannon(bins.production, bins.shadow),
      },
      histogram: bins,
      scatter: this.#ours.flatMap((value, i) => (i % step === 0 ? [[value, this.#theirs[i] as number] as const] : [])),
    };
  }
}

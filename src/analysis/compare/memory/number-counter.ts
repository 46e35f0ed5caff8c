import { quartilesOf } from '../../answers/reference.ts';
import type { Reference } from '../../answers/reference.ts';
import type { NumberSums, ReferenceSums } from '../../predictions.ts';
import { jensenShannon, stabilityIndex, usualTolerance } from '../../statistics/distances.ts';
import { decileCounts, histogram, kolmogorovSmirnov, spread, wasserstein } from './distances.ts';

const BINS = 30;
const POINTS = 2_000;

/** Collects pairs of numbers. Without a tolerance, half the spread of production's numbers is taken. */
export class NumberCounter {
  readonly #production: number[] = [];
  readonly #shadow: number[] = [];
  readonly #tolerance: number | undefined;
  readonly #relative: number | undefined;

  /** @param relative share of production's number by which the two may differ in addition */
  constructor(tolerance: number | undefined, relative: number | undefined) {
    this.#tolerance = tolerance;
    this.#relative = relative;
  }

  /** Returns d = shadow − production. */
  add(production: number, shadow: number): number {
    this.#production.push(production);
    this.#shadow.push(shadow);
    return shadow - production;
  }

  /** Are the numbers of the i-th pair further apart than allowed? */
  isBeyond(i: number, tolerance: number): boolean {
    const production = this.#production[i] as number;
    return (
      Math.abs((this.#shadow[i] as number) - production) > tolerance + (this.#relative ?? 0) * Math.abs(production)
    );
  }

  /** Shadow − production of the i-th pair. */
  difference(i: number): number {
    return (this.#shadow[i] as number) - (this.#production[i] as number);
  }

  /**
   * The shadow's numbers beside a distribution that is expected.
   * @param times the minute of each
   */
  beside(reference: Reference, times: readonly number[]): ReferenceSums {
    const { digest, rows: of, edges } = reference;
    const shadow = this.#shadow;
    const quartiles = quartilesOf(reference);
    const minutes = new Map<number, { at: number; rows: number; upTo: number[] }>();
    for (const [i, at] of times.entries()) {
      const minute = minutes.get(at) ?? { at, rows: 0, upTo: quartiles.map(() => 0) };
      minutes.set(at, minute);
      minute.rows += 1;
      for (const [k, quartile] of quartiles.entries())
        if ((shadow[i] as number) <= quartile) minute.upTo[k] = (minute.upTo[k] ?? 0) + 1;
    }
    const counted = (at: number) => ({
      below: shadow.reduce((n, value) => n + (value < at ? 1 : 0), 0),
      upTo: shadow.reduce((n, value) => n + (value <= at ? 1 : 0), 0),
    });
    return {
      digest,
      of,
      rows: shadow.length,
      edges: edges.map((edge) => ({ ...edge, counted: counted(edge.at) })),
      minutes: [...minutes.values()].sort((a, b) => a.at - b.at),
    };
  }

  sums(of: NumberSums['of']): NumberSums | undefined {
    const n = this.#production.length;
    if (n === 0) return undefined;
    const production = Float64Array.from(this.#production).sort();
    const shadow = Float64Array.from(this.#shadow).sort();
    const left = spread(production);
    const right = spread(shadow);
    const tolerance = this.#tolerance ?? usualTolerance(of === 'score', left, right);
    let abs = 0;
    let squares = 0;
    let product = 0;
    let beyond = 0;
    for (let i = 0; i < n; i += 1) {
      const d = (this.#shadow[i] as number) - (this.#production[i] as number);
      abs += Math.abs(d);
      squares += d * d;
      product += ((this.#shadow[i] as number) - right.mean) * ((this.#production[i] as number) - left.mean);
      if (this.isBeyond(i, tolerance)) beyond += 1;
    }
    const bias = right.mean - left.mean;
    const deviations = left.deviation * right.deviation;
    const bins = histogram(production, shadow, BINS);
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
      relative: this.#relative,
      distances: {
        ks: kolmogorovSmirnov(production, shadow),
        wasserstein: wasserstein(production, shadow),
        psi: stabilityIndex(decileCounts(production, production), decileCounts(production, shadow)),
        jensenShannon: jensenShannon(bins.production, bins.shadow),
      },
      histogram: bins,
      scatter: this.#production.flatMap((value, i) =>
        i % step === 0 ? [[value, this.#shadow[i] as number] as const] : [],
      ),
    };
  }
}

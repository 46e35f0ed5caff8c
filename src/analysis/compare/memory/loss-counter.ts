import type { FitSums, LossStratum, LossSums, TruthSums } from '../../predictions.ts';
import { BANDS } from '../../answers/bands.ts';
import type { NumberBand } from '../../answers/bands.ts';

type Open<T> = { -readonly [key in keyof T]: T[key] };

/** The numbers of both models and what was really the case. */
export interface Numbered {
  production: number;
  shadow: number;
  truth: number;
}

/** How far off each model's numbers are, by how they lie to each other: what ../duckdb/sums.sql sums as truth_losses. */
export class LossCounter {
  readonly #bands = new Map<NumberBand, Open<LossStratum>>();
  /** Of labels 0 and 1. */
  readonly #scores: Numbered[] = [];
  readonly #fit: Open<FitSums> = {
    rows: 0,
    truth: 0,
    truthSquared: 0,
    production: 0,
    productionSquared: 0,
    productionTruth: 0,
    shadow: 0,
    shadowSquared: 0,
    shadowTruth: 0,
  };

  /** @param known undefined where the row has no label that is a number */
  add(band: NumberBand, difference: number, known: Numbered | undefined): void {
    const sums = this.#bands.get(band) ?? emptyStratum(band);
    this.#bands.set(band, sums);
    sums.rows += 1;
    sums.apart += Math.abs(difference);
    sums.apartSquared = (sums.apartSquared ?? 0) + difference * difference;
    sums.labelledApart ??= 0;
    if (known === undefined) return;
    const off = [known.production - known.truth, known.shadow - known.truth] as const;
    sums.labelled += 1;
    sums.labelledApart += Math.abs(difference);
    addLoss(sums.error, Math.abs(off[0]), Math.abs(off[1]));
    addLoss(sums.squared, off[0] ** 2, off[1] ** 2);
    if (known.truth === 0 || known.truth === 1) this.#scores.push(known);
    this.#fit.rows += 1;
    this.#fit.truth += known.truth;
    this.#fit.truthSquared += known.truth ** 2;
    for (const who of ['production', 'shadow'] as const) {
      this.#fit[who] += known[who];
      this.#fit[`${who}Squared`] += known[who] ** 2;
      this.#fit[`${who}Truth`] += known[who] * known.truth;
    }
  }

  sums(): Pick<TruthSums, 'losses' | 'binary' | 'fit'> {
    if (this.#bands.size === 0) return { losses: undefined, binary: undefined, fit: undefined };
    const losses = BANDS.flatMap((band) => this.#bands.get(band) ?? []);
    const ones = this.#scores.filter(({ truth }) => truth === 1).length;
    const auc = (who: 'production' | 'shadow') =>
      areaUnderCurve(this.#scores.map((one) => ({ score: one[who], one: one.truth === 1 })));
    const binary = { rows: this.#scores.length, ones, production: auc('production'), shadow: auc('shadow') };
    return {
      losses,
      binary: binary.rows === 0 ? undefined : binary,
      fit: this.#fit.rows === 0 ? undefined : { ...this.#fit },
    };
  }
}

/** The sums of a stratum without rows. */
export function emptyStratum(band: LossStratum['band']): Open<LossStratum> {
  return { band, rows: 0, apart: 0, labelled: 0, error: noLoss(), squared: noLoss() };
}

function noLoss(): Open<LossSums> {
  return { production: 0, productionSquared: 0, loss: 0, lossSquared: 0, cross: 0 };
}

/** Adds a row to the sums that a difference of losses is estimated by. @param production its loss, as `shadow` is the shadow's */
export function addLoss(sums: Open<LossSums>, production: number, shadow: number): void {
  const loss = shadow - production;
  sums.production += production;
  sums.productionSquared += production * production;
  sums.loss += loss;
  sums.lossSquared += loss * loss;
  sums.cross += loss * production;
}

/** Chance that a row of class 1 has the greater score of two, ties counting half (Hanley and McNeil 1982); undefined with one class only. */
function areaUnderCurve(rows: readonly { score: number; one: boolean }[]): number | undefined {
  const sorted = rows.toSorted((a, b) => a.score - b.score);
  const ones = rows.filter(({ one }) => one).length;
  const zeros = rows.length - ones;
  if (ones === 0 || zeros === 0) return undefined;
  let ranks = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (to < sorted.length && sorted[to]?.score === sorted[from]?.score) to += 1;
    const rank = (from + 1 + to) / 2;
    for (let i = from; i < to; i += 1) if (sorted[i]?.one === true) ranks += rank;
    from = to;
  }
  return (ranks - (ones * (ones + 1)) / 2) / (ones * zeros);
}

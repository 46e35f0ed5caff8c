import type {
  LabelAges,
  PairBlock,
  Repeats,
  TruthCell,
  TruthOutcome,
  TruthStratum,
  TruthSums,
} from '../../predictions.ts';
import { priceOf } from '../../answers/prices.ts';
import type { Prices } from '../../answers/prices.ts';
import { className, commonestCells, commonestOutcomes, commonestStrata, OTHERS } from '../../answers/strata.ts';
import { CLASS_BANDS } from '../../answers/bands.ts';
import { brierApart, brierScore, placeOfClass, probabilitiesOf } from '../../answers/brier.ts';
import { addLoss, emptyStratum } from './loss-counter.ts';
import type { LossCounter, Numbered } from './loss-counter.ts';
import { InputCounter } from './input-counter.ts';
import type { Classes } from '../../answers/classes.ts';
import type { Answer } from '../../answers/answer.ts';

/** Counts how often each model is right, row by row. */
export class TruthCounter {
  #rows = 0;
  #labelled = 0;
  #production = 0;
  #shadow = 0;
  #onlyProduction = 0;
  #onlyShadow = 0;
  #numeric = 0;
  #maeProduction = 0;
  #maeShadow = 0;
  #losses = 0;
  readonly #strata = new Map<string, { -readonly [key in keyof TruthStratum]: TruthStratum[key] }>();
  readonly #cells = new Map<string, { -readonly [key in keyof TruthCell]: TruthCell[key] }>();
  readonly #outcomes = new Map<string, { -readonly [key in keyof TruthOutcome]: TruthOutcome[key] }>();
  readonly #scores = new Map<'agree' | 'differ', ReturnType<typeof emptyStratum>>();
  /** What the shadow's Brier scores are greater by, minute by minute. */
  readonly #scoreLosses = new Map<Required<Omit<PairBlock, 'young'>>, number>();
  /** Rows without probabilities of all classes. */
  #unscored = 0;
  readonly #classes: boolean;
  readonly #prices: Prices | undefined;
  readonly #chances: Classes | undefined;
  readonly #byInput = { onlyProduction: new InputCounter(), onlyShadow: new InputCounter(), loss: new InputCounter() };
  readonly #byCluster = {
    onlyProduction: new InputCounter(),
    onlyShadow: new InputCounter(),
    loss: new InputCounter(),
  };

  /**
   * @param classes false where answers are no classes, as of free JSON
   * @param prices of mistakes
   * @param chances which probability belongs to which class
   */
  constructor(classes = true, prices?: Prices, chances?: Classes) {
    this.#classes = classes;
    this.#prices = prices;
    this.#chances = chances;
  }

  /**
   * @param where the minute, the input and the cluster of the row: all hold rows that hang together
   * @param lost is told what the shadow loses by the label more than production, and what production loses
   * @returns the numbers, where they are held against each other
   */
  add(
    truth: string | undefined,
    answers: { production: Answer; shadow: Answer; labels: readonly [string | undefined, string | undefined] },
    where: { block: Required<Omit<PairBlock, 'young'>>; input: number; cluster: number },
    lost: (loss: number, production: number) => void,
  ): Numbered | undefined {
    const { production, shadow, labels } = answers;
    const { block, input, cluster } = where;
    const stratum = this.#stratumOf(labels);
    if (stratum !== undefined) stratum.rows += 1;
    if (stratum !== undefined) this.#addScores(truth, answers, stratum.differ, block);
    if (truth === undefined) return undefined;
    if (stratum !== undefined && labels[0] !== undefined && labels[1] !== undefined) {
      stratum.labelled += 1;
      this.#rows += 1;
      this.#labelled += 1;
      const right = [equal(labels[0], truth), equal(labels[1], truth)] as const;
      if (right[0]) this.#production += 1;
      if (right[1]) this.#shadow += 1;
      const only = [right[0] && !right[1] ? 1 : 0, right[1] && !right[0] ? 1 : 0] as const;
      if (this.#classes) this.#cellOf(stratum, truth, right);
      const cost = this.#classes ? this.#costOf(labels[0], labels[1], truth) : 0;
      block.cost += cost;
      if (this.#classes && this.#prices !== undefined)
        lost(cost, priceOf(this.#prices, className(truth), className(labels[0])) ?? 0);
      else lost(only[0] - only[1], right[0] ? 0 : 1);
      stratum.onlyProduction += only[0];
      stratum.onlyShadow += only[1];
      this.#onlyProduction += only[0];
      this.#onlyShadow += only[1];
      this.#byInput.onlyProduction.add(input, only[0]);
      this.#byInput.onlyShadow.add(input, only[1]);
      this.#byCluster.onlyProduction.add(cluster, only[0]);
      this.#byCluster.onlyShadow.add(cluster, only[1]);
      block.truth += 1;
      block.onlyProduction += only[0];
      block.onlyShadow += only[1];
      return undefined;
    }
    const value = Number(truth);
    if (production.number === undefined || shadow.number === undefined || Number.isNaN(value)) return undefined;
    this.#rows += 1;
    this.#numeric += 1;
    const loss = [Math.abs(production.number - value), Math.abs(shadow.number - value)] as const;
    this.#maeProduction += loss[0];
    this.#maeShadow += loss[1];
    this.#losses += (loss[1] - loss[0]) ** 2;
    this.#byInput.loss.add(input, loss[1] - loss[0]);
    this.#byCluster.loss.add(cluster, loss[1] - loss[0]);
    block.truth += 1;
    lost(loss[1] - loss[0], loss[0]);
    block.loss += loss[1] - loss[0];
    block.lossSquared += (loss[1] - loss[0]) ** 2;
    block.squaredLoss += loss[1] ** 2 - loss[0] ** 2;
    return { production: production.number, shadow: shadow.number, truth: value };
  }

  /** Holds the probabilities of all classes against the label, where both models give them. */
  #addScores(
    truth: string | undefined,
    { production, shadow, labels }: { production: Answer; shadow: Answer; labels: readonly (string | undefined)[] },
    differ: boolean,
    block: Required<Omit<PairBlock, 'young'>>,
  ): void {
    const both = [
      probabilitiesOf(production, labels[0] ?? '', this.#chances),
      probabilitiesOf(shadow, labels[1] ?? '', this.#chances),
    ] as const;
    if (both[0] === undefined || both[1]?.length !== both[0].length) {
      this.#unscored += 1;
      return;
    }
    const [ours, theirs] = both as readonly [readonly number[], readonly number[]];
    const band = differ ? 'differ' : 'agree';
    const sums = this.#scores.get(band) ?? emptyStratum(band);
    this.#scores.set(band, sums);
    sums.rows += 1;
    sums.apart += brierApart(ours, theirs);
    const place = truth === undefined ? undefined : placeOfClass(className(truth), ours.length, this.#chances);
    if (place === undefined) return;
    const errors = [brierScore(ours, place), brierScore(theirs, place)] as const;
    sums.labelled += 1;
    addLoss(sums.squared, errors[0], errors[1]);
    this.#scoreLosses.set(block, (this.#scoreLosses.get(block) ?? 0) + errors[1] - errors[0]);
  }

  #stratumOf([production, shadow]: readonly [string | undefined, string | undefined]) {
    if (production === undefined || shadow === undefined) return undefined;
    const differ = production !== shadow;
    const name = this.#classes ? production : OTHERS;
    const key = `${differ} ${name}`;
    let stratum = this.#strata.get(key);
    if (stratum === undefined) {
      stratum = { production: name, differ, rows: 0, labelled: 0, onlyProduction: 0, onlyShadow: 0 };
      this.#strata.set(key, stratum);
    }
    return stratum;
  }

  #cellOf({ production, differ }: TruthStratum, label: string, [right, shadowRight]: readonly [boolean, boolean]) {
    const truth = className(label);
    const key = `${differ} ${production}\n${truth}`;
    const cell = this.#cells.get(key) ?? { production, differ, truth, rows: 0, right: 0, shadowRight: 0 };
    this.#cells.set(key, cell);
    cell.rows += 1;
    if (right) cell.right += 1;
    if (shadowRight) cell.shadowRight += 1;
  }

  /** Counts the row by its answers and its label. @returns what the shadow's answer costs more than production's */
  #costOf(production: string, shadow: string, label: string): number {
    const truth = className(label);
    const key = `${production}\n${shadow}\n${truth}`;
    const outcome = this.#outcomes.get(key) ?? { production, shadow, truth, rows: 0 };
    this.#outcomes.set(key, outcome);
    outcome.rows += 1;
    const price = (answer: string) =>
      this.#prices === undefined ? 0 : (priceOf(this.#prices, truth, className(answer)) ?? 0);
    return price(shadow) - price(production);
  }

  /** Adds to each minute what the Brier scores differ by, where all answers have them. To be called once, when all rows are there. */
  settle(): void {
    if (this.#unscored > 0) return;
    for (const [block, loss] of this.#scoreLosses) block.squaredLoss += loss;
  }

  repeats(): Pick<Repeats, 'onlyProduction' | 'onlyShadow' | 'loss'> {
    return sumsOf(this.#byInput);
  }

  clusters(): Pick<Repeats, 'onlyProduction' | 'onlyShadow' | 'loss'> {
    return sumsOf(this.#byCluster);
  }

  /** @param all rows that were compared; @param known number of labels there were; @param age what is left out for its age */
  sums(all: number, known: number, losses: LossCounter, age: LabelAges | undefined): TruthSums {
    const of = all - (age?.young ?? 0);
    const n = this.#numeric;
    const strata = this.#strata.size === 0 ? undefined : commonestStrata([...this.#strata.values()]);
    const loss = n > 0 ? (this.#maeShadow - this.#maeProduction) / n : 0;
    return {
      rows: this.#rows,
      of,
      labels:
        this.#labelled === 0
          ? undefined
          : {
              production: this.#production,
              shadow: this.#shadow,
              onlyProduction: this.#onlyProduction,
              onlyShadow: this.#onlyShadow,
            },
      numbers:
        n === 0
          ? undefined
          : {
              maeProduction: this.#maeProduction / n,
              maeShadow: this.#maeShadow / n,
              loss,
              lossDeviation: n > 1 ? Math.sqrt(Math.max(0, this.#losses - n * loss * loss) / (n - 1)) : 0,
            },
      unknown: Math.max(0, known - this.#rows - (age?.late ?? 0) - (age?.youngLabels ?? 0)),
      age,
      strata,
      cells: this.#cells.size === 0 ? undefined : commonestCells([...this.#cells.values()], strata ?? []),
      outcomes: this.#outcomes.size === 0 ? undefined : commonestOutcomes([...this.#outcomes.values()]),
      prices: this.#prices,
      scores:
        this.#unscored > 0 || this.#scores.size === 0
          ? undefined
          : CLASS_BANDS.flatMap((band) => this.#scores.get(band) ?? []),
      ...(this.#chances === undefined ? {} : { named: true }),
      ...losses.sums(),
    };
  }
}

function sumsOf({ onlyProduction, onlyShadow, loss }: Record<'onlyProduction' | 'onlyShadow' | 'loss', InputCounter>) {
  return { onlyProduction: onlyProduction.sums(), onlyShadow: onlyShadow.sums(), loss: loss.sums() };
}

/** `true` and `True` are the same class, as JSON and Python write it; `2`, `2.0` and `2.000` are the same class. */
function equal(label: string, truth: string): boolean {
  if (label === truth || (/^(true|false)$/i.test(truth) && label.toLowerCase() === truth.toLowerCase())) return true;
  return label.trim() !== '' && truth.trim() !== '' && Number(label) === Number(truth);
}

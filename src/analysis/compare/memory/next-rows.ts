import type { Answer } from '../../answers/answer.ts';
import { CLASSES, OTHERS } from '../../answers/strata.ts';
import { lotOf } from '../comparator/sample.ts';
import { hashText } from '../ingest/fast/hash.ts';
import { AGREEING, labelRow, LEAST_SHARE } from '../label-next.ts';
import type { LabelRow } from '../label-next.ts';
import type { NumberBand } from '../../answers/bands.ts';
import type { Pair } from './pair.ts';

/** A row that might be labelled. */
interface Candidate {
  pair: Pair;
  row: number;
  rows: number;
  answers: { production: Answer; shadow: Answer };
  /** `agree` or `differ`, and production's class; of numbers their place among all. */
  stratum: string | number;
  /** How much of the loss it may bear. */
  weight: number;
  labelled: boolean;
}

/** Which rows should get a label next: those of ../duckdb/next-rows.sql. */
export class NextRows {
  readonly #all: Candidate[] = [];

  add(candidate: Candidate): void {
    this.#all.push(candidate);
  }

  /**
   * The first rows without a label, in an order that their ids decide: within a stratum by lot, and strata by turns, as
   * often as they have shares in what may be lost.
   *
   * @param bandOf the stratum of the i-th pair of numbers
   */
  first(most: number, bandOf: (i: number) => NumberBand): LabelRow[] {
    const [differing, agreeing] = ['differ ', 'agree '].map(
      (word) => this.#all.filter(({ stratum }) => typeof stratum === 'string' && stratum.startsWith(word)).length,
    ) as [number, number];
    const named = this.#all.map((one) => {
      if (typeof one.stratum === 'number') return { ...one, stratum: bandOf(one.stratum) };
      return one.stratum.startsWith('agree ')
        ? { ...one, stratum: one.stratum, weight: (AGREEING * differing) / agreeing }
        : { ...one, stratum: one.stratum };
    });
    const counts = new Map<string, number>();
    for (const { stratum } of named) counts.set(stratum, (counts.get(stratum) ?? 0) + 1);
    const kept = new Set(
      [...counts]
        .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
        .slice(0, 2 * CLASSES)
        .map(([name]) => name),
    );
    const strata = new Map<string, { lot: string; one: (typeof named)[number] }[]>();
    for (const one of named) {
      const name = kept.has(one.stratum)
        ? one.stratum
        : `${one.stratum.startsWith('agree ') ? 'agree' : 'differ'} ${OTHERS}`;
      const key = `${hashText(keyOf(one.pair))}#${one.row}`;
      const members = strata.get(name) ?? [];
      members.push({ lot: lotOf(key, one.pair.production.at), one });
      strata.set(name, members);
    }
    const whole = named.reduce((sum, { weight }) => sum + weight, 0);
    return [...strata.values()]
      .flatMap((members) => {
        const size = members.reduce((sum, { one }) => sum + one.weight, 0);
        const turns = Math.max(size, whole * LEAST_SHARE);
        return size === 0
          ? []
          : members
              .toSorted((a, b) => (a.lot < b.lot ? -1 : 1))
              .map(({ lot, one }, i) => ({ lot, one, turn: (i + 0.5) / turns }));
      })
      .filter(({ one }) => !one.labelled)
      .sort((a, b) => a.turn - b.turn || (a.lot < b.lot ? -1 : 1))
      .slice(0, most)
      .flatMap(({ one: { pair, answers, row, rows } }) => labelRow(pair.production, answers, row, rows) ?? []);
  }
}

/** What the engine of large reports calls the key of a pair. */
function keyOf({ production, id }: Pair): string {
  return production.inferenceId === id || production.eventId === id ? id : (production.input?.data ?? '');
}

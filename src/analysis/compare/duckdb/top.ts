import type { DivergingPair, PairingMethod } from '../../predictions.ts';
import { answersOf } from '../../answers/read-answers.ts';
import type { Answer } from '../../answers/answer.ts';
import type { ReadingPair } from '../../answers/choose.ts';
import type { Reading } from '../../answers/reading.ts';
import { payloadText } from '../../answers/captures.ts';
import type { Capture } from '../../answers/captures.ts';
import { describePair } from '../../answers/describe.ts';
import type { Records } from '../options.ts';
import type { Engine } from './connection.ts';
import { idOf, recordsOf } from './records.ts';
import { WORST } from '../sql/worst.ts';

const INPUT_CHARACTERS = 400;

/** The ten pairs that differ most, read again from where they stand in their files. */
export async function topPairs(
  engine: Engine,
  method: PairingMethod | undefined,
  records: Records,
  reading: ReadingPair,
): Promise<DivergingPair[]> {
  const worst = await engine.rows(WORST);
  if (worst.length === 0 || method === undefined) return [];
  const found = await recordsOf(engine, method, records, worst);
  return worst.map((row, i) => {
    const { production: left, shadow: right } = found[i] ?? {};
    const place = Number(row.place);
    const input = left?.input ?? right?.input;
    return {
      id: idOf(left, method, Number(row.moment)),
      at: Number(row.moment),
      row: place,
      ...pairWords(rowOf(left, place, reading.production), rowOf(right, place, reading.shadow)),
      distance: Number(row.distance),
      times: Number(row.times),
      input: input === undefined ? undefined : payloadText(input).slice(0, INPUT_CHARACTERS),
    };
  });
}

function rowOf(capture: Capture | undefined, place: number, reading: Reading): Answer | undefined {
  return capture && answersOf(capture, reading)?.[place];
}

function pairWords(production: Answer | undefined, shadow: Answer | undefined): { production: string; shadow: string } {
  return describePair(production ?? {}, shadow ?? {});
}

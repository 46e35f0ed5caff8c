import type { DivergingPair, PairingMethod } from '../../predictions.ts';
import { answersOf } from '../../answers/read-answers.ts';
import type { Answer } from '../../answers/answer.ts';
import type { ReadingPair } from '../../answers/choose.ts';
import type { Reading } from '../../answers/reading.ts';
import { payloadText, readCapture } from '../../answers/captures.ts';
import type { Capture } from '../../answers/captures.ts';
import { describePair } from '../../answers/describe.ts';
import { readLines } from '../ingest/feed.ts';
import type { Records, RecordSource } from '../options.ts';
import type { Engine, Row } from './connection.ts';
import { fill, KEYS, statements } from './statements.ts';
import topSql from './top.sql';

const SQL = statements(topSql, ['worst', 'offsets_by_id', 'offsets_by_input']);
const INPUT_CHARACTERS = 400;

/** The ten pairs that differ most, read again from where they stand in their files. */
export async function topPairs(
  engine: Engine,
  method: PairingMethod | undefined,
  records: Records,
  reading: ReadingPair,
): Promise<DivergingPair[]> {
  const worst = await engine.rows(SQL.worst);
  if (worst.length === 0 || method === undefined) return [];
  const offsets = await offsetsOf(engine, method, worst);
  const production = await originals(
    records.production,
    offsets.map((row) => [Number(row?.production_file ?? -1), Number(row?.production_byte_offset)]),
  );
  const shadow = await originals(
    records.shadow,
    offsets.map((row) => [Number(row?.shadow_file ?? -1), Number(row?.shadow_byte_offset)]),
  );
  return worst.map((row, i) => {
    const [left, right] = [production[i], shadow[i]];
    const place = Number(row.place);
    const input = left?.input ?? right?.input;
    const id = method === 'inferenceId' ? left?.inferenceId : method === 'eventId' ? left?.eventId : undefined;
    return {
      id: id ?? `input of ${new Date(Number(row.moment)).toISOString()}`,
      at: Number(row.moment),
      row: place,
      ...pairWords(rowOf(left, place, reading.production), rowOf(right, place, reading.shadow)),
      distance: Number(row.distance),
      times: Number(row.times),
      input: input === undefined ? undefined : payloadText(input).slice(0, INPUT_CHARACTERS),
    };
  });
}

/** Where the records of these pairs stand in their files: looked up for a few, since keeping it for all costs more. */
async function offsetsOf(engine: Engine, method: PairingMethod, pairs: readonly Row[]): Promise<(Row | undefined)[]> {
  const sql = method === 'input' ? SQL.offsets_by_input : SQL.offsets_by_id;
  const keys = pairs.map(({ key }) => String(key)).join(', ');
  const found = await engine.rows(fill(sql, { key: KEYS[method], keys }));
  return pairs.map((pair) => found.find(({ key, moment }) => key === pair.key && moment === pair.moment));
}

function rowOf(capture: Capture | undefined, place: number, reading: Reading): Answer | undefined {
  return capture && answersOf(capture, reading)?.[place];
}

function pairWords(production: Answer | undefined, shadow: Answer | undefined): { production: string; shadow: string } {
  return describePair(production ?? {}, shadow ?? {});
}

/** The records that stand at these places; undefined where a file is no longer what it was. */
async function originals(
  source: RecordSource,
  places: readonly (readonly [file: number, at: number])[],
): Promise<(Capture | undefined)[]> {
  if ('captures' in source) return places.map(([, at]) => source.captures.captures[at]);
  const found: (Capture | undefined)[] = places.map(() => undefined);
  for (const file of new Set(places.map(([one]) => one))) {
    const path = source.files[file];
    if (path === undefined) continue;
    const wanted = places.flatMap(([one, at], i) => (one === file ? [{ at, i }] : []));
    const lines = await readLines(
      path,
      wanted.map((one) => one.at),
    );
    for (const [k, { i }] of wanted.entries()) {
      const capture = readCapture(lines[k] ?? '');
      found[i] = typeof capture === 'string' ? undefined : capture;
    }
  }
  return found;
}

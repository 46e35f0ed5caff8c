import type { PairingMethod } from '../../predictions.ts';
import { readCapture } from '../../answers/captures.ts';
import type { Capture } from '../../answers/captures.ts';
import { environmentError } from '../../../base/errors.ts';
import { draw, swappedBy } from '../comparator/sample.ts';
import type { Sample } from '../comparator/sample.ts';
import { readLines } from '../ingest/feed.ts';
import type { Records, RecordSource } from '../options.ts';
import type { Engine, Row } from './connection.ts';
import recordsSql from './records.sql';
import { fill, KEYS, statements } from '../sql/statements.ts';

const SQL = statements(recordsSql, ['offsets_by_id', 'offsets_by_input', 'lots']);

/** The two records of a pair, as they stand in their files; undefined where a file is no longer what it was. */
interface PairRecords {
  production: Capture | undefined;
  shadow: Capture | undefined;
}

/** The records of some pairs, by `key` and `moment`, read again from where they stand. */
export async function recordsOf(
  engine: Engine,
  method: PairingMethod,
  records: Records,
  pairs: readonly Row[],
): Promise<PairRecords[]> {
  const offsets = await offsetsOf(engine, method, pairs);
  // Both at once: a zipped file is unzipped again up to the last of them.
  const [production, shadow] = await Promise.all([
    originals(
      records.production,
      offsets.map((row) => [Number(row?.production_file ?? -1), Number(row?.production_byte_offset)]),
    ),
    originals(
      records.shadow,
      offsets.map((row) => [Number(row?.shadow_file ?? -1), Number(row?.shadow_byte_offset)]),
    ),
  ]);
  return pairs.map((_, i) => ({ production: production[i], shadow: shadow[i] }));
}

/** What a pair is called. @param moment of production's request, milliseconds since the epoch */
export function idOf(production: Capture | undefined, method: PairingMethod, moment: number): string {
  const id =
    method === 'inferenceId' ? production?.inferenceId : method === 'eventId' ? production?.eventId : undefined;
  return id ?? `input of ${new Date(moment).toISOString()}`;
}

/**
 * The pairs that a comparator is asked about, `most` of them at the most.
 *
 * @throws Problem (cannot-run) where a file of records has changed meanwhile
 */
export async function samplePairs(
  engine: Engine,
  { method, pairs: of }: { method: PairingMethod | undefined; pairs: number },
  records: Records,
  most: number,
): Promise<Sample> {
  if (method === undefined) return { pairs: [], of, halvings: 0 };
  const lots = await engine.rows(fill(SQL.lots, { most: most + 1 }));
  const { count, halvings } = draw(
    lots.map(({ lot }) => String(lot)),
    most,
  );
  const drawn = lots.slice(0, count);
  const found = drawn.length === 0 ? [] : await recordsOf(engine, method, records, drawn);
  const pairs = drawn.map((row, i) => {
    const { production, shadow } = found[i] ?? {};
    if (production === undefined || shadow === undefined)
      throw environmentError(
        'A file of records changed while it was read: a pair for the comparator is no longer there.',
        'Run the command again.',
      );
    const at = Number(row.moment);
    return { id: idOf(production, method, at), at, production, shadow, swapped: swappedBy(String(row.lot)) };
  });
  return { pairs, of, halvings };
}

/** Where the records of these pairs stand in their files: looked up for a few, since keeping it for all costs more. */
async function offsetsOf(engine: Engine, method: PairingMethod, pairs: readonly Row[]): Promise<(Row | undefined)[]> {
  const sql = method === 'input' ? SQL.offsets_by_input : SQL.offsets_by_id;
  const keys = pairs.map(({ key }) => String(key)).join(', ');
  const found = new Map<string, Row>();
  for (const row of await engine.rows(fill(sql, { key: KEYS[method], keys }))) {
    const place = placeOf(row);
    if (!found.has(place)) found.set(place, row);
  }
  return pairs.map((pair) => found.get(placeOf(pair)));
}

function placeOf({ key, moment }: Row): string {
  return `${String(key)} ${String(moment)}`;
}

/** The records that stand at these places; undefined where a file is no longer what it was. */
export async function originals(
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

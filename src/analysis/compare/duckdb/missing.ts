import { join } from 'node:path';
import type { MissingMinute, PairingMethod } from '../../predictions.ts';
import type { Scanned } from '../ingest/scan.ts';
import type { Engine } from './connection.ts';
import missingSql from './missing.sql';
import { fill, KEYS, quote, statements } from '../sql/statements.ts';

const SQL = statements(missingSql, ['lost', 'unpaired_by_id', 'unpaired_by_input', 'paired_minutes', 'minutes']);
/** Ids are the same whenever they come; records of one input are copies only within this time. */
const WITHIN_MS = { inferenceId: 1e15, eventId: 1e15, input: 5_000 };

/**
 * Which requests lack one of their two answers, and how; asked only where some do.
 *
 * @param folder of the columns that the scan left
 */
export async function missingMinutes(
  engine: Engine,
  folder: string,
  { scanned, method, pairs }: { scanned: Scanned; method: PairingMethod | undefined; pairs: number },
): Promise<MissingMinute[] | undefined> {
  if (method === undefined) return undefined;
  const { production, shadow } = scanned;
  const lost = [production, shadow].some((side) => side.withoutAnswer + side.unparsed > 0);
  if (!lost && production.answered === pairs) return whole(await engine.rows(SQL.paired_minutes));
  const key = KEYS[method];
  for (const side of ['production', 'shadow'] as const)
    await engine.run(fill(SQL.lost, { side, key, files: quote(join(folder, `lost-${side}-*.parquet`)) }));
  await engine.run(method === 'input' ? SQL.unpaired_by_input : fill(SQL.unpaired_by_id, { key }));
  return (await engine.rows(fill(SQL.minutes, { within: WITHIN_MS[method] }))) as unknown as MissingMinute[];
}

function whole(minutes: readonly Record<string, unknown>[]): MissingMinute[] {
  const none = { empty: 0, unreadable: 0, absent: 0, rows: 0, absentRows: 0, onlyShadow: 0, neither: 0 };
  return minutes.map(({ at, answered }) => ({ at: Number(at), answered: Number(answered), ...none }));
}

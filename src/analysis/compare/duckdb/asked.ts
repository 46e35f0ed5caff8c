import { fill, statements } from './connection.ts';
import type { Engine } from './connection.ts';
import sumsSql from './sums.sql';

/** The statements of sums.sql by name. */
export const SUMS = statements(sumsSql);

/** Names of the columns by which records are paired. */
export const KEYS = { inferenceId: 'inference_id', eventId: 'event_id', input: 'input_id' } as const;

/** The number `n` that a statement of sums.sql answers. */
export async function one(engine: Engine, name: string, values: Record<string, string | number> = {}): Promise<number> {
  const [row] = await engine.rows(fill(SUMS[name] ?? '', values));
  return Number(row?.n ?? 0);
}

/** An SQL string. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

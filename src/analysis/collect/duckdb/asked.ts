import { fill, statements } from './connection.ts';
import type { Engine } from './connection.ts';
import sumsSql from './sums.sql';

/** The statements of sums.sql by name. */
export const SUMS = statements(sumsSql);

const HALF = 'STRUCT(data VARCHAR, encoding VARCHAR, observedContentType VARCHAR)';

/** What is read of a record; what is not asked for is skipped unparsed. */
export function columns(halves: readonly ('endpointInput' | 'endpointOutput')[]): string {
  return `{captureData: 'STRUCT(${halves.map((half) => `${half} ${HALF}`).join(', ')})', eventMetadata: 'STRUCT(eventId VARCHAR, inferenceId VARCHAR, inferenceTime VARCHAR)'}`;
}

/** The number `n` that a statement of sums.sql answers. */
export async function one(engine: Engine, name: string, values: Record<string, string | number> = {}): Promise<number> {
  const [row] = await engine.rows(fill(SUMS[name] ?? '', values));
  return Number(row?.n ?? 0);
}

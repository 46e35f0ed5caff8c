import type { PairingMethod, Predictions } from '../../observations.ts';
import { columns, SUMS } from './asked.ts';
import { fill } from './connection.ts';
import type { Engine, Row } from './connection.ts';
import { quote } from './expressions.ts';

/** The ten pairs that differ most; their ids and inputs are fetched from the files they came from. */
export async function topPairs(
  engine: Engine,
  method: PairingMethod | undefined,
  files: string,
): Promise<Predictions['top']> {
  const worst = await engine.rows(SUMS.top ?? '');
  if (worst.length === 0 || method === undefined) return [];
  const column = {
    inferenceId: 'eventMetadata.inferenceId',
    eventId: 'eventMetadata.eventId',
    input: 'captureData.endpointInput.data',
  }[method];
  const keys = worst.map((row) => `${String(row.key)}::ubigint`).join(', ');
  const wanted = [...new Set(worst.map((row) => `${String(row.file)}::ubigint`))].join(', ');
  const holding = (await engine.rows(fill(SUMS.files ?? '', { files, wanted }))).map((row) => quote(String(row.name)));
  const originals = new Map<string, Row>();
  const asked = { key: `hash(${column})`, keys, files: holding.join(', '), columns: columns(['endpointInput']) };
  for (const row of await engine.rows(fill(SUMS.originals ?? '', asked))) originals.set(String(row.key), row);
  const describe = (label: unknown, value: unknown) => {
    const number = typeof value === 'number' ? value : undefined;
    if (typeof label !== 'string') return number === undefined ? '' : String(number);
    return number === undefined ? label : `${label} (${Number(number.toPrecision(4))})`;
  };
  return worst.map((row) => {
    const original = originals.get(String(row.key));
    const id = method === 'inferenceId' ? original?.inferenceId : method === 'eventId' ? original?.eventId : undefined;
    return {
      id: typeof id === 'string' ? id : `${method} ${String(row.key)}`,
      at: Number(row.moment),
      row: Number(row.place),
      production: describe(row.our_label, row.our_number).slice(0, 200),
      shadow: describe(row.their_label, row.their_number).slice(0, 200),
      distance: Number(row.distance),
      times: Number(row.times),
      input: typeof original?.input === 'string' ? original.input : undefined,
    };
  });
}

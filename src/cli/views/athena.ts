import { bytes, count, counted, scanPrice } from '../../base/units.ts';
import type { Expected } from '../../lifecycle/warehouse/look.ts';
import type { Io } from '../../ui/io.ts';
import { wrap } from '../../ui/wrap.ts';

/** What a look by Athena will read and cost, before its first query. */
export function expectedLines({ columns }: Pick<Io, 'columns'>, expected: Expected): string[] {
  const { hours, raw, queries, dollars, price, workgroup, output } = expected;
  const reads =
    hours.read === 0
      ? 'Athena reads no captures again'
      : `Athena reads ${bytes(raw)} of captures, ${counted(hours.read, 'hourly folders')}`;
  const kept = hours.kept === 0 ? '' : `; the records of ${count(hours.kept)} are kept from earlier looks`;
  return [
    `${reads}${kept}. About ${counted(queries, 'queries')} scan ${bytes(expected.bytes)}, as they are billed: about ${scanPrice(dollars)}, at $${price} a terabyte.`,
    `Workgroup ${workgroup}; records and results go to ${output}, and cleanup deletes them.`,
  ].flatMap((line) => wrap(line, columns, '  '));
}

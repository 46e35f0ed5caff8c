import type { GetQueryResultsInput } from '@aws-sdk/client-athena';
import { objects } from '../../world/objects/records.ts';
import type { QueryRecord } from '../../world/queries/records.ts';
import type { World } from '../../world/world.ts';
import { readResultCsv } from '../../world/queries/results.ts';
import type { Context, Operations } from '../operation.ts';
import { pageFrom } from '../paging.ts';
import { invalidRequest } from './errors.ts';
import { queryOf } from './queries.ts';

/** Rows of a page where the request says nothing; the first row of a SELECT's first page is its header. */
const PAGE = 1000;

export const resultOperations = {
  async GetQueryResults(context, input: GetQueryResultsInput) {
    const record = queryOf(context, input.QueryExecutionId ?? '');
    if (record.stage !== undefined) throw invalidRequest(`Query has not yet finished. Current state: ${record.state}`);
    if (record.state !== 'SUCCEEDED')
      throw invalidRequest(`Query did not finish successfully. Final query state: ${record.state}`);
    if (record.columns === undefined)
      return { UpdateCount: 0, ResultSet: { Rows: [], ResultSetMetadata: { ColumnInfo: [] } } };
    const rows = await rowsOf(context, record);
    const { items, next } = pageFrom(rows, {
      size: Math.max(1, input.MaxResults ?? PAGE),
      token: input.NextToken,
      invalidToken: () => invalidRequest('Invalid NextToken.'),
    });
    return {
      UpdateCount: 0,
      ResultSet: {
        Rows: items.map((row) => ({ Data: row.map((cell) => (cell === null ? {} : { VarCharValue: cell })) })),
        ResultSetMetadata: {
          ColumnInfo: record.columns.map(({ name, type, precision, scale, isCaseSensitive }) => ({
            CatalogName: 'hive',
            SchemaName: '',
            TableName: '',
            Name: name,
            Label: name,
            Type: type,
            Precision: precision,
            Scale: scale,
            Nullable: 'UNKNOWN' as const,
            CaseSensitive: isCaseSensitive,
          })),
        },
      },
      ...(next !== undefined && { NextToken: next }),
    };
  },
} satisfies Operations;

/** The result that was read last, of each world: it is read in pages. */
const last = new WeakMap<World, { object: string; rows: readonly (readonly (string | null)[])[] }>();

/** The rows as they lie in S3, header included: who has deleted the file has no result any more. */
async function rowsOf({ world, refusal }: Context, { account, output }: QueryRecord) {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/s.exec(output) ?? [];
  const denied = refusal?.('s3:GetObject', `arn:aws:s3:::${bucket}/${key}`);
  if (denied !== undefined) throw invalidRequest(`Access denied when reading from location: ${output}`);
  const object = `${output} ${objects(world.store).get(`${bucket}/${key}`)?.etag}`;
  const known = last.get(world);
  if (known?.object === object) return known.rows;
  const bytes = await world.objects.get(account, bucket, key);
  if (bytes === undefined) throw invalidRequest('Could not find results');
  const rows = readResultCsv(Buffer.from(bytes).toString('utf8'));
  last.set(world, { object, rows });
  return rows;
}

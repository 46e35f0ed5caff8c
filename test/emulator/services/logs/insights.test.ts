import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  GetQueryResultsCommand,
  MalformedQueryException,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
  StartQueryCommand,
  type StartQueryCommandInput,
  StopQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NINE, type Running, start } from './start.ts';

const GROUP = '/aws/sagemaker/Endpoints/shop';
let running: Running;
beforeEach(async () => {
  running = await start();
  await running.client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
  for (const logStreamName of ['AllTraffic/i-1', 'shadow/i-2'])
    await running.client.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName }));
  await put(
    [0, '{"inferenceId":"r1","prediction":0.25,"user":{"name":"Ann"},"items":[{"n":7}],"@time":"x"}'],
    [1, 'plain: id=r2 took=12 ms'],
    [2, '{"inferenceId":"r3","prediction":0.5,"model":"b 2","flag":true,"none":null}'],
    [3, 'plain: id=r4 took=9 ms'],
  );
});
afterEach(() => running.stop());

const put = (...events: [number, string][]) =>
  running.client.send(
    new PutLogEventsCommand({
      logGroupName: GROUP,
      logStreamName: 'AllTraffic/i-1',
      logEvents: events.map(([seconds, message]) => ({ timestamp: NINE + seconds * 1_000, message })),
    }),
  );
const begin = async (queryString: string, more: Partial<StartQueryCommandInput> = {}) => {
  const input = { logGroupName: GROUP, startTime: NINE / 1_000, endTime: NINE / 1_000 + 60, queryString, ...more };
  return (await running.client.send(new StartQueryCommand(input))).queryId as string;
};
const results = (queryId: string, more = {}) => running.client.send(new GetQueryResultsCommand({ queryId, ...more }));
/** Rows as objects, without the pointers. */
const query = async (text: string, more: Partial<StartQueryCommandInput> = {}) => {
  const id = await begin(text, more);
  running.clock.advance(2_000);
  const { results: rows = [] } = await results(id);
  return rows.map((row) =>
    Object.fromEntries(row.filter(({ field }) => field !== '@ptr').map(({ field, value }) => [field, value])),
  );
};

describe('the query language', () => {
  test('without fields a result shows time and message, newest first, and a pointer', async () => {
    const id = await begin('filter took = 1 or @message like "id=r4"');
    running.clock.advance(2_000);
    const { results: rows } = await results(id);
    expect(rows).toEqual([
      [
        { field: '@timestamp', value: '2026-01-05 09:00:03.000' },
        { field: '@message', value: 'plain: id=r4 took=9 ms' },
        { field: '@ptr', value: expect.stringMatching(/^[\w+/=]{20,}$/) as string },
      ],
    ]);
  });

  test('fields of JSON messages are discovered: nested by dots, lists by number, @ doubled', async () => {
    expect(await query('fields user.name, items.0.n, `@@time`, prediction, none | filter inferenceId = "r1"')).toEqual([
      { 'user.name': 'Ann', 'items.0.n': '7', '@@time': 'x', prediction: '0.25' },
    ]);
  });

  test.each([
    ['prediction > 0.25', ['r3']],
    ['prediction >= 0.25 and prediction<0.5', ['r1']],
    ['prediction != 0.5', [undefined, undefined, 'r1']],
    ['not prediction = 0.5', [undefined, undefined, 'r1']],
    ['flag = 1', ['r3']],
    ['flag = true', []],
    ['prediction in [0.50, "x"]', ['r3']],
    ['ispresent(inferenceId) and inferenceId not in ["r3"]', ['r1']],
    ['not (inferenceId = "r1") and ispresent(inferenceId)', ['r3']],
    ['model like /^b \\d$/', ['r3']],
    ['user.name =~ /(?i)ANN/', ['r1']],
    ["user.name not like 'nn'", [undefined, 'r3', undefined]],
    ['@logStream like /^AllTraffic\\// and prediction < 1', ['r3', 'r1']],
    ['@logStream like /^shadow\\// and prediction < 1', []],
    ['prediction = 0.5 or user.name = "Ann" # and a comment', ['r3', 'r1']],
  ])('filter %s', async (condition, ids) => {
    expect((await query(`fields inferenceId | FILTER ${condition}`)).map((row) => row.inferenceId)).toEqual(ids);
  });

  test('parse takes parts of a message by wildcards or named groups; rows that do not fit stay', async () => {
    expect(
      await query('fields @timestamp | parse @message "id=* took=* ms" as id, took | filter ispresent(id) | sort took'),
    ).toEqual([
      { '@timestamp': '2026-01-05 09:00:03.000', id: 'r4', took: '9' },
      { '@timestamp': '2026-01-05 09:00:01.000', id: 'r2', took: '12' },
    ]);
    expect(
      await query(
        'parse /id=(?<id>r\\d) took=(?<took>\\d+)/ | display id, concat(took, " ms") as time | sort id desc | limit 3',
      ),
    ).toEqual([{ id: 'r4', time: '9 ms' }, { id: 'r2', time: '12 ms' }, { time: ' ms' }]);
  });

  test('stats counts, by fields', async () => {
    expect(await query('stats count(*) as n, count(prediction)')).toEqual([{ n: '4', 'count(prediction)': '2' }]);
    expect(await query('stats count(*) as n by @logStream | sort n desc | limit 1')).toEqual([
      { '@logStream': 'AllTraffic/i-1', n: '4' },
    ]);
  });

  test('numbers sort after words, digits in words by size', async () => {
    await put([4, '{"v":"10"}'], [5, '{"v":"9"}'], [6, '{"v":"a10"}'], [7, '{"v":"a9"}']);
    expect((await query('fields v | filter ispresent(v) | sort v asc')).map(({ v }) => v)).toEqual([
      'a9',
      'a10',
      '9',
      '10',
    ]);
  });

  test.each([
    ['stats avg(prediction)', 'the aggregation avg', 6, 9],
    ['fields @message | dedup @message', "the command 'dedup'", 18, 23],
    ['fields abs(prediction) as p', 'the function abs()', 7, 10],
    ['stats count(*) | filter a = 1', "'filter' after stats", 17, 23],
    ['limit any 3', "'limit any'", 6, 9],
    ['fields @message, a - 1', 'unexpected symbol found: - 1', 18, 22],
    ['filter a like /(/', 'invalid regular expression', 14, 17],
    ['parse @message "a*b*" as one', '2 wildcards for 1 names', 15, 21],
    ['filter', 'unexpected end', 6, 6],
    ['fields model | fields coalesce(model, "x") as model', 'the field model is defined already', 22, 30],
    ['fields model | parse "a=*" as model', 'the field model is defined already', 21, 26],
  ])('%s is refused with its place', async (text, words, startCharOffset, endCharOffset) => {
    const refusal = await begin(text).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(MalformedQueryException);
    expect((refusal as MalformedQueryException).message).toContain(words);
    expect((refusal as MalformedQueryException).queryCompileError?.location).toEqual({
      startCharOffset,
      endCharOffset,
    });
  });
});

describe('a query', () => {
  test('is scheduled, runs, and is complete; what comes later is not in it', async () => {
    const id = await begin('fields @message');
    await put([5, 'late']);
    expect(await results(id)).toMatchObject({ status: 'Scheduled', results: [] });
    running.clock.advance(500);
    expect(await results(id)).toMatchObject({ status: 'Running', results: [] });
    await put([6, 'later still']);
    running.clock.advance(500);
    expect(await results(id)).toMatchObject({
      status: 'Complete',
      statistics: { recordsMatched: 5, recordsScanned: 5 },
    });
  });

  test('is stopped once, and not after its end', async () => {
    const id = await begin('fields @message');
    expect(await running.client.send(new StopQueryCommand({ queryId: id }))).toMatchObject({ success: true });
    expect(await results(id)).toMatchObject({ status: 'Cancelled', results: [] });
    await expect(running.client.send(new StopQueryCommand({ queryId: id }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(results('none')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('has both ends of its seconds, a limit, and pages', async () => {
    const seconds = NINE / 1_000;
    expect(await query('fields @message', { startTime: seconds + 1, endTime: seconds + 2 })).toHaveLength(2);
    expect(await query('fields @message', { limit: 3 })).toHaveLength(3);
    expect(await query('fields @message | limit 4', { limit: 3 })).toHaveLength(4);
    const id = await begin('fields @message');
    running.clock.advance(2_000);
    const first = await results(id, { maxItems: 3 });
    const second = await results(id, { maxItems: 3, nextToken: first.nextToken });
    expect([first.results?.length, second.results?.length, second.nextToken]).toEqual([3, 1, undefined]);
  });

  test('names its groups one way, of those that are there', async () => {
    await expect(begin('fields a', { logGroupNames: [GROUP] })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(begin('fields a', { logGroupName: 'none' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    const arn = `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}`;
    expect(await query('fields @log | limit 1', { logGroupName: undefined, logGroupIdentifiers: [arn] })).toEqual([
      { '@log': `000000000000:${GROUP}` },
    ]);
  });

  test('cannot end before the group was made, or before what its retention keeps', async () => {
    const ended = { startTime: NINE / 1_000 - 60, endTime: NINE / 1_000 - 1 };
    await expect(begin('fields a', ended)).rejects.toThrow("Query's end date and time is either before the log groups");
    await running.client.send(new PutRetentionPolicyCommand({ logGroupName: GROUP, retentionInDays: 1 }));
    running.clock.advance(2 * 86_400_000);
    await expect(begin('fields a')).rejects.toThrow('log retention settings ([0,8])');
  });

  test('more than a hundred at once are refused', async () => {
    for (let i = 0; i < 100; i += 1) await begin('fields a');
    await expect(begin('fields a')).rejects.toMatchObject({ name: 'LimitExceededException' });
    running.clock.advance(2_000);
    await begin('fields a');
  });

  test('outlives a restart', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'shadowctl-insights-'));
    const before = await start({ dir });
    await before.client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
    const input = { logGroupName: GROUP, startTime: NINE / 1_000, endTime: NINE / 1_000, queryString: 'fields a' };
    const { queryId } = await before.client.send(new StartQueryCommand(input));
    await before.stop();
    const after = await start({ dir, at: NINE + 60_000 });
    expect(await after.client.send(new GetQueryResultsCommand({ queryId }))).toMatchObject({ status: 'Complete' });
    await after.stop();
    await rm(dir, { recursive: true, force: true });
  });
});

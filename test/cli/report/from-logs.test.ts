import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  FilterLogEventsCommand,
  GetQueryResultsCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateEndpointCommand, CreateEndpointConfigCommand, CreateModelCommand } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkQuery } from '../../../src/analysis/observe/check-query.ts';
import { cutPart, queryLines } from '../../../src/analysis/observe/logs-query.ts';
import { describeEndpoint } from '../../../src/aws/sagemaker.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { interrupted } from '../../../src/base/errors.ts';
import type { Report } from '../../../src/report/report.ts';
import { matrixTest, sampled } from '../../support/sizes.ts';
import { ROLE, START, type TestWorld, testWorld } from '../../support/world.ts';

/** A model of somebody's own: it answers, and prints what it was asked and what it said. */
const SERVER = `
import { createServer } from 'node:http';
createServer((request, response) => {
  if (request.url === '/ping') return response.end();
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const { id, x } = JSON.parse(body);
    const score = x / 100 + Number(process.env.MOVED);
    console.log('starting to think');
    console.log(x % 2 === 0 ? 'predicted id=' + id + ' score=' + score + ' in 3 ms' : JSON.stringify({ request: { id }, score }));
    response.end(JSON.stringify({ score }));
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
`;
const GROUP = '/aws/sagemaker/Endpoints/own';
const TEXT_QUERY = `parse @message "predicted id=* score=* in" as told, said   # every other line is text
| fields @timestamp, coalesce(request.id, told) as inferenceId, coalesce(score, said) as prediction
| filter ispresent(inferenceId)`;
/** What `put` writes. */
const LINES_QUERY = 'fields @timestamp, inferenceId, prediction';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-own-'));
const script = join(folder, 'model.mjs');
writeFileSync(script, SERVER);
afterAll(() => rmSync(folder, { recursive: true }));

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld({ containers: [`acme/own=node ${script}`] });
  const sagemaker = await world.aws.sagemaker();
  for (const [ModelName, MOVED] of [
    ['v1', '0'],
    ['v2', '0.25'],
  ] as const) {
    const PrimaryContainer = { Image: 'acme/own:1', Environment: { MOVED } };
    await sagemaker.send(new CreateModelCommand({ ModelName, ExecutionRoleArn: ROLE, PrimaryContainer }));
  }
  const variant = (VariantName: string, ModelName: string) => ({
    VariantName,
    ModelName,
    InstanceType: 'ml.m5.large' as const,
    InitialInstanceCount: 1,
    InitialVariantWeight: 1,
  });
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'own-1',
      ProductionVariants: [variant('AllTraffic', 'v1')],
      ShadowProductionVariants: [variant('shadow', 'v2')],
    }),
  );
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'own', EndpointConfigName: 'own-1' }));
  world.clock.advance(10 * 60_000);
  await inService();
});
afterEach(() => world.close());

/** The containers are real processes: they may take longer to start than the clock at hand says. */
async function inService(): Promise<void> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    if ((await describeEndpoint(world.aws, 'own'))?.EndpointStatus === 'InService') return;
    await systemClock.sleep(5);
  }
  throw new Error('the containers did not start');
}

/** Requests a second apart, each printed by both variants. */
async function traffic(count: number): Promise<void> {
  const runtime = await world.aws.runtime();
  for (let i = 0; i < count; i += 1) {
    const Body = JSON.stringify({ id: `r-${i}`, x: i });
    await runtime.send(new InvokeEndpointCommand({ EndpointName: 'own', ContentType: 'application/json', Body }));
    // What a process prints comes by a pipe of its own: time stands still until it is there.
    await printed(4 * (i + 1));
    world.clock.advance(1_000);
  }
  world.clock.advance(120_000);
}

async function printed(lines: number): Promise<void> {
  const client = await world.aws.logs();
  for (let tries = 0; tries < 500; tries += 1) {
    const { events = [] } = await client.send(
      new FilterLogEventsCommand({ logGroupName: GROUP, filterPattern: '?think ?score' }),
    );
    if (events.length >= lines) return;
    await systemClock.sleep(5);
  }
  throw new Error(`the containers did not print ${lines} lines`);
}

/** Lines put into the log by hand: `perSecond` of them from a moment on, with the shadow's moved by a half. */
async function put(start: number, lines: { production: number; shadow: number }, perSecond: number): Promise<void> {
  const client = await world.aws.logs();
  await client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
  for (const [variant, count, moved] of [
    ['AllTraffic', lines.production, 0],
    ['shadow', lines.shadow, 0.5],
  ] as const) {
    const logStreamName = `${variant}/i-${start}`;
    await client.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName }));
    const events = Array.from({ length: count }, (_, i) => ({
      timestamp: start + Math.floor((i * 1_000) / perSecond),
      message: JSON.stringify({ inferenceId: `p-${start}-${i}`, prediction: (i % 100) / 100 + moved }),
    }));
    for (let i = 0; i < events.length; i += 5_000)
      await client.send(
        new PutLogEventsCommand({ logGroupName: GROUP, logStreamName, logEvents: events.slice(i, i + 5_000) }),
      );
  }
}

/** Where it does not matter what the log holds, only that it holds something. */
async function printedOne(): Promise<void> {
  await put(world.clock.now(), { production: 1, shadow: 1 }, 1);
  world.clock.advance(120_000);
}

async function report(...words: string[]) {
  const line = ['report', '--endpoint', 'own', '--source', 'logs', '--last', '15m', '--format', 'json', ...words];
  const ended = await world.shadowctl(line);
  return { ...ended, report: ended.out === '' ? undefined : (JSON.parse(ended.out) as Report) };
}

describe('report --source logs --logs-query', () => {
  test('compares what a container of ones own printed, text and JSON, by the columns of the query', async () => {
    await traffic(20);
    const { report: found } = await report('--logs-query', TEXT_QUERY);
    const { predictions, notes } = found?.observations ?? {};
    expect(predictions).toMatchObject({
      method: 'inferenceId',
      pairs: 20,
      production: { records: 20, unreadable: 0 },
      shadow: { records: 20, unreadable: 0 },
    });
    expect(predictions?.numbers?.bias).toBeCloseTo(0.25, 9);
    expect(notes?.join(' ')).toContain("from the containers' logs");
    const shown =
      'parse @message "id=* score=* " as inferenceId, prediction | filter ispresent(prediction)\n| display @timestamp, inferenceId, prediction';
    expect((await report('--logs-query', shown)).report?.observations.predictions).toMatchObject({ pairs: 10 });
  });

  test('columns by other names; lines without them are counted and shown', async () => {
    await traffic(6);
    const query = 'fields @timestamp, request.id, score';
    const { report: found } = await report('--logs-query', query, '--id', '$.request.id', '--prediction', 'score');
    expect(found?.observations.predictions).toMatchObject({ pairs: 3, production: { records: 3, unreadable: 9 } });
    expect(found?.observations.predictions?.production.examples[0]).toMatch(/^no column request.id: \{"@timestamp"/);
    const whole = await report('--logs-query', 'filter score > 0.02', '--id', 'request.id', '--prediction', 'score');
    expect(whole.report?.observations.predictions).toMatchObject({ pairs: 2, shadow: { records: 3, unreadable: 0 } });
  });

  test('more than one query may give is read in parts, no line twice and none lost', async () => {
    // Four minutes of fifty lines a second, many of them on the very seconds that parts are cut at.
    await put(START + 11 * 60_000, { production: 12_000, shadow: 1_200 }, 50);
    world.clock.advance(400_000);
    const { report: found } = await report('--logs-query', LINES_QUERY);
    expect(found?.observations.predictions).toMatchObject({
      pairs: 1_200,
      production: { records: 12_000, unreadable: 0 },
      shadow: { records: 1_200, unreadable: 0 },
    });
    expect(found?.observations.notes.join(' ')).not.toContain('missing');
  });

  test('more than is ever read is cut by time, and told of', async () => {
    await put(START + 11 * 60_000, { production: 1, shadow: 3_600 }, 50);
    world.clock.advance(400_000);
    const window = { from: START + 10 * 60_000, to: START + 15 * 60_000 };
    const query = 'fields @timestamp, inferenceId';
    const found = await queryLines(
      world.aws,
      world.clock,
      { endpoint: 'own', variant: 'shadow', window, query, most: 3_000 },
      {},
    );
    expect(found).toMatchObject({ complete: false, overfull: 0 });
    expect(found.lines).toHaveLength(3_000);
    expect(found.lines.at(-1)?.at).toBe(START + 11 * 60_000 + 59_980);
  });

  matrixTest('a second with more lines than a query gives is told of', async () => {
    await put(START + 11 * 60_000, { production: 10_050, shadow: 50 }, 12_000);
    world.clock.advance(300_000);
    const words = ['--from', '2026-01-05T09:11Z', '--to', '2026-01-05T09:12Z'];
    const { report: found } = await report('--logs-query', LINES_QUERY, ...words);
    expect(found?.observations.predictions?.production.records).toBe(10_000);
    expect(found?.observations.notes.join(' ')).toContain(
      '1 second of the log of AllTraffic hold more than 10 000 lines each',
    );
  });

  test('an endpoint that has printed nothing has no lines', async () => {
    world.clock.advance(600_000);
    const { report: found, code } = await report('--logs-query', TEXT_QUERY);
    expect(found?.observations.notes.join(' ')).toContain("0 lines of production's log and 0 of the shadow's");
    expect(code).toBe(3);
  });

  test('what AWS does not understand is said with its words and what was sent', async () => {
    await printedOne();
    const { code, err } = await report('--logs-query', 'fields @timestamp | dedup @message');
    expect(code).toBe(2);
    expect(err).toContain(
      "CloudWatch Logs does not understand the query: This emulator does not know the command 'dedup'",
    );
    expect(err).toContain('filter @logStream like /^AllTraffic\\//');
  });

  test.each([
    [['--logs-query', 'fields @message | limit 10'], "ends in 'limit'"],
    [['--logs-query', 'stats count(*) by bin(1m)'], 'predictions are compared line by line'],
    [['--logs-query', 'SOURCE logGroups() | fields @message'], 'names log groups'],
    [['--logs-query', 'fields inferenceId, prediction'], 'have no @timestamp'],
    [['--logs-query', 'fields @message', '--log-pattern', '{ $.a = * }'], 'exclude each other'],
  ])('%j is refused', async (words, said) => {
    await printedOne();
    const { code, err } = await report(...words);
    expect(code).toBe(2);
    expect(err).toContain(said);
  });

  test('a query that is interrupted is stopped', async () => {
    await printedOne();
    const stop = new AbortController();
    let id: string | undefined;
    world.emulator.world.faults.add({
      kind: 'delay',
      service: 'logs',
      operation: 'GetQueryResults',
      milliseconds: 200,
      times: 1,
    });
    const line = ['report', '--endpoint', 'own', '--source', 'logs', '--logs-query', TEXT_QUERY];
    const running = world.shadowctl(line, { signal: stop.signal });
    while (id === undefined) {
      await systemClock.sleep(1);
      id = world.emulator.world.store.table<{ id: string }>('log-queries').entries()[0]?.[1].id;
    }
    stop.abort(interrupted('Interrupted.'));
    expect(await running).toMatchObject({ code: 130, err: expect.stringContaining('Interrupted.') as string });
    const client = await world.aws.logs();
    expect(await client.send(new GetQueryResultsCommand({ queryId: id }))).toMatchObject({ status: 'Cancelled' });
  });

  test.each(sampled(['StartQuery', 'GetQueryResults'], 1))(
    'throttling, faults and lost replies of %s are outlived',
    async (operation) => {
      await put(START + 11 * 60_000, { production: 4, shadow: 4 }, 1);
      world.clock.advance(300_000);
      const { faults } = world.emulator.world;
      faults.add({ kind: 'throttle', service: 'logs', operation, times: 2 });
      faults.add({ kind: 'error', service: 'logs', operation, times: 1 });
      faults.add({ kind: 'drop-reply', service: 'logs', operation, times: 1 });
      const { report: found } = await report('--logs-query', LINES_QUERY);
      expect(found?.observations.predictions).toMatchObject({ pairs: 4 });
    },
  );
});

test('bars in texts, expressions and comments part no commands', () => {
  for (const query of [
    'fields @timestamp | filter @message like /a | limit 3/ and b = "| limit 5"',
    'parse @message /(a|stats|b) (?<x>\\/|limit)/ # | limit',
    'fields a/b as c, `x | limit` | filter @message =~ /| limit/',
  ])
    expect(() => checkQuery(query)).not.toThrow();
  expect(() => checkQuery('fields a/b as c | LIMIT 3 | display c/d')).toThrow("'limit'");
});

test('a part that is full is cut in whole seconds by how much there is; a single second is not', () => {
  const rows = Array.from({ length: 10_000 }, () => ({}));
  const part = { from: 0, to: 10_000 };
  expect(cutPart(part, { kind: 'rows', rows, matched: 20_000 })).toEqual([
    { from: 0, to: 3_000 },
    { from: 3_000, to: 6_000 },
    { from: 6_000, to: 10_000 },
  ]);
  expect(cutPart(part, { kind: 'rows', rows, matched: undefined })).toHaveLength(2);
  expect(cutPart(part, { kind: 'timeout' })).toEqual([
    { from: 0, to: 5_000 },
    { from: 5_000, to: 10_000 },
  ]);
  expect(cutPart(part, { kind: 'rows', rows, matched: 10_000_000 })).toHaveLength(10);
  expect(cutPart({ from: 0, to: 1_000 }, { kind: 'rows', rows, matched: 99_999 })).toEqual([]);
  expect(cutPart(part, { kind: 'rows', rows: rows.slice(1), matched: 9_999 })).toEqual([]);
});

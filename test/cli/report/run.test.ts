import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { ReportOptions } from '../../../src/cli/report/options.ts';
import { interrupted, type Problem } from '../../../src/base/errors.ts';
import { printText } from '../../../src/base/text.ts';
import { run } from '../../../src/cli/report/run.ts';
import type { Report } from '../../../src/report/report.ts';
import { violations } from '../../report/schema.ts';
import { stage } from './endpoint.ts';
import type { Stage } from './endpoint.ts';
import { OPTIONS } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

let open: Stage | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function report(where: Stage, options: Partial<ReportOptions> = {}) {
  const { app, out, err } = where.app();
  const outcome = await run(app, { ...OPTIONS, ...options });
  const text = out.join('\n');
  return {
    outcome,
    text,
    err: err.join('\n'),
    report: options.format === undefined ? (JSON.parse(text) as Report) : undefined,
  };
}

describe('report, through the real SDK', () => {
  test('two models that both work: pairs, labels, accuracy', async () => {
    open = await stage('good');
    await open.traffic(360, 1_500);
    open.clock.advance(120_000);
    const found = await report(open, { labels: 'weather-test.csv:label', last: '15m' });
    const predictions = found.report?.observations.predictions;
    expect(predictions).toMatchObject({
      method: 'inferenceId',
      task: 'multiclass',
      pairs: 360,
      coverage: 1,
      rows: 360,
    });
    expect(violations(found.report)).toEqual([]);
    expect(predictions?.labels?.rows).toBe(360);
    expect(predictions?.numbers?.of).toBe('score');
    const truth = predictions?.truth?.labels;
    expect(truth?.shadow ?? 0).toBeGreaterThan(truth?.production ?? 0);
    expect(found.report?.summaries.production).toMatchObject({ invocations: 360, modelErrors: 0 });
    expect(found.report?.summaries.shadow).toMatchObject({ invocations: 360, modelErrors: 0 });
    const outcomes = Object.fromEntries(found.report?.verdict?.gates.map((gate) => [gate.id, gate.outcome]) ?? []);
    expect(outcomes).toMatchObject({
      'traffic.sampling': 'pass',
      'output.readable': 'pass',
      'latency.mean': 'inconclusive',
    });
    expect(found.outcome).toBe('inconclusive');
  });

  test.each([true, false])('percentile ranks of CloudWatch, where it has them (%s), judge quantiles', async (has) => {
    open = await stage('good', true, { rankStatistics: has });
    await open.traffic(900, 1_500);
    open.clock.advance(120_000);
    writeFileSync(join(folder, 'limits.yaml'), 'policy: { limits: { latency: { p99: 1ms } } }\n');
    const asked = { predictions: false, last: '30m', policy: join(folder, 'limits.yaml') };
    const { report: found } = await report(open, asked);
    const limit = found?.verdict?.gates.find((gate) => gate.id === 'limits.latency.p99');
    expect([limit?.of, found?.observations.metrics.beyondLimits?.p99?.limit]).toEqual(
      has ? ['requests', 1] : ['blocks', undefined],
    );
    if (has) expect(limit?.estimate).toBeGreaterThan(0.9);
    const { times, exceedances } = found?.observations.metrics ?? {};
    const p99 = found?.verdict?.gates.find((gate) => gate.id === 'latency.p99');
    if (!has) {
      expect([exceedances, p99?.unit]).toEqual([undefined, 'ratio']);
      return;
    }
    expect(Object.keys(exceedances ?? {})).toEqual(['p50', 'p90', 'p99']);
    expect(exceedances?.p99?.threshold).toBeGreaterThan(1);
    expect(exceedances?.p99).toMatchObject({ margin: 0.2, shadow: expect.any(Array) });
    expect(exceedances?.p50?.shadow).toHaveLength(times?.length ?? 0);
    // By definition of a median.
    const above = exceedances?.p50?.production.filter((share) => share !== null) ?? [];
    expect(above.reduce((sum, share) => sum + share, 0) / above.length).toBeCloseTo(0.5, 1);
    expect(p99).toMatchObject({ unit: 'share', margin: 0, outcome: 'inconclusive', of: 'requests' });
  });

  test('a shadow that fails every request: the answer is no, and production is untouched', async () => {
    open = await stage('mismatched');
    await open.traffic(600, 1_500);
    open.clock.advance(120_000);
    const found = await report(open, { format: 'text', full: true });
    expect(found.outcome).toBe('no');
    expect(found.text).toContain('Verdict: FAIL.');
    expect(found.text).toMatch(/5XX errors +0 +\d+/);
    expect(Math.max(...found.text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('without a shadow there is nothing to compare, and nothing is proven', async () => {
    open = await stage('none');
    await open.traffic(60, 1_000);
    open.clock.advance(120_000);
    const found = await report(open, { format: 'text' });
    expect(found.outcome).toBe('inconclusive');
    expect(found.text).toContain('nothing to compare');
    expect(found.text).toContain('ModelLatency');
  });

  test('an empty window says so', async () => {
    open = await stage('good');
    const found = await report(open, { format: 'text' });
    expect(found.outcome).toBe('inconclusive');
    expect(found.text.replace(/\s+/g, ' ')).toContain(
      'No request to weather has been seen since it started running with this shadow (',
    );
    expect(found.text).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('what was saved is judged again without AWS, to the same verdict', async () => {
    open = await stage('good');
    await open.traffic(200, 1_500);
    open.clock.advance(120_000);
    const first = await report(open, { save: join(folder, 'saved.json'), last: '15m' });
    await open.emulator.close();
    const again = await report(open, { endpoint: undefined, files: join(folder, 'saved.json') });
    const from = await report(open, { endpoint: undefined, from: join(folder, 'saved.json') });
    expect(from.report?.observations).toEqual(again.report?.observations);
    expect(again.report?.verdict).toEqual(first.report?.verdict);
    expect(again.report?.summaries).toEqual(first.report?.summaries);
  });

  test('the older --task says what it is called now', async () => {
    open = await stage('good');
    await open.traffic(20, 1_500);
    open.clock.advance(120_000);
    const { err } = await report(open, { task: 'scores', last: '15m' });
    expect(err).toContain('note: --task scores is called --answers number now; it is still accepted.');
  });

  test('what has no effect on a saved file is refused, and says what the file holds', async () => {
    open = await stage('good');
    const files = join(folder, 'sums.json');
    writeFileSync(files, '{}');
    const none = { endpoint: undefined, files };
    const look = report.bind(undefined, open);
    await expect(look({ ...none, labels: 'weather-test.csv:label' })).rejects.toThrow(
      `--labels has no effect on ${files}: a saved file contains the sums of one window, not the single answers.`,
    );
    await expect(look({ ...none, prediction: '$.p', task: 'json', variants: 'a,b' })).rejects.toThrow(
      '--prediction, --task, --variants have no effect on',
    );
    await expect(look({ ...none, from: '-2h' })).rejects.toThrow('--from has no effect on');
    await expect(look({ ...none, predictions: false })).rejects.toThrow('--no-predictions has no effect on');
    await expect(look({ ...none, watch: 'quiet' })).rejects.toThrow('--until-decided looks at an endpoint repeatedly');
    await expect(look({ ...none, files: folder, watch: 'show' })).rejects.toThrow(
      '--watch looks at an endpoint repeatedly',
    );
    await expect(look({ ...none, files: folder, endpoint: 'weather' })).rejects.toThrow('exclude each other');
  });

  test('sums that were counted with one tolerance are not judged under another', async () => {
    open = await stage('good');
    await open.traffic(60, 1_500);
    open.clock.advance(120_000);
    const [files, same, other] = ['t.json', 'same.yaml', 'other.yaml'].map((name) => join(folder, name));
    writeFileSync(same ?? '', 'numbers: { tolerance: 0.25 }');
    writeFileSync(other ?? '', 'numbers: { tolerance: 0.5 }');
    await report(open, { save: files, policy: same, last: '15m' });
    await report(open, { endpoint: undefined, files, policy: same });
    await expect(report(open, { endpoint: undefined, files, policy: other })).rejects.toThrow(
      `The policy says numbers.tolerance 0.5; ${files} holds sums that were counted with 0.25.`,
    );
  });

  test('--redact keeps every input out', async () => {
    open = await stage('good');
    await open.traffic(60, 1_500);
    open.clock.advance(120_000);
    const seen = await report(open, { last: '15m' });
    expect(seen.report?.observations.predictions?.top[0]?.input).toMatch(/^[\d.,-]+$/);
    const hidden = await report(open, { last: '15m', redact: true });
    expect(hidden.report?.observations.predictions?.top[0]?.input).toBeNull();
  });

  test('--source logs: predictions that the containers print, selected by pattern and paths', async () => {
    open = await stage('good');
    const { clock, emulator } = open;
    await open.traffic(60, 1_000);
    const client = new CloudWatchLogsClient({
      endpoint: emulator.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const logGroupName = '/aws/sagemaker/Endpoints/weather';
    for (const [variant, moved] of [
      ['AllTraffic', 0],
      ['shadow', 0.25],
    ] as const) {
      const logStreamName = `${variant}/i-own`;
      await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
      const line = (i: number) =>
        JSON.stringify({ level: 'info', result: { score: i / 1000 + moved }, request: { id: `r-${i}` } });
      const logEvents = Array.from({ length: 400 }, (_, i) => ({
        timestamp: clock.now() - 40_000 + i * 100,
        message: i === 7 ? '{"result": {"score": 1' : i === 8 ? '{"result": {"score": 3}}' : line(i),
      }));
      await client.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
    }
    clock.advance(180_000);
    const selected = { source: 'logs', prediction: '$.result.score', id: '$.request.id', last: '15m' } as const;
    const found = await report(open, { ...selected, logPattern: '{ $.result.score = * }' });
    const predictions = found.report?.observations.predictions;
    expect(predictions).toMatchObject({
      method: 'inferenceId',
      task: 'scores',
      pairs: 398,
      production: { records: 398, unreadable: 1, examples: ['no id: {"result": {"score": 3}}'] },
    });
    expect(predictions?.numbers?.bias).toBeCloseTo(0.25, 9);
    const nothing = await report(open, { ...selected, prediction: '$.nowhere' });
    expect(nothing.report?.observations.notes.join(' ')).toMatch(
      /These containers print no such predictions: 0 lines of production's log and 0 of the shadow's hold an id and a prediction, of \d+ lines read\./,
    );
    await expect(report(open, { id: '$.a' })).rejects.toThrow(
      '--log-pattern, --logs-query and --id say where predictions are in logs',
    );
    client.destroy();
  });

  test('--until-decided looks on until there is an answer, and shows only that', async () => {
    open = await stage('mismatched');
    const { traffic, clock } = open;
    await traffic(4, 10_000);
    clock.advance(90_000);
    const looking = report(open, { watch: 'quiet', every: '2m', last: '5m' });
    const sending = clock.all<unknown>([
      () => looking,
      async () => {
        for (let i = 0; i < 12; i += 1) {
          await traffic(10, 0);
          await clock.sleep(60_000);
        }
      },
    ]);
    const found = await looking;
    await sending;
    expect(found.outcome).toBe('no');
    const said = found.err.split('\n');
    expect(said.filter((line) => line.includes('Not decided yet')).length).toBeGreaterThan(1);
    // What is being done is said of the first look alone.
    expect(said.filter((line) => line === 'collecting')).toHaveLength(1);
    expect(found.report?.verdict?.outcome).toBe('fail');
  });

  test('Ctrl-C while it looks: nothing is decided, what goes on, and how to look again', async () => {
    open = await stage('mismatched');
    const { traffic, clock } = open;
    await traffic(4, 10_000);
    clock.advance(90_000);
    const stop = new AbortController();
    const options = { ...OPTIONS, watch: 'show', every: '2m', last: '5m' } as const;
    const looking = run(open.app().app.withSignal(stop.signal), options);
    const sending = clock.all<unknown>([
      () => looking.catch(() => undefined),
      async () => {
        await clock.sleep(60_000);
        stop.abort(interrupted('Interrupted.'));
      },
    ]);
    await expect(looking).rejects.toMatchObject({
      kind: 'interrupted',
      message: expect.stringMatching(
        /^Interrupted\. Whether the shadow of \S+ passes is not decided; the last look said: \S/,
      ),
    });
    await sending;
    const problem = await looking.catch((error: unknown) => error as Problem);
    const next = printText((problem as Problem).next ?? '');
    expect(next).toMatch(/shadowctl report --endpoint \S+ --last 5m .*--watch$/m);
    expect(next).toMatch(/shadowctl keep --endpoint \S+$/m);
  });

  test('an endpoint that is not there', async () => {
    open = await stage('none');
    await expect(report(open, { endpoint: 'nowhere' })).rejects.toThrow('There is no endpoint "nowhere" in us-east-1.');
  });
});

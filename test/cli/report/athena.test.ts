import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../../src/cli/report/run.ts';
import type { ReportOptions } from '../../../src/cli/report/options.ts';
import { printText } from '../../../src/base/text.ts';
import type { Problem } from '../../../src/base/errors.ts';
import { renderers } from '../../../src/report/render.ts';
import type { Report } from '../../../src/report/report.ts';
import { violations } from '../../report/schema.ts';
import { stage, type Stage } from './endpoint.ts';
import { OPTIONS } from './options.ts';
import { matrixTest } from '../../support/sizes.ts';

/* `report --engine athena`, through the real SDK, beside the same report on this machine. */

let open: Stage;
beforeAll(async () => {
  open = await stage('good');
  await open.traffic(120, 30_000);
  open.clock.advance(15 * 60_000);
});
afterAll(() => open.close());

async function report(options: Partial<ReportOptions> = {}) {
  const { app, out, err } = open.app();
  const outcome = await run(app, { ...OPTIONS, last: '2h', ...options });
  const text = out.join('\n');
  return {
    outcome,
    text,
    err: err.join('\n'),
    report: options.format === undefined ? withoutNulls(text) : undefined,
  };
}

/** In JSON, members that are undefined are null. */
function withoutNulls(text: string): Report {
  return JSON.parse(text, function (this: unknown, _, value: unknown) {
    return value === null && !Array.isArray(this) ? undefined : value;
  }) as Report;
}

async function refused(options: Partial<ReportOptions>): Promise<string> {
  const problem = await report(options).then(
    () => undefined,
    (error: unknown) => error as Problem,
  );
  return `${problem?.kind}: ${problem?.message} ${problem?.next === undefined ? '' : printText(problem.next)}`;
}

test('both engines fill the same sums, and the same judge comes to the same verdict; a later look reads no hour again', async () => {
  const [here, there] = [await report({ engine: 'local' }), await report({ engine: 'athena' })];
  expect(violations(JSON.parse(there.text))).toEqual([]);
  expect(there.report?.observations.engine).toMatchObject({ name: 'athena', hours: { kept: 0 } });
  expect(there.report?.observations.predictions).toMatchObject({ pairs: 120, method: 'inferenceId' });
  expect(there.report?.verdict?.outcome).toBe(here.report?.verdict?.outcome);
  const gates = ({ report: one }: typeof here) =>
    Object.fromEntries(one?.verdict?.gates.map(({ id, outcome }) => [id, outcome]) ?? []);
  expect(gates(there)).toEqual(gates(here));
  expect(there.err).toMatch(/Athena reads [\d.]+ kB of captures, 4 hourly folders/);
  // Every format says what it cost.
  const words = 'Athena read the captures where they lie: 4 hourly folders read';
  if (there.report === undefined) throw new Error('no report');
  for (const format of ['markdown', 'html'] as const)
    expect((await renderers[format]())(there.report, { columns: 80, color: false })).toContain(words);
  const text = await report({ engine: 'athena', format: 'text' });
  expect(text.err).toContain('Athena reads no captures again; the records of 4 are kept from earlier looks.');
  expect(text.text.replace(/\s+/g, ' ')).toContain('0 hourly folders read, 4 were kept from earlier looks');
});

matrixTest('engine: athena in shadowctl.yaml is enough, and --engine local overrules it', async () => {
  const { app } = open.app();
  const file = join(app.cwd, 'shadowctl.yaml');
  writeFileSync(file, 'engine: athena\nathena: { workgroup: primary }\n');
  try {
    expect((await report()).report?.observations.engine).toMatchObject({ name: 'athena' });
    expect((await report({ engine: 'local' })).report?.observations.engine).toBeUndefined();
    // Labels by features are compared on this machine: what the file says gives way, what the flag says is refused.
    const labelled = await report({ labels: 'weather-test.csv:label' });
    expect(labelled.report?.observations.engine).toBeUndefined();
    expect(labelled.report?.observations.notes.join(' ')).toContain('labels without ids');
    expect(await refused({ engine: 'athena', labels: 'weather-test.csv:label' })).toMatch(/usage: .*--engine local/);
  } finally {
    writeFileSync(file, '');
  }
});

matrixTest(
  'labels with ids are held against answers where captures lie, and come to the verdict of this machine',
  async () => {
    const { app } = open.app();
    // Those of one request in ten are still to come.
    const labels = Array.from({ length: 120 }, (_, i) => i).filter((i) => i % 10 > 0);
    writeFileSync(
      join(app.cwd, 'ids.csv'),
      ['inferenceId,label', ...labels.map((i) => `request-${i},${i % 5}`), 'of-nobody,1'].join('\n'),
    );
    const asked = { labels: 'ids.csv' };
    const [here, there] = [await report({ ...asked, engine: 'local' }), await report({ ...asked, engine: 'athena' })];
    expect(there.report?.observations.engine).toMatchObject({ name: 'athena' });
    const truth = ({ report: one }: typeof here) => one?.observations.predictions?.truth;
    expect(truth(there)).toMatchObject({ rows: labels.length, unknown: 1 });
    expect(comparableTruth(truth(there))).toEqual(comparableTruth(truth(here)));
    const gates = ({ report: one }: typeof here) =>
      Object.fromEntries(one?.verdict?.gates.map(({ id, outcome }) => [id, outcome]) ?? []);
    expect(gates(there)).toEqual(gates(here));
    // What Athena needed of the labels is gone.
    const s3 = await (await app.aws()).s3();
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'sagemaker-us-east-1-000000000000' }));
    expect(Contents.filter(({ Key = '' }) => Key.includes('/labels/'))).toEqual([]);
    // Of a sample, labels that found nothing are counted in proportion.
    const sampled = await report({ ...asked, engine: 'athena', task: 'json' });
    expect(sampled.report?.observations.engine?.sampled).toBeDefined();
    expect(truth(sampled)).toMatchObject({ rows: labels.length, unknown: 1 });
  },
);

/** To twelve digits: the engines add in different orders. */
function comparableTruth(truth: unknown): unknown {
  return JSON.parse(
    JSON.stringify(truth, (_, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(12)) : value)),
  );
}

test('answers that SQL does not compare are compared of a sample, and the report says so', async () => {
  const found = await report({ engine: 'athena', task: 'json' });
  const { engine, predictions } = found.report?.observations ?? {};
  expect(engine?.sampled).toMatchObject({ requests: 120, of: 120 });
  expect(predictions?.pairs).toBe(120);
});

test('what has no captures is refused by name', async () => {
  expect(await refused({ engine: 'athena', source: 'logs' })).toMatch(/^usage: --engine athena reads the captures/);
  expect(await refused({ engine: 'athena', predictions: false })).toMatch(/^usage: .*with --no-predictions/);
});

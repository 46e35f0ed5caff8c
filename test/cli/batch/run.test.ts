import { gzipSync } from 'node:zlib';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CreateModelCommand, StopTransformJobCommand } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readDocument } from '../../../src/emulator/iam/document.ts';
import { csv, jobNames, lake, makeModel, WEATHER_ROWS } from '../../support/batch.ts';
import { ROLE } from '../../support/fixtures.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../../support/world.ts';
import { matrixTest } from '../../support/sizes.ts';

/* Days of batches on the emulator: its clock begins at 09:00 on 2026-01-05, so that yesterday is the 4th. */

let world: TestWorld;
let s3: ReturnType<typeof lake>;
beforeAll(async () => {
  world = await testWorld();
  s3 = lake(world);
  await s3.make();
  await makeModel(world, 'prod', ARTIFACT_005);
  await makeModel(world, 'cand', ARTIFACT_009);
});
afterAll(() => world.close());

const OUTPUT = ['--output', 's3://lake/out', '--yes'];

/** Runs a day; gives what it printed as JSON. */
async function run(batch: string, words: readonly string[]) {
  const ended = await world.shadowctl(['batch', 'run', '--batch', batch, ...OUTPUT, ...words, '--format', 'json']);
  return { ...ended, json: ended.out === '' ? undefined : JSON.parse(ended.out) };
}

const rows = (from: number, to: number) => csv(WEATHER_ROWS.slice(from, to));

describe('a candidate beside another model', () => {
  const WORDS = ['--input', 's3://lake/in/{yyyy}/{MM}/{dd}/', '--model', 'cand', '--against', 'model:prod'];

  test('every row is in one place: packed objects are read, empty ones and markers named, a broken row takes its object', async () => {
    await s3.put('in/2026/01/04/a.csv', rows(0, 40));
    await s3.put('in/2026/01/04/b.csv', csv([...WEATHER_ROWS.slice(40, 60), 'x,y,z', ...WEATHER_ROWS.slice(60, 100)]));
    await s3.put('in/2026/01/04/c.csv', '');
    await s3.put('in/2026/01/04/d.csv.gz', gzipSync(rows(100, 120)));
    await s3.put('in/2026/01/04/_SUCCESS', 'x');
    const { code, json, err } = await run('nightly', [...WORDS, '--find-bad-rows']);
    expect(code, err).toBe(1);
    expect(json).toMatchObject({
      result: 'done',
      day: '2026-01-04',
      from: '2026-01-04T00:00:00.000Z',
      to: '2026-01-05T00:00:00.000Z',
      objects: 3,
      rows: { delivered: 121, judged: 60, withoutCounterpart: 0, unreadable: 0, inFailedObject: 61, late: 0 },
      candidate: { model: 'cand', artifact: 's3://lake/models/cand.tar.gz' },
      production: { model: 'prod' },
    });
    const b = { key: 's3://lake/in/2026/01/04/b.csv', rows: 61, line: 21, reason: expect.stringContaining('400') };
    expect(json.failedObjects).toEqual([
      { side: 'candidate', ...b },
      { side: 'production', ...b },
    ]);
    expect(json.notes).toEqual([
      's3://lake/in/2026/01/04/c.csv is empty: it has no rows.',
      's3://lake/in/2026/01/04/_SUCCESS is left out: it begins with a dot or an underscore.',
    ]);
    // Two a model: packed objects need a job of their own; and three rounds of search for each.
    expect(json.jobs).toHaveLength(10);
    expect(json.cost).toBeGreaterThan(0);
  });

  test('given again, only what failed is asked again; of a sound delivery nothing is', async () => {
    const before = await jobNames(world);
    const again = await run('nightly', WORDS);
    expect(again.code).toBe(1);
    expect((await jobNames(world)).length - before.length).toBe(2);
    // The line is known of the same content.
    expect(again.json.failedObjects[0]).toMatchObject({ line: 21 });
    expect(again.json).toMatchObject({ attempt: 1, earlier: [] });
  });

  test('a delivery that was put right is a new attempt, only with --rerun, and replaces the day', async () => {
    await s3.put('in/2026/01/04/b.csv', rows(40, 100));
    const refused = await run('nightly', WORDS);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('--rerun');
    const anew = await run('nightly', [...WORDS, '--rerun']);
    expect(anew.code, anew.err).toBe(0);
    expect(anew.json).toMatchObject({
      attempt: 2,
      earlier: [{ attempt: 1 }],
      rows: { delivered: 120, judged: 120 },
      failedObjects: [],
    });
    const jobs = await jobNames(world);
    const unchanged = await run('nightly', WORDS);
    expect(unchanged.json).toMatchObject({ result: 'unchanged', rows: { judged: 120 } });
    expect(await jobNames(world)).toEqual(jobs);
  });

  test('what comes after the day was run is late: counted, and not judged', async () => {
    await world.clock.sleep(60_000);
    await s3.put('in/2026/01/04/e.csv', rows(0, 7));
    const late = await run('nightly', WORDS);
    expect(late.json).toMatchObject({ result: 'late', rows: { delivered: 127, judged: 120, late: 7 } });
    const status = await world.shadowctl('batch status --batch nightly --format json');
    expect(JSON.parse(status.out)).toMatchObject({
      candidate: 'cand',
      against: 'model prod',
      days: [{ day: '2026-01-04', rows: { late: 7 } }],
      missing: [],
      open: [],
    });
  });

  test('a day that was not delivered is told, and missing; the same content on another day counts once', async () => {
    const none = await run('nightly', [...WORDS, '--day', '2026-01-02']);
    expect(none.code).toBe(2);
    expect(none.err).toContain('Nothing was delivered for 2026-01-02');
    for (const name of ['a.csv', 'd.csv.gz'])
      await s3.put(`in/2026/01/01/${name}`, await s3.read(`in/2026/01/04/${name}`));
    await s3.put('in/2026/01/01/b.csv', rows(40, 100));
    const twice = await run('nightly', [...WORDS, '--day', '2026-01-01']);
    expect(twice.json.notes).toEqual([expect.stringContaining('The same content was delivered for 2026-01-04')]);
    const status = JSON.parse((await world.shadowctl('batch status --batch nightly --format json')).out);
    // Of several days one that was not delivered keeps no other from being run.
    await s3.put('in/2026/01/03/a.csv', rows(0, 5));
    const jobs = await jobNames(world, 'nightly-');
    const caught = await world.shadowctl([
      ...['batch', 'run', '--batch', 'nightly', ...OUTPUT, ...WORDS, '--catch-up', '3', '--format', 'json'],
    ]);
    expect(caught.code, caught.err).toBe(0);
    expect(JSON.parse(caught.out)).toMatchObject([
      { result: 'unchanged', day: '2026-01-01' },
      { result: 'missing', day: '2026-01-02' },
      { result: 'done', day: '2026-01-03', rows: { judged: 5 } },
      { result: 'late', day: '2026-01-04' },
    ]);
    expect((await jobNames(world, 'nightly-')).length - jobs.length).toBe(2);
    expect(status).toMatchObject({
      missing: ['2026-01-02', '2026-01-03'],
      twice: [{ day: '2026-01-04', as: '2026-01-01' }],
    });
  });

  test('a batch is of one candidate, beside one thing', async () => {
    const other = await run('nightly', [...WORDS.slice(0, 2), '--model', 'prod', '--against', 'model:cand']);
    expect(other.code).toBe(2);
    expect(other.err).toContain('judges another candidate');
    writeFileSync(join(world.root, 'd.csv'), 'inferenceId,decision\n1,2\n');
    const beside = await run('nightly', [...WORDS.slice(0, 4), '--against', 'd.csv:decision']);
    expect(beside.err).toContain('compares its candidate with model prod, not with decisions');
  });
});

test('a prefix without a slash takes no sibling, and the day of a zone is that of its clocks', async () => {
  await s3.put('sib/2025/3/30/a.csv', rows(0, 10));
  await s3.put('sib/2025/3/300.csv', rows(0, 10));
  const words = ['--input', 's3://lake/sib/2025/3/30', '--model', 'cand', '--against', 'model:prod'];
  const { json, code, err } = await run('sibling', [...words, '--day', '2025-03-30', '--zone', 'Europe/Berlin']);
  expect(code, err).toBe(0);
  // Clocks are put forward: 23 hours.
  expect(json).toMatchObject({
    from: '2025-03-29T23:00:00.000Z',
    to: '2025-03-30T22:00:00.000Z',
    zone: 'Europe/Berlin',
    rows: { delivered: 10, judged: 10 },
  });
  expect(json.notes).toEqual([expect.stringContaining('1 object of a sibling was left out')]);
});

test('a model that gives fewer answers than it was asked for: the rows of that object have no counterpart, and it is named', async () => {
  // It answers nothing to a row of naughts.
  const server = createServer((request, reply) => {
    void text(request).then((body) => {
      if (request.url !== '/invocations') return reply.end();
      const lines = body.split('\n').filter((line) => line !== '' && !/^[0,.]+$/.test(line));
      return reply.end(lines.map(() => '1\n').join(''));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const own = await testWorld({ containers: [`short=http://127.0.0.1:${port}`] });
  try {
    const there = lake(own);
    await there.make();
    await makeModel(own, 'prod', ARTIFACT_005);
    const client = await own.aws.sagemaker();
    const PrimaryContainer = { Image: 'short', ModelDataUrl: 's3://lake/models/prod.tar.gz' };
    await client.send(new CreateModelCommand({ ModelName: 'short', ExecutionRoleArn: ROLE, PrimaryContainer }));
    await there.put('in/a.csv', rows(0, 20));
    await there.put('in/b.csv', csv([...WEATHER_ROWS.slice(20, 30), '0,0,0,0,0,0', ...WEATHER_ROWS.slice(30, 40)]));
    const { code, out, err } = await own.shadowctl([
      ...['batch', 'run', '--batch', 'short', ...OUTPUT, '--input', 's3://lake/in/', '--model', 'short'],
      ...['--against', 'model:prod', '--format', 'json'],
    ]);
    expect(code, err).toBe(0);
    const json = JSON.parse(out);
    expect(json.rows).toMatchObject({ delivered: 41, judged: 20, withoutCounterpart: 21, inFailedObject: 0 });
    expect(json.notes).toContainEqual(expect.stringMatching(/20 answers to 21 rows of s3:\/\/lake\/in\/b\.csv/));
  } finally {
    await own.close();
    server.close();
  }
});

test('a local file is cut for its instances, asked without its header, and laid beside what was decided, by id', async () => {
  const lines = WEATHER_ROWS.slice(0, 50).map((row, i) => `id-${i},${row}`);
  // One id comes twice: nobody can say which row the decision was about.
  lines[7] = (lines[7] ?? '').replace('id-7', 'id-6');
  writeFileSync(join(world.root, 'rows.csv'), csv(['id,a,b,c,d,e,f', ...lines]));
  writeFileSync(
    join(world.root, 'decided.csv'),
    csv(['inferenceId,decision', ...Array.from({ length: 45 }, (_, i) => `id-${i},${i % 5}`)]),
  );
  const words = ['--input', 'rows.csv', '--model', 'cand', '--against', 'decided.csv:decision', '--id', 'id'];
  const named = await run('local', [...words, '--instances', '3']);
  expect(named.code).toBe(2);
  expect(named.err).toContain('--header');
  const filtered = await run('local', [...words, '--header', '--input-filter', '$[1:]']);
  expect(filtered.code).toBe(2);
  expect(filtered.err).toContain('--without-id');
  const { json, code, err } = await run('local', [...words, '--instances', '3', '--header', '--without-id']);
  expect(code, err).toBe(0);
  expect(json).toMatchObject({ against: 'decisions', objects: 3 });
  expect(json.rows).toMatchObject({ delivered: 50, unreadable: 0, inFailedObject: 0, late: 0 });
  expect(json.rows.judged + json.rows.withoutCounterpart).toBe(50);
  expect(json.rows.judged).toBeGreaterThanOrEqual(43);
});

test('captures are asked again, request by request, and held against what production answered then', async () => {
  const record = (i: number, input: string, answer: string | undefined, at: string, type = 'text/csv') =>
    JSON.stringify({
      captureData: {
        endpointInput: { observedContentType: type, mode: 'INPUT', data: input, encoding: 'CSV' },
        ...(answer !== undefined && {
          endpointOutput: {
            observedContentType: 'application/jsonlines',
            mode: 'OUTPUT',
            data: answer,
            encoding: 'JSON',
          },
        }),
      },
      eventMetadata: { eventId: `e-${i}`, inferenceTime: at },
      eventVersion: '0',
    });
  const [a = '', b = '', c = ''] = WEATHER_ROWS;
  const said = (label: number) => `{"predicted_label":${label},"score":[0.1,0.2,0.3,0.2,0.2]}`;
  await s3.put(
    'cap/w/AllTraffic/2026/01/04/05/x.jsonl',
    csv([
      record(1, a, said(4), '2026-01-04T05:00:00Z'),
      record(2, `${b}\n${c}`, `${said(2)}\n${said(1)}`, '2026-01-04T05:01:00Z'),
      record(3, a, undefined, '2026-01-04T05:02:00Z'),
      record(4, a, said(1), '2026-01-04T05:03:00Z', 'image/png'),
      '{torn',
      record(5, a, said(1), '2026-01-05T00:03:00Z'),
    ]),
  );
  // Written in the next hour, and of the day.
  await s3.put('cap/w/AllTraffic/2026/01/05/00/y.jsonl', csv([record(6, c, said(1), '2026-01-04T23:59:59Z')]));
  const words = ['--input', 's3://lake/cap/w/AllTraffic/', '--model', 'cand', '--against', 'captures'];
  const { json, code, err } = await run('captured', words);
  expect(code, err).toBe(0);
  // Of captures a row is a request; that of the next day is not of this one.
  expect(json.rows).toEqual({
    delivered: 6,
    judged: 3,
    withoutCounterpart: 1,
    unreadable: 2,
    inFailedObject: 0,
    late: 0,
  });
  // What was written anew for the model lay in a temporary folder.
  expect(existsSync('s3:')).toBe(false);
});

test('a quoted line end is refused before anything is begun; so is a type that no job has anything like', async () => {
  await s3.put('quoted/a.csv', '1,"two\nlines",3\n4,5,6\n');
  const before = await jobNames(world);
  const words = ['--input', 's3://lake/quoted/', '--model', 'cand', '--against', 'model:prod'];
  const quoted = await run('quoted', words);
  expect(quoted.code).toBe(2);
  expect(quoted.err).toContain('line 1: a quoted cell goes on in the next line');
  const odd = await run('quoted', [...words, '--instance-type', 'ml.dl1.24xlarge']);
  expect(odd.code).toBe(2);
  expect(await jobNames(world)).toEqual(before);
  const near = await world.shadowctl([
    ...[
      'batch',
      'run',
      '--batch',
      'near',
      ...OUTPUT,
      '--input',
      's3://lake/sib/2025/3/30/',
      '--plan',
      '--format',
      'json',
    ],
    ...['--model', 'cand', '--against', 'model:prod', '--instance-type', 'ml.t2.medium'],
  ]);
  expect(near.code, near.err).toBe(4);
  const { plan } = JSON.parse(near.out);
  expect(plan.jobs[0].instanceType).toBe('ml.m5.large');
  expect(plan.notes).toContain('Transform jobs have no ml.t2.medium: ml.m5.large is the nearest that they have.');
});

test('an interrupted run goes on: its jobs are taken up, and one that was stopped by hand is run again', async () => {
  await s3.put('stop/2026/01/04/a.csv', rows(0, 20));
  const words = ['--input', 's3://lake/stop/{yyyy}/{MM}/{dd}/', '--model', 'cand', '--against', 'model:prod'];
  const line = ['batch', 'run', '--batch', 'stopped', ...OUTPUT, ...words];
  const interrupt = async () => {
    const stop = new AbortController();
    const ended = { code: -1, err: '' };
    await world.clock.all<void>([
      async () => void Object.assign(ended, await world.shadowctl(line, { signal: stop.signal })),
      async () => {
        await world.clock.sleep(20_000);
        stop.abort();
      },
    ]);
    return ended;
  };
  const before = (await jobNames(world)).length;
  const first = await interrupt();
  expect(first.code).toBe(130);
  expect(first.err).toContain('2 jobs may go on in SageMaker');
  const [one = ''] = (await jobNames(world)).slice(before);
  await (await world.aws.sagemaker()).send(new StopTransformJobCommand({ TransformJobName: one }));
  const { json, code, err } = await run('stopped', words);
  expect(code, err).toBe(0);
  expect(json).toMatchObject({ attempt: 1, rows: { judged: 20 } });
  expect((await jobNames(world)).length - before).toBe(3);
});

test('jobs that cost too much are stopped, and the day goes on where more is allowed', async () => {
  const words = ['--input', 's3://lake/stop/{yyyy}/{MM}/{dd}/', '--model', 'cand', '--against', 'model:prod'];
  const dear = await run('dear', [...words, '--max-cost', '0.01', '--price', 'ml.m5.large=20']);
  expect(dear.code).toBe(1);
  expect(dear.err).toContain('cost more than $0.01');
  const unknown = await run('dear', [...words, '--max-cost', '1', '--instance-type', 'ml.p3.16xlarge']);
  expect(unknown.code).toBe(2);
  expect(unknown.err).toContain('--price ml.p3.16xlarge=');
  const { json, code, err } = await run('dear', words);
  expect(code, err).toBe(0);
  expect(json.rows.judged).toBe(20);
});

test('a role that may not read the inputs is told with where its policy comes from; given again, the day goes on', async () => {
  const { iam } = world.emulator.world;
  const words = ['--input', 's3://lake/stop/{yyyy}/{MM}/{dd}/', '--model', 'cand', '--against', 'model:prod'];
  const Statement = [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::lake/models/*' }];
  const document = readDocument({ Version: '2012-10-17', Statement }, 'the policy of the role');
  iam.attach([{ who: 'role/shadowctl-test', kind: 'identity-based policy', document }]);
  const refused = await world.shadowctl(['batch', 'run', '--batch', 'role', ...OUTPUT, ...words]);
  iam.attach([]);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('shadowctl iam-policy --execution-role --bucket lake');
  const { json, code, err } = await run('role', words);
  expect(code, err).toBe(0);
  expect(json).toMatchObject({ attempt: 1, rows: { judged: 20 } });
});

test('a schedule is the command of every day, at a time of UTC that is never too soon', async () => {
  const day = ['--input', 's3://lake/in/{yyyy}/{MM}/{dd}/', '--output', 's3://lake/out', '--model', 'cand'];
  const words = ['batch', 'schedule', '--batch', 'nightly', ...day, '--against', 'model:prod', '--at', '01:30'];
  const printed = await world.shadowctl([...words, '--zone', 'Europe/Berlin', '--format', 'json']);
  expect(printed.code, printed.err).toBe(0);
  const { cron, command, crontab, workflow, whyNoWorkflow } = JSON.parse(printed.out);
  expect(cron).toBe('30 0 * * *');
  expect(crontab).toBe(`30 0 * * *  cd ${world.root} && ${command}`);
  expect(workflow).toBeUndefined();
  expect(whyNoWorkflow).toContain('keep it in a bucket');
  expect(command).toContain("--input 's3://lake/in/{yyyy}/{MM}/{dd}/'");
  const shared = await world.shadowctl([...words, '--format', 'json'], { env: { SHADOWCTL_STATE: 's3://lake/state' } });
  const { workflow: yaml } = JSON.parse(shared.out);
  expect(parse(yaml)).toMatchObject({
    on: { schedule: [{ cron: '30 1 * * *' }], workflow_dispatch: null },
    jobs: { batch: { steps: [{}, { run: expect.stringContaining('shadowctl batch run --batch nightly') }] } },
  });
  // What is printed runs.
  const ran = await world.shadowctl(`${JSON.parse(shared.out).command.replaceAll("'", '').slice('shadowctl '.length)}`);
  expect(ran.code, ran.err).toBe(0);
  expect(ran.out).toContain('has already been run');
  const same = await world.shadowctl([...words.slice(0, 4), '--input', 's3://lake/in/', ...words.slice(6)]);
  expect(same.code).toBe(2);
});

test('more instances than the quota permits are used one after the other; with none at all, nothing is begun', async () => {
  const limited = (limit: number) => testWorld({ quotas: [{ name: 'ml.m5.large for transform job usage', limit }] });
  const other = await limited(1);
  try {
    await lake(other).make();
    await makeModel(other, 'prod', ARTIFACT_005);
    await makeModel(other, 'cand', ARTIFACT_009);
    await lake(other).put('in/a.csv', rows(0, 5));
    const line = `batch run --batch q --input s3://lake/in/ --model cand --against model:prod --output s3://lake/out --yes`;
    const ended = await other.shadowctl(`${line} --format json`);
    expect(ended.code, ended.err).toBe(0);
    expect(ended.err).toContain('The next job waits until these have ended');
    expect(JSON.parse(ended.out)).toMatchObject({ rows: { judged: 5 }, jobs: [{}, {}] });
    await lake(other).put('in/b.csv', rows(5, 9));
    const many = await other.shadowctl(`${line} --batch q2 --instances 2`);
    expect(many.code).toBe(2);
    expect(many.err).toContain('fewer --instances');
  } finally {
    await other.close();
  }
});

matrixTest('batches are shown with the state, move with it, and what their days came to goes along', async () => {
  const words = ['--input', 's3://lake/stop/{yyyy}/{MM}/{dd}/', '--model', 'cand', '--against', 'model:prod'];
  const ran = await run('small', [...words, '--state', 'small']);
  expect(ran.code, ran.err).toBe(0);
  const listed = JSON.parse((await world.shadowctl('ls --state small --format json')).out);
  expect(listed.batches).toEqual([
    { batch: 'small', candidate: 'cand', against: 'model prod', days: 1, last: '2026-01-04', clean: false },
  ]);
  const shown = JSON.parse((await world.shadowctl('state show --state small --format json')).out);
  expect(shown.batches).toMatchObject([{ batch: 'small', clean: false }]);
  const unlocked = await world.shadowctl('state unlock --state small --batch small --yes --format json');
  expect(JSON.parse(unlocked.out)).toMatchObject({ batch: 'small', unlocked: false });
  const status = (place: string) => world.shadowctl(`batch status --batch small --state ${place} --format json`);
  const before = JSON.parse((await status('small')).out);
  const moved = await world.shadowctl('state move --state small --to s3://lake/moved --yes --format json');
  expect(moved.code, moved.err).toBe(0);
  expect((await status('small')).out).toContain('was moved to s3://lake/moved');
  expect(JSON.parse((await status('s3://lake/moved')).out).days).toEqual(before.days);
  const clean = await world.shadowctl('cleanup --batch small --state s3://lake/moved --yes');
  expect(clean.code, clean.err).toBe(0);
});

test('cleanup of a batch leaves nothing of it but records of jobs, and what its days came to', async () => {
  expect((await s3.keys('out/nightly/')).length).toBeGreaterThan(0);
  const plan = await world.shadowctl('cleanup --batch nightly --plan --format json');
  expect(plan.code).toBe(4);
  const { code, out, err } = await world.shadowctl('cleanup --batch nightly --yes --format json');
  expect(code, err).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ batch: 'nightly', left: [], days: 3 });
  expect(await s3.keys('out/nightly/')).toEqual([]);
  expect((await s3.keys('models/')).length).toBe(2);
  const none = await world.shadowctl('cleanup --batch nobody --yes');
  expect(none.code).toBe(2);
});

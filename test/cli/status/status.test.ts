import { afterEach, beforeEach, expect, test } from 'vitest';
import { statusCommand } from '../../../src/cli/status.ts';
import { REALISTIC_LATENCIES } from '../../../src/emulator/world/options.ts';
import { optionsOf } from '../../support/parse.ts';
import { ARTIFACT_005, ARTIFACT_009, type TestWorld, testWorld } from '../../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld({ latencies: REALISTIC_LATENCIES });
});
afterEach(() => world.close());

const DEPLOY = `--artifact ${ARTIFACT_005} --algorithm linear-learner --model-name m --config-name c --yes`;

test.each<[string[], object]>([
  [[], { endpoint: undefined, format: 'text', watch: false }],
  [['--all'], { endpoint: undefined, format: 'text', watch: false }],
  [['--endpoint', 'w', '--format', 'json'], { endpoint: 'w', format: 'json', watch: false }],
  [['--endpoint', 'w', '--watch'], { endpoint: 'w', format: 'text', watch: true }],
])('%j', async (argv, expected) => {
  expect(await optionsOf(statusCommand, argv)).toEqual(expected);
});

test('what stands, read from AWS', async () => {
  await world.shadowctl(`deploy --endpoint weather --instances 3 ${DEPLOY}`);
  const { code, out } = await world.shadowctl('status --endpoint weather');
  expect({ code, out: out.replace(/by \S+ at/, 'by SOMEBODY at') }).toEqual({
    code: 0,
    out: [
      'Endpoint weather: InService on c (created by shadowctl), modified 2026-01-05T09:04:45Z',
      '',
      '  variant                 model  image             instances        traffic',
      '  AllTraffic  production  m      linear-learner:1  3 × ml.m5.large  100 %',
      '',
      'Resources from shadowctl: 1 bucket, 1 upload, 1 model, 1 endpoint config, 1 log group, 1 endpoint.',
      'Last change: `deploy` by SOMEBODY at 2026-01-05T09:00:00Z: created.',
      'Next: compare a new model on copies of the requests: shadowctl shadow --endpoint weather …',
    ].join('\n'),
  });
});

test('a cleanup that changed nothing is not the last change', async () => {
  await world.shadowctl(`deploy --endpoint weather ${DEPLOY}`);
  await world.shadowctl('cleanup --endpoint weather', { answers: ['n'] });
  const { out } = await world.shadowctl('status --endpoint weather');
  expect(out).toContain('Last change: `deploy`');
});

test('what is in progress', async () => {
  await world.shadowctl(`deploy --endpoint weather --no-wait ${DEPLOY}`);
  await world.clock.sleep(10_000);
  const { out } = await world.shadowctl('status --endpoint weather');
  expect(out).toContain('Endpoint weather: Creating on c (created by shadowctl)');
  expect(out).toContain('Creating. AllTraffic: Launching 1 instance(s).');
  // No head of a table without rows.
  expect(out).not.toContain('variant ');
  const watched = await world.shadowctl('status --endpoint weather --watch');
  expect(watched).toMatchObject({ code: 0, out: 'Endpoint weather is in service on c.' });
});

test('an endpoint with a shadow, as JSON', async () => {
  await world.shadowctl(`deploy --endpoint weather ${DEPLOY}`);
  await world.shadowctl(`shadow --endpoint weather --artifact ${ARTIFACT_009} --yes`);
  const { out } = await world.shadowctl('status --endpoint weather --format json');
  expect(JSON.parse(out)).toMatchObject({
    endpoint: 'weather',
    live: {
      status: 'InService',
      variants: [
        { name: 'AllTraffic', role: 'production', model: 'm' },
        { name: 'shadow', role: 'shadow', instances: { current: 1, desired: 1 } },
      ],
      capture: { on: true, percent: 100 },
    },
    counts: { endpoint: 1, model: 2, 'endpoint-config': 2 },
    open: [],
  });
});

test('--all lists every endpoint that has a journal here', async () => {
  await world.shadowctl(`deploy --endpoint one ${DEPLOY}`);
  await world.shadowctl(`deploy --endpoint two --artifact ${ARTIFACT_005} --algorithm linear-learner --yes`);
  const { out } = await world.shadowctl('status --all --format json');
  expect((JSON.parse(out) as { endpoint: string }[]).map((one) => one.endpoint)).toEqual(['one', 'two']);
});

test('nothing here, and no such endpoint: each says where it looked', async () => {
  expect(await world.shadowctl('status')).toMatchObject({
    code: 2,
    err: expect.stringContaining('there is no journal in'),
  });
  expect(await world.shadowctl('status --endpoint nosuch')).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is no endpoint "nosuch" in us-east-1.\n  Check --endpoint'),
  });
});

test('while an update runs the new fleet is shown too', async () => {
  await world.shadowctl(`deploy --endpoint weather ${DEPLOY}`);
  await world.shadowctl(
    `deploy --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner --model-name m2 --config-name c2 --no-wait --yes`,
  );
  await world.clock.sleep(30_000);
  const { out } = await world.shadowctl('status --endpoint weather');
  expect(out).toContain('In progress, towards c2.');
  expect(out).toMatch(
    /AllTraffic  production +m  [^]*AllTraffic  new production  m2  +linear-learner:1  0 of 1 × ml.m5.large/,
  );
  const again = await world.shadowctl(
    `deploy --endpoint weather ${DEPLOY.replace('-name m ', '-name m3 ').replace('-name c ', '-name c3 ')}`,
  );
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('shadowctl status --endpoint weather --watch') });
});

test('what is all gone does not stand, and stays in the history', async () => {
  await world.shadowctl(`deploy --endpoint weather ${DEPLOY}`);
  await world.shadowctl('cleanup --endpoint weather --yes');
  const status = await world.shadowctl('status');
  expect(status.code).toBe(0);
  expect(status.out.replace(/\s+/g, ' ')).toBe(
    'Nothing exists in account 000000000000, us-east-1. What was done there: shadowctl history --endpoint weather',
  );
  expect(await world.shadowctl('status --format json')).toMatchObject({ code: 0, out: '[]' });
  expect(await world.shadowctl('cleanup --all --yes')).toMatchObject({
    code: 0,
    out: 'Nothing is left of these endpoints: weather.',
  });
  await world.shadowctl(`deploy --endpoint weather ${DEPLOY}`);
  const { out } = await world.shadowctl('history --endpoint weather --format json');
  expect(JSON.parse(out)).toMatchObject([
    { from: null, to: 'c', ending: 'created' },
    { command: 'cleanup', ending: 'deleted' },
    { from: null, to: 'c', ending: 'created' },
  ]);
});

test('names of 63 characters stay whole, and nothing is wider than the terminal: status, history, report', async () => {
  const long = (what: string) => `${what}-of-the-weather-forecasting-team-in-europe-west-`.padEnd(63, '1');
  const names = ['endpoint', 'model', 'config'].map(long);
  const [endpoint = '', model = '', config = ''] = names;
  const candidate = `--artifact ${ARTIFACT_009} --algorithm linear-learner --yes`;
  await world.shadowctl(
    `deploy --endpoint ${endpoint} --artifact ${ARTIFACT_005} --algorithm linear-learner --model-name ${model} --config-name ${config} --yes`,
  );
  await world.shadowctl(`shadow --endpoint ${endpoint} ${candidate}`);
  for (const command of ['status', 'history', 'report']) {
    const { out } = await world.shadowctl(`${command} --endpoint ${endpoint}`);
    // What is to be copied stays in one piece.
    const wide = out.split('\n').filter((line) => line.length > 100 && !/^ *(shadowctl |s3:)/.test(line));
    expect(wide).toEqual([]);
    for (const name of command === 'history' ? [config] : [endpoint, model]) expect(out).toContain(name);
  }
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { interrupted } from '../../../src/base/errors.ts';
import { printText } from '../../../src/base/text.ts';
import { openRelease } from '../../../src/state/releases.ts';
import { replay } from '../../../src/state/replay.ts';
import { GOOD, MINUTE, PASSES, releaseOn } from '../../lifecycle/release/support.ts';
import { putObject } from '../../../src/aws/s3-text.ts';
import { ARTIFACT, ENDPOINT, openStage, type Stage } from '../../support/stage.ts';
import { matrixTest } from '../../support/sizes.ts';

vi.setConfig({ testTimeout: 60_000 });

let stage: Stage;
afterEach(() => stage.close());

const ON = ['--endpoint', ENDPOINT];
const BEGIN = ['release', ...ON, '--artifact', GOOD, '--adopt'];

async function json(words: readonly string[], code = 0): Promise<Record<string, unknown>> {
  const said = await stage.shadowctl([...words, '--format', 'json']);
  expect(said.code, said.err).toBe(code);
  return JSON.parse(said.out) as Record<string, unknown>;
}

/** A release whose shadow runs, and of which nothing can be said yet. */
async function gathering(): Promise<void> {
  stage = await openStage();
  writeFileSync(join(stage.cwd, 'shadowctl.yaml'), 'release: { sampling: [50%, 100%], labels: truth.csv }\n');
  writeFileSync(join(stage.cwd, 'truth.csv'), 'id,label\nnone,1\n');
  const begun = await stage.shadowctl([...BEGIN, '--once', '--yes']);
  expect(begun, begun.err).toMatchObject({ code: 0 });
  await stage.clock.sleep(10 * MINUTE);
  expect(await json(['release', ...ON, '--once'])).toMatchObject({ result: 'waits', for: 'errors' });
}

test('the whole plan stands before anything does', async () => {
  stage = await openStage();
  writeFileSync(
    join(stage.cwd, 'shadowctl.yaml'),
    'release: { sampling: [50%, 100%], timeBox: 1d, settle: 5m, bake: 6m }\n',
  );
  const plan = await json([...BEGIN, '--plan'], 4);
  expect(plan).toMatchObject({
    result: 'planned',
    endpoint: ENDPOINT,
    account: '000000000000',
    region: 'us-east-1',
    source: { kind: 'artifact', name: GOOD },
    adopt: true,
    sampling: [0.5, 1],
    timeBoxSeconds: 86_400,
    settleSeconds: 300,
    strategy: { name: 'canary', instances: [1, 3], bakeSeconds: 360 },
    waits: null,
  });
  const steps = plan.steps as { action: string; kind: string; name: string; input?: Record<string, unknown> }[];
  expect(steps.map(({ action, kind }) => `${action} ${kind}`)).toEqual([
    'create s3-bucket',
    'create s3-object',
    'create model',
    'create s3-prefix',
    'create endpoint-config',
    'update endpoint',
  ]);
  const [, copy, model] = steps;
  expect(copy?.input).toMatchObject({ from: GOOD });
  expect(model?.input).toMatchObject({ PrimaryContainer: { ModelDataUrl: copy?.name } });
  const { hourly, untilTimeBox } = plan.cost as Record<string, number>;
  expect(untilTimeBox).toBeCloseTo((hourly ?? 0) * 24);
  const said = await stage.shadowctl([...BEGIN, '--plan']);
  expect(said).toMatchObject({ code: 4, out: expect.stringMatching(/^Account 000000000000, us-east-1/) });
  expect(await json(['release', 'history', ...ON])).toEqual([]);
});

test('whoever looks at the endpoint is told of it; what would break it is refused', async () => {
  await gathering();
  const { release } = await json(['release', 'status', ...ON]);
  const { id } = release as { id: string };
  expect(await json(['release', 'status', ...ON])).toMatchObject({
    next: 'wait',
    for: 'errors',
    verdict: { outcome: 'inconclusive' },
    timeBoxEnds: expect.any(String),
  });
  expect(await json(['status', ...ON])).toMatchObject({
    release: { id, at: 'gathering', waitsFor: 'errors', sees: 0.5 },
  });
  expect((await json(['ls'])).endpoints).toMatchObject([{ release: { id, at: 'gathering' } }]);
  expect(await json(['watch', ...ON, '--once'])).toMatchObject({ activity: 'shadow', release: { id } });
  const { findings } = (await json(['doctor', ...ON], 0)) as { findings: { check: string; message: string }[] };
  expect(findings.find(({ check }) => check === 'release')?.message).toContain(id);
  const report = await stage.shadowctl(['report', ...ON]);
  expect(report.err).toContain('truth.csv');
  for (const command of ['promote', 'keep']) {
    const said = await stage.shadowctl([command, ...ON, '--yes']);
    expect(said).toMatchObject({ code: 2, err: expect.stringContaining(id) });
  }
  // What would end the shadow is not what refuses it.
  const canary = await stage.shadowctl([
    'canary',
    ...ON,
    '--artifact',
    ARTIFACT,
    '--algorithm',
    'linear-learner',
    '--plan',
  ]);
  expect(canary).toMatchObject({ code: 2, err: expect.stringContaining('shadowctl release cancel --endpoint') });
  expect(canary.err).not.toContain('shadowctl keep');
  expect(await json([...BEGIN, '--plan'])).toMatchObject({ result: 'known', release: { id } });
  expect(await json(['release', 'status', ...ON])).toMatchObject({ release: { at: 'gathering' } });
});

test('Ctrl-C while it waits says what stands, what it costs, and how to go on', async () => {
  stage = await openStage();
  const stop = new AbortController();
  const [said] = await stage.clock.all([
    () => stage.shadowctl([...BEGIN, '--yes'], stop.signal),
    async () => {
      await stage.clock.sleep(12 * MINUTE);
      stop.abort(interrupted('Interrupted.'));
      return undefined;
    },
  ]);
  expect(said).toMatchObject({ code: 130 });
  const { release } = (await json(['status', ...ON])) as { release: { id: string } };
  for (const words of [release.id, '$', `release --endpoint ${ENDPOINT}`, 'release cancel', 'release status'])
    expect(said?.err).toContain(words);
});

matrixTest(
  'production that is taken back ends the release in the name of whoever did it; settle is read when it begins',
  async () => {
    stage = await openStage();
    const life = releaseOn(stage, { sampling: ['100%'], settle: '2m', approve: 'auto' }, PASSES);
    await life.begin();
    life.parts.settings.settle = 45 * MINUTE;
    const waits = await life.until('settling');
    expect(waits).toMatchObject({ kind: 'waits' });
    const open = openRelease(replay(await life.events()));
    expect((open?.until ?? 0) - (open?.since ?? 0)).toBe(45 * MINUTE);
    const undone = await stage.shadowctl(['undo', ...ON, '--yes']);
    expect(undone, undone.err).toMatchObject({ code: 0 });
    const ended = await life.until('ended');
    expect(ended).toMatchObject({
      release: { ended: { outcome: 'undone', reason: expect.stringContaining('`undo`') } },
    });
  },
);

test('the end is said once', async () => {
  await gathering();
  const said = await stage.shadowctl(['release', 'cancel', ...ON, '--yes']);
  let all = said.out + said.err;
  for (let n = 0; n < 10 && !all.includes('cancelled it'); n += 1) {
    await stage.clock.sleep(2 * MINUTE);
    const tick = await stage.shadowctl(['release', ...ON, '--once']);
    all = tick.out + tick.err;
  }
  expect(all.match(/cancelled it/g)).toHaveLength(1);
});

test('what is advised to a release are its settings, never flags of other commands', async () => {
  stage = await openStage({ instances: 1 });
  const single = await stage.shadowctl([...BEGIN, '--plan']);
  expect(single).toMatchObject({ code: 2, err: expect.stringContaining('strategy: all-at-once') });
  expect(single.err).not.toMatch(/--strategy|the shadow/);
  const life = releaseOn(stage, { sampling: ['100%'], strategy: 'all-at-once', bake: '1m', approve: 'auto' }, PASSES);
  await life.begin();
  await life.until('settling');
  const examined = life.session.events.flatMap((event) =>
    event.kind === 'update-examined' ? [event.plan.findings] : [],
  );
  const hints = examined.flat().map(({ next, message }) => `${message} ${next === undefined ? '' : printText(next)}`);
  expect(hints.length).toBeGreaterThan(0);
  for (const hint of hints) expect(hint).not.toMatch(/ --(?!endpoint)/);
});

test('a watch tells an end once: the next tick has nothing new, and is no failure of cron', async () => {
  stage = await openStage();
  const watch = ['release', ...ON, '--watch', 's3://models/in/', '--once'];
  await stage.clock.sleep(MINUTE);
  const life = releaseOn(stage, { sampling: ['100%'], settle: '2m' }, PASSES);
  await life.begin();
  expect(await stage.shadowctl(['release', 'cancel', ...ON, '--yes'])).toMatchObject({ code: 1 });
  const said = await stage.shadowctl(watch);
  expect(said).toMatchObject({ code: 0, out: expect.stringMatching(/Nothing new.*\(cancelled\)/s) });
  expect(await json(watch)).toMatchObject({ result: 'idle', release: null });
  // Whoever asks for the release itself gets its end.
  expect(await json(['release', ...ON, '--once'], 1)).toMatchObject({ result: 'ended' });
});

test('what could not be promoted by its settings does not begin, and a watch passes nothing over for it', async () => {
  stage = await openStage();
  await stage.clock.sleep(MINUTE);
  await putObject(stage.aws, 's3://models/in/model.tar.gz', { body: readFileSync(ARTIFACT), type: 'application/gzip' });
  const settings = (text: string) => writeFileSync(join(stage.cwd, 'shadowctl.yaml'), `release: ${text}\n`);
  const watch = ['release', ...ON, '--watch', 's3://models/in/', '--once', '--adopt'];
  for (const [text, words] of [
    ['{ bake: 1m }', /Its alarms need about 4 min .* bakes for 1 min: nothing would guard/s],
    ['{ bake: 239s }', /bake: 4m/],
    ['{ alarms: nowhere }', /no alarm nowhere/],
    ['{ size: "3" }', /size/],
  ] as const) {
    settings(text);
    for (const argv of [watch, [...BEGIN, '--once', '--yes'], [...BEGIN, '--plan']]) {
      const said = await stage.shadowctl(argv);
      expect(said, said.err).toMatchObject({ code: 2 });
      expect(said.err.replaceAll(/\s+/g, ' ')).toMatch(words);
    }
  }
  settings('{ bake: 4m }');
  // A plan names what would begin, and begins nothing.
  const plan = await json([...watch, '--plan'], 4);
  expect(plan).toMatchObject({ source: { kind: 'artifact', name: 's3://models/in/model.tar.gz' } });
  expect(await json(['release', 'history', ...ON])).toEqual([]);
  expect(await json(watch)).toMatchObject({ result: 'waits' });
});

test('an answer where other settings hold is written down, and carried out where those are by which was asked', async () => {
  stage = await openStage();
  const life = releaseOn(stage, { sampling: ['100%'], settle: '2m' }, PASSES);
  Object.assign(life.parts, { digest: 'of other settings' });
  await life.begin();
  await life.until('answer');
  const before = (await life.events()).length;
  const approved = await json(['release', 'approve', ...ON, '--yes']);
  expect(approved).toMatchObject({ result: 'noted', release: { at: 'approved' } });
  const since = (await life.events()).slice(before);
  expect(since.flatMap((event) => (event.type === 'fact' ? [event.name] : []))).toEqual(['release-answered']);
  expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'promoted' } } });
});

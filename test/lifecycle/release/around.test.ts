import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateEndpointConfigCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DeleteEndpointConfigCommand,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readPolicy } from '../../../src/analysis/policy/schema.ts';
import { describeEndpoint, describeEndpointConfig, describeModel } from '../../../src/aws/sagemaker.ts';
import type { ReleaseNote } from '../../../src/lifecycle/release/note.ts';
import { noteMessage } from '../../../src/lifecycle/release/note-words.ts';
import { answerRelease } from '../../../src/lifecycle/release/release.ts';
import { isSame } from '../../../src/lifecycle/release/approvers.ts';
import { runRelease } from '../../../src/lifecycle/release/run.ts';
import { tidyReleases } from '../../../src/lifecycle/release/tidy.ts';
import { lookForArtifacts } from '../../../src/lifecycle/release/watch.ts';
import { parseTarget } from '../../../src/lifecycle/targets.ts';
import { environmentError } from '../../../src/base/errors.ts';
import { printCommand } from '../../../src/base/text.ts';
import { existing, replay } from '../../../src/state/replay.ts';
import { algorithmImage } from '../../../src/resources/artifact/images.ts';
import { ARTIFACT, ENDPOINT, openStage, type Stage } from '../../support/stage.ts';
import { FAILS, GOOD, MINUTE, OPEN, outcomeOf, PASSES, releaseOn, running, type Script } from './support.ts';
import { matrixTest } from '../../support/sizes.ts';

// Hours of the virtual clock pass in seconds on a quiet machine; a busy one may take longer.
vi.setConfig({ testTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage.close());

const ALL = { sampling: ['100%'], settle: '2m' };
const approve = { endpoint: ENDPOINT, answer: 'approve', question: undefined, reason: undefined } as const;

async function upload(key: string, body: string | Uint8Array = readFileSync(ARTIFACT)): Promise<void> {
  await (await stage.aws.s3()).send(new PutObjectCommand({ Bucket: 'models', Key: key, Body: body }));
}

/** The same model in other bytes. */
function another(): Buffer {
  return Buffer.concat([readFileSync(ARTIFACT), gzipSync(Buffer.alloc(512))]);
}

/** Somebody else tells the endpoint to run the same models under another name. */
async function somebodyUpdates(name: string): Promise<void> {
  const sagemaker = await stage.aws.sagemaker();
  const live = await describeEndpointConfig(stage.aws, 'v1');
  const { ProductionVariants } = live ?? {};
  await sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: name, ProductionVariants }));
  await sagemaker.send(new UpdateEndpointCommand({ EndpointName: ENDPOINT, EndpointConfigName: name }));
}

const factsOf = async (life: ReturnType<typeof releaseOn>, name: string) =>
  outcomeOf(await life.events()).facts.filter((fact) => fact.startsWith(name));

test('an approval of what was not proven is not carried out on a look that found nothing to read', async () => {
  stage = await openStage();
  let readable = true;
  const life = releaseOn(stage, { ...ALL, timeBox: '30m', answer: '20m' }, (release) => {
    if (!readable) throw environmentError('s3://labels/truth.csv may not be read.');
    return OPEN(release);
  });
  await life.begin();
  await life.until('answer');
  await answerRelease(life.session, approve);
  readable = false;
  await expect(life.tick()).rejects.toMatchObject({ kind: 'cannot-run' });
  await stage.clock.sleep(21 * MINUTE);
  // It turns, people are asked anew, and of that question nothing can be read either.
  await expect(life.tick()).rejects.toMatchObject({ kind: 'cannot-run' });
  expect(await factsOf(life, 'release-turned')).toHaveLength(1);
  expect(await factsOf(life, 'release-asked')).toHaveLength(2);
  expect(await factsOf(life, 'release-promoting')).toEqual([]);
});

matrixTest('what a release that was kept has made is deleted; a model that was there before it is not', async () => {
  stage = await openStage();
  const on = ['--endpoint', ENDPOINT, '--yes'];
  const shadow = ['shadow', ...on, '--artifact', GOOD, '--adopt'];
  for (const argv of [shadow, ['keep', ...on]]) {
    const said = await stage.shadowctl(argv);
    expect(said, said.err).toMatchObject({ code: 0 });
  }
  const life = releaseOn(stage, ALL, FAILS);
  const stands = async (kind: string) =>
    existing(replay(await life.events())).flatMap(({ ref, adopted }) =>
      ref.kind === kind && !adopted ? [ref.name] : [],
    );
  const [model = ''] = await stands('model');
  expect(model).not.toBe('');
  // Nothing but its name keeps it.
  const sagemaker = await stage.aws.sagemaker();
  for (const EndpointConfigName of await stands('endpoint-config'))
    if (EndpointConfigName !== (await describeEndpoint(stage.aws, ENDPOINT))?.EndpointConfigName)
      await sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName }));
  await life.begin({ wanted: { model } });
  expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'kept' } } });
  const { deleted } = await tidyReleases(life.session, ENDPOINT, 0);
  expect(deleted.length).toBeGreaterThan(0);
  expect(deleted).not.toContain(model);
  expect(await describeModel(stage.aws, model)).toBeDefined();
});

describe('a prefix that is watched', () => {
  const look = (life: ReturnType<typeof releaseOn>) =>
    lookForArtifacts(life.session, { ...life.request, prefix: 's3://models/in/', targets: [] });

  test('the same upload thrice is one release; of several the newest wins, and the others are said', async () => {
    stage = await openStage();
    const life = releaseOn(stage, ALL, OPEN);
    expect(await look(life)).toEqual({ kind: 'nothing' });
    await upload('in/a/model.tar.gz', another());
    await stage.clock.sleep(MINUTE);
    await upload('in/b/output/model.tar.gz');
    await upload('in/c/output/model.tar.gz');
    expect(await look(life)).toMatchObject({ kind: 'begun', name: 's3://models/in/c/output/model.tar.gz' });
    await life.tick();
    await upload('in/b/output/model.tar.gz');
    expect(await look(life)).toEqual({ kind: 'nothing' });
    expect(await factsOf(life, 'release-begun')).toHaveLength(1);
    expect(life.session.events.filter(({ kind }) => kind === 'release-passed-over')).toMatchObject([
      { name: 's3://models/in/a/model.tar.gz', why: 'a newer one came: s3://models/in/c/output/model.tar.gz' },
    ]);
    // In the same write: a process that is killed just after it has not forgotten them.
    const [begun] = (await life.events()).filter((event) => event.type === 'fact' && event.name === 'release-begun');
    expect(begun).toMatchObject({ value: { over: [{ name: 's3://models/in/a/model.tar.gz' }] } });
    // And of two that watch, the slower passes over nothing.
    expect(await look(releaseOn(stage, ALL, OPEN))).toEqual({ kind: 'nothing' });
  });

  test('where another watcher was faster, nothing is passed over', async () => {
    stage = await openStage();
    const [slow, fast] = [releaseOn(stage, ALL, OPEN), releaseOn(stage, ALL, OPEN)];
    await upload('in/1.tar.gz', another());
    await stage.clock.sleep(MINUTE);
    await upload('in/2.tar.gz');
    // The other begins the newest between this one's look at the journal and its own beginning.
    const lock = slow.session.journal;
    let looks = 0;
    slow.session.journal = async (endpoint) => {
      looks += 1;
      if (looks === 2) await fast.begin({ wanted: { artifact: 's3://models/in/2.tar.gz' } });
      return lock(endpoint);
    };
    expect(await look(slow)).toEqual({ kind: 'queued', names: ['s3://models/in/1.tar.gz'] });
    expect(slow.session.events.filter(({ kind }) => kind === 'release-passed-over')).toEqual([]);
    expect(await factsOf(fast, 'release-passed-over')).toEqual([]);
  });

  matrixTest('what comes meanwhile waits for its turn', async () => {
    stage = await openStage();
    const life = releaseOn(stage, ALL, FAILS);
    await upload('in/1.tar.gz');
    await look(life);
    await upload('in/2.tar.gz', another());
    expect(await look(life)).toEqual({ kind: 'queued', names: ['s3://models/in/2.tar.gz'] });
    await life.until('ended');
    expect(await look(life)).toMatchObject({ kind: 'begun', name: 's3://models/in/2.tar.gz' });
  });

  test('what is no model, and what production runs, is said and starts nothing', async () => {
    stage = await openStage();
    const life = releaseOn(stage, ALL, OPEN);
    await upload('in/notes.tar.gz', 'these are notes');
    expect(await look(life)).toEqual({ kind: 'nothing' });
    await upload('in/005.tar.gz', readFileSync(ARTIFACT.replace('009', '005')));
    expect(await look(life)).toEqual({ kind: 'nothing' });
    const passed = life.session.events.filter(({ kind }) => kind === 'release-passed-over');
    expect(passed).toMatchObject([
      { name: 's3://models/in/notes.tar.gz', why: expect.stringContaining('s3://models/in/notes.tar.gz') },
      { name: 's3://models/in/005.tar.gz', why: 'it is what production runs' },
    ]);
    expect(outcomeOf(await life.events()).stands).toEqual({});
  });
});

test('a version of the registry that is approved starts a release; of several the newest', async () => {
  stage = await openStage();
  const sagemaker = await stage.aws.sagemaker();
  await sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'weather' }));
  const Image = algorithmImage('linear-learner', 'us-east-1').uri;
  const register = async (ModelApprovalStatus: 'Approved' | 'PendingManualApproval') =>
    sagemaker.send(
      new CreateModelPackageCommand({
        ModelPackageGroupName: 'weather',
        ModelApprovalStatus,
        InferenceSpecification: {
          Containers: [{ Image, ModelDataUrl: GOOD }],
          SupportedContentTypes: ['text/csv'],
          SupportedResponseMIMETypes: ['application/json'],
        },
      }),
    );
  const life = releaseOn(stage, { ...ALL, approve: 'auto' }, PASSES);
  const prefix = 'arn:aws:sagemaker:us-east-1:000000000000:model-package-group/weather';
  const look = () => lookForArtifacts(life.session, { ...life.request, prefix, targets: [] });
  await register('PendingManualApproval');
  expect(await look()).toEqual({ kind: 'nothing' });
  await register('Approved');
  const { ModelPackageArn = '' } = await register('Approved');
  expect(await look()).toEqual({ kind: 'begun', name: ModelPackageArn });
  expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'promoted' } } });
  expect(await look()).toEqual({ kind: 'nothing' });
  expect(life.session.events.filter(({ kind }) => kind === 'release-passed-over')).toMatchObject([
    { name: expect.stringMatching(/weather\/2$/), why: expect.stringContaining('a newer one came') },
  ]);
});

test('two ticks at once do the work of one', async () => {
  stage = await openStage();
  const [one, other] = [releaseOn(stage, ALL, PASSES), releaseOn(stage, ALL, PASSES)];
  await one.begin();
  for (let n = 0; n < 40; n += 1) {
    const results = await stage.clock.all([() => one.tick(), () => other.tick()]);
    if (results.some(({ kind }) => kind === 'ended')) break;
    if (results.some((result) => result.kind === 'waits' && result.move.for === 'answer'))
      await answerRelease(one.session, approve).catch(() => undefined);
    await stage.clock.sleep(2 * MINUTE);
  }
  const { facts, stands } = outcomeOf(await one.events());
  expect(facts.at(-2)).toBe('release-ended {"outcome":"promoted"}');
  expect(new Set(facts).size).toBe(facts.length);
  expect(stands['endpoint-config']).toBe(2);
  expect(await running(stage)).toMatchObject({ shadows: 0 });
});

describe("somebody else's update", () => {
  test('under way: the release waits, and says so', async () => {
    stage = await openStage();
    const life = releaseOn(stage, ALL, OPEN);
    await life.begin();
    await somebodyUpdates('theirs');
    expect(await life.tick()).toMatchObject({ kind: 'waits', move: { for: 'somebody-else' } });
    expect(await life.until('evidence')).toMatchObject({ kind: 'waits' });
    expect(await running(stage)).toMatchObject({ shadows: 1 });
  });

  test('over the shadow: the release ends, and nothing is taken away from it', async () => {
    stage = await openStage();
    const life = releaseOn(stage, ALL, OPEN);
    await life.begin();
    await life.until('evidence');
    await somebodyUpdates('theirs');
    expect(await life.tick()).toMatchObject({ kind: 'waits', move: { for: 'somebody-else' } });
    expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'overtaken' } } });
    expect(await running(stage)).toEqual({ artifact: 's3://models/005.tar.gz', shadows: 0 });
  });
});

describe('an approval', () => {
  test.each(['fail', 'inconclusive'] as const)(
    'whose verdict is %s by now is not carried out, and is told',
    async (outcome) => {
      stage = await openStage();
      let turned = false;
      const script: Script = (release) => (turned ? { ...OPEN(release), outcome } : PASSES(release));
      const life = releaseOn(stage, ALL, script);
      await life.begin();
      await life.until('answer');
      turned = true;
      await answerRelease(life.session, { ...approve, question: 1 });
      await life.tick();
      const notes = life.session.events.flatMap((event) => (event.kind === 'release-told' ? [event.note] : []));
      expect(notes).toContainEqual(expect.objectContaining({ about: 'turned', ask: 1 }));
      expect((await running(stage)).artifact).toBe('s3://models/005.tar.gz');
      if (outcome === 'fail') {
        expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'kept' } } });
        await expect(answerRelease(life.session, approve)).rejects.toMatchObject({ kind: 'no' });
        return;
      }
      // The old question is not open any more; a new one is another.
      await expect(answerRelease(life.session, { ...approve, question: 1 })).rejects.toMatchObject({ kind: 'no' });
      turned = false;
      await life.until('answer');
      await expect(answerRelease(life.session, { ...approve, question: 1 })).rejects.toMatchObject({ kind: 'no' });
      await answerRelease(life.session, { ...approve, question: 2 });
      await expect(answerRelease(life.session, approve)).rejects.toMatchObject({ kind: 'no' });
    },
  );

  test('is for those who are named, and not for the author', async () => {
    stage = await openStage();
    const others = releaseOn(stage, { ...ALL, approvers: 'arn:aws:iam::000000000000:role/releasers' }, PASSES);
    await others.begin();
    await others.until('answer');
    await expect(answerRelease(others.session, approve)).rejects.toMatchObject({
      kind: 'no',
      message: expect.stringContaining('role/releasers'),
    });
    await answerRelease(others.session, { ...approve, answer: 'reject' });
    expect(await others.until('ended')).toMatchObject({ release: { ended: { outcome: 'kept' } } });
    const own = releaseOn(stage, { ...ALL, author: 'excluded' }, PASSES);
    await own.begin({ again: true });
    await own.until('answer');
    const ask = (caller: string) =>
      answerRelease(
        { ...own.session, aws: async () => ({ ...(await own.session.aws()), caller: async () => caller }) },
        approve,
      );
    await expect(answerRelease(own.session, approve)).rejects.toMatchObject({
      kind: 'no',
      message: expect.stringContaining('author'),
    });
    await ask('arn:aws:iam::000000000000:user/bob');
  });

  test.each<[string, string, boolean]>([
    ['user/ann', 'user/ann', true],
    ['user/ann', 'user/team/ann', true],
    ['user/ann', 'user/bob', false],
    ['assumed-role/deployer/ann', 'assumed-role/deployer/somebody-else', true],
    ['assumed-role/deployer/ann', 'role/ci/deployer', true],
    ['assumed-role/deployer/ann', 'assumed-role/approver/ann', false],
    ['assumed-role/ann/s', 'user/ann', false],
    ['root', 'root', true],
    ['root', 'user/ann', false],
    // Of whom nobody can tell which user they are.
    ['federated-user/ann', 'federated-user/bob', true],
    ['user/ann', 'federated-user/bob', true],
  ])('%s and %s may be one person: %s', (one, other, same) => {
    const arn = (who: string) => `arn:aws:${/^(?:assumed|federated)/.test(who) ? 'sts' : 'iam'}::000000000000:${who}`;
    expect(isSame(arn(one), arn(other))).toBe(same);
    expect(isSame(arn(one), arn(other).replace('000000000000', '111111111111'))).toBe(false);
  });

  test('nobody is excluded as the author of what a watch finds: who uploaded is not known', async () => {
    stage = await openStage();
    const life = releaseOn(stage, { ...ALL, author: 'excluded' }, PASSES);
    const judging = {
      policy: readPolicy({}, 'a test'),
      policyFrom: 'a test',
      labels: undefined,
      comparator: undefined,
    };
    const parts = { endpoint: ENDPOINT, settings: life.parts.settings, judging, targets: [] };
    const request = { ...life.request, wanted: {}, watch: 's3://models/in/', approve: undefined, once: true };
    const refused = { kind: 'usage', message: expect.stringContaining('author: excluded') };
    await expect(runRelease(life.session, parts, request)).rejects.toMatchObject(refused);
    expect(await life.events()).toEqual([]);
  });

  test('what would not be carried out is refused before it is asked for: accept: window needs a canary', async () => {
    stage = await openStage();
    const life = releaseOn(stage, { ...ALL, strategy: 'linear', size: '1' }, PASSES);
    const policy = readPolicy({ accept: 'window' }, 'a test');
    const judging = { policy, policyFrom: 'a test', labels: undefined, comparator: undefined };
    const parts = { endpoint: ENDPOINT, settings: life.parts.settings, judging, targets: [] };
    const request = { ...life.request, watch: undefined, approve: undefined, once: true };
    const refused = { kind: 'usage', message: expect.stringContaining('accept: window') };
    await expect(runRelease(life.session, parts, request)).rejects.toMatchObject(refused);
    expect(await factsOf(life, 'release-begun')).toEqual([]);
  });

  test('another of the same content is not begun while the shadow of the first is removed, and that is said', async () => {
    stage = await openStage();
    const life = releaseOn(stage, ALL, OPEN);
    await life.begin();
    await life.until('evidence');
    await answerRelease(life.session, { ...approve, answer: 'cancel' });
    await life.tick();
    await expect(life.begin({ again: true })).rejects.toMatchObject({ message: expect.stringContaining('is ending') });
    expect(await life.begin()).toMatchObject({ kind: 'known' });
    await life.until('ended');
    expect(await life.begin({ again: true })).toMatchObject({ kind: 'begun' });
  });

  test('of what is not proven is asked for at the end of the time box, with what is missing', async () => {
    stage = await openStage();
    const life = releaseOn(stage, { ...ALL, timeBox: '30m', answer: '20m' }, OPEN);
    await life.begin();
    await life.until('answer');
    const asked = life.session.events.flatMap((event) => (event.kind === 'release-told' ? [event.note] : [])).at(-1);
    expect(asked).toMatchObject({ about: 'asked', asks: 'inconclusive', verdict: { outcome: 'inconclusive' } });
    expect(await life.until('ended')).toMatchObject({
      release: { ended: { outcome: 'kept', reason: 'Nobody answered in time.' } },
    });
    expect(await running(stage)).toEqual({ artifact: 's3://models/005.tar.gz', shadows: 0 });
  });
});

matrixTest('labels that cannot be read any more are told once, and keep no shadow beyond its time', async () => {
  stage = await openStage();
  let readable = true;
  const life = releaseOn(stage, { ...ALL, timeBox: '30m', answer: '20m' }, (release) => {
    if (!readable) throw environmentError('s3://labels/truth.csv may not be read.');
    return OPEN(release);
  });
  await life.begin();
  await life.until('evidence');
  readable = false;
  let failed = 0;
  for (let n = 0; n < 60; n += 1) {
    const result = await life.tick().catch((error: unknown) => {
      expect(error).toMatchObject({ kind: 'cannot-run' });
      failed += 1;
      return undefined;
    });
    if (result?.kind === 'ended') break;
    await stage.clock.sleep(2 * MINUTE);
  }
  expect(failed).toBeGreaterThan(1);
  const told = life.session.events.flatMap((event) => (event.kind === 'release-told' ? [event.note] : []));
  expect(told.filter(({ about }) => about === 'trouble')).toMatchObject([
    { what: 's3://labels/truth.csv may not be read.' },
  ]);
  expect(told.at(-1)).toMatchObject({ about: 'ended', outcome: 'kept' });
  expect(await running(stage)).toEqual({ artifact: 's3://models/005.tar.gz', shadows: 0 });
});

test('where the disk is full, the line for elsewhere is told', async () => {
  stage = await openStage();
  let full = false;
  const life = releaseOn(stage, ALL, (release) => {
    if (full)
      throw environmentError('Could not write to /tmp.', undefined, Object.assign(new Error(), { code: 'ENOSPC' }));
    return OPEN(release);
  });
  Object.assign(life.parts, { lookWithin: MINUTE });
  await life.begin();
  await life.until('evidence');
  full = true;
  await expect(life.tick()).rejects.toThrow(/^Not decided here: the captures/);
  const told = life.session.events.flatMap((event) => (event.kind === 'release-told' ? [event.note] : [])).at(-1);
  expect(told).toMatchObject({ about: 'trouble', elsewhere: true });
});

test('guardrails that SageMaker refuses beside a shadow: with consent the shadow goes first', async () => {
  stage = await openStage({ settings: { switches: { guardrailsWithShadow: false } } });
  const life = releaseOn(stage, { ...ALL, approve: 'auto', fallback: 'canary' }, PASSES);
  await life.begin();
  expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'promoted' } } });
  expect((await running(stage)).artifact).toContain('/shadowctl/weather/artifacts/');
});

test('and without consent the shadow is removed, and production stays', async () => {
  stage = await openStage({ settings: { switches: { guardrailsWithShadow: false } } });
  const life = releaseOn(stage, { ...ALL, approve: 'auto' }, PASSES);
  await life.begin();
  expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'kept' } } });
  expect(await running(stage)).toEqual({ artifact: 's3://models/005.tar.gz', shadows: 0 });
});

test('an artifact that is written over while it is copied is not released', async () => {
  stage = await openStage();
  const life = releaseOn(stage, ALL, OPEN);
  await life.begin();
  await upload('009.tar.gz', readFileSync(ARTIFACT.replace('009', '005')));
  await expect(life.tick()).rejects.toMatchObject({ kind: 'cannot-run', message: expect.stringContaining(GOOD) });
  await expect(life.tick()).rejects.toMatchObject({ kind: 'cannot-run' });
  const told = life.session.events.filter((event) => event.kind === 'release-told' && event.note.about === 'trouble');
  expect(told).toHaveLength(1);
  expect(await running(stage)).toMatchObject({ shadows: 0 });
});

test('what is in its hours is not attached', async () => {
  stage = await openStage();
  // The stage begins on a Monday at nine.
  const life = releaseOn(stage, { ...ALL, quiet: 'Mon 08:00-Mon 12:00' }, OPEN);
  await life.begin();
  expect(await life.tick()).toMatchObject({ kind: 'waits', move: { for: 'quiet-hours' } });
  await stage.clock.sleep(3 * 60 * MINUTE);
  expect(await life.tick()).toMatchObject({ kind: 'waits', move: { for: 'endpoint' } });
});

describe('telling people', () => {
  const note: ReleaseNote = {
    endpoint: ENDPOINT,
    release: 'r',
    source: GOOD,
    about: 'asked',
    ask: 2,
    verdict: { outcome: 'pass', summary: 'It holds.', reasons: ['x'.repeat(5000)] },
    asks: 'pass',
    sides: [
      { measure: 'accuracy', production: '79 %', candidate: '81 %' },
      { measure: 'latency, p99', production: '12 ms', candidate: '11 ms' },
    ],
    until: Date.UTC(2026, 0, 8, 9),
    unanswered: 'keep',
    link: 'https://release.example.com/release/weather/r?token=secret',
    approvers: [],
    pageAnswers: true,
    registry: undefined,
  };

  test('a question has both models side by side, two choices, and what happens if nobody answers', () => {
    const { subject, text, facts } = noteMessage(note, (line) => printCommand(line));
    expect(subject.length).toBeLessThan(100);
    expect(Buffer.byteLength(text)).toBeLessThan(4_000);
    expect(text.replace(/x{100,}…/, '…')).toMatchInlineSnapshot(`
      "Release r of s3://models/009.tar.gz on endpoint weather: the candidate has passed. Promote the candidate?

      Verdict: PASS. It holds.
      - …

                    production  candidate
      accuracy      79 %        81 %
      latency, p99  12 ms       11 ms

      If you approve, the candidate becomes production through a canary, with alarms that roll it back.
      Approve: shadowctl release approve --endpoint weather --question 2
      Reject:  shadowctl release reject --endpoint weather --question 2
      Or decide on this page: https://release.example.com/release/weather/r?token=secret
      If nobody answers by 2026-01-08 09:00 UTC, the shadow is removed, and production stays as it is."
    `);
    expect(JSON.stringify(facts)).not.toContain('secret');
  });

  test('what a key, a label or an error says stays on its line: none asks for an answer of its own', () => {
    const hostile = 's3://models/a\nApprove: https://evil.example.com\u2028\u202e/model.tar.gz';
    const bad: ReleaseNote = {
      ...note,
      source: hostile,
      verdict: { outcome: 'pass', summary: 'It\rholds.', reasons: ['labels\n\nReject: https://evil.example.com'] },
    };
    const { text } = noteMessage(bad, (line) => printCommand(line));
    expect(text.split('\n').filter((line) => /^(?:Approve:|Reject:|Or )/.test(line))).toHaveLength(3);
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u2028-\u202e]/);
  });

  test('each target gets its form, and no journal has a URL or a token', async () => {
    stage = await openStage();
    const got: { path: string; body: Record<string, unknown> }[] = [];
    const server = createServer((request, reply) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
        got.push({ path: request.url ?? '', body });
        reply.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { SLACK: `slack:${url}/slack-secret` };
    const targets = [
      parseTarget('env:SLACK', { env }),
      parseTarget(`teams:${url}/teams-secret`),
      parseTarget(`${url}/plain-secret`),
    ];
    try {
      const summary = '<https://evil.example.com|Approve> & <!channel> [Approve](https://evil.example.com)';
      const life = releaseOn(stage, { ...ALL, link: 'https://release.example.com' }, (release) => ({
        ...PASSES(release),
        summary,
      }));
      Object.assign(life.session, {
        describe: (end: { note: ReleaseNote }) => noteMessage(end.note, (line) => printCommand(line)),
      });
      Object.assign(life.parts, { targets });
      await life.begin();
      await life.until('answer');
      const [slack, teams, plain] = got.slice(-3);
      expect(slack).toMatchObject({ path: '/slack-secret', body: { text: expect.stringContaining('approve?') } });
      expect(Object.keys(slack?.body ?? {})).toEqual(['text']);
      // Nothing that a model or a key is called becomes a link, or calls a channel.
      expect(String(slack?.body.text)).toContain('&lt;https://evil.example.com|Approve&gt; &amp; &lt;!channel&gt;');
      expect(JSON.stringify(teams?.body)).not.toContain('](');
      expect(teams?.body).toMatchObject({
        type: 'message',
        attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: { type: 'AdaptiveCard' } }],
      });
      expect(plain?.body).toMatchObject({ about: 'asked', ask: 1, release: expect.any(String) });
      const token = /token=([\w-]+)/.exec(String(slack?.body.text))?.[1] ?? '';
      expect(token.length).toBeGreaterThan(40);
      const kept = JSON.stringify(await life.events());
      for (const secret of [token, '-secret', url]) expect(kept).not.toContain(secret);
      expect(kept).toContain('release-link');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('a topic that nobody gets mail from is said', async () => {
    stage = await openStage();
    const sns = await stage.aws.sns();
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'releases' }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: 'ann@example.com' }));
    const life = releaseOn(stage, ALL, OPEN);
    const judging = { policy: life.parts.settings as never, policyFrom: '', labels: undefined, comparator: undefined };
    await runRelease(
      life.session,
      { endpoint: ENDPOINT, settings: life.parts.settings, judging, targets: [{ kind: 'topic', arn: TopicArn }] },
      { ...life.request, wanted: {}, watch: undefined, approve: undefined, once: true },
    );
    expect(life.session.events).toContainEqual({ kind: 'no-subscribers', arn: TopicArn, pending: 1 });
  });
});

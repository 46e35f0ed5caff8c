import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Aws } from '../../src/aws/clients.ts';
import { describeAlarms } from '../../src/aws/cloudwatch.ts';
import { bucketExists } from '../../src/aws/s3.ts';
import { createEndpoint, createEndpointConfig, createModel, describeModel } from '../../src/aws/sagemaker.ts';
import { apply, type JournaledRun, newRun, refuseForeignAlarms, shift, startRun } from '../../src/resources/apply.ts';
import { checkArtifact } from '../../src/resources/artifact/artifact.ts';
import { checkCandidate, prepareCandidate } from '../../src/resources/artifact/candidate.ts';
import { artifactEtag, checkRemote, type Unexamined } from '../../src/resources/artifact/check-remote.ts';
import { inventory, neededByForeign } from '../../src/resources/inventory.ts';
import { readLive } from '../../src/resources/live.ts';
import { findResource, objectMetadata, resolveOpenSteps, resolveStep } from '../../src/resources/resolve.ts';
import type { Step } from '../../src/resources/steps.ts';
import { tagList } from '../../src/resources/tags.ts';
import type { Recorded } from '../../src/state/events.ts';
import type { Journal, JournalEvent, ResourceKind } from '../../src/state/journal.ts';
import { folderJournal } from '../support/journal.ts';
import { type OpenStep, replay } from '../../src/state/replay.ts';
import { ARTIFACT_005, ROLE, START, type TestWorld, testWorld } from '../support/world.ts';

/* What creates, looks for and finds resources, against the emulator; a reply that it never gives is put in its place. */

let world: TestWorld;
let journal: Journal;
beforeEach(async () => {
  world = await testWorld();
  journal = await folderJournal({
    stateDir: world.root,
    account: '000000000000',
    region: 'us-east-1',
    endpoint: 'weather',
    clock: world.clock,
  });
});
afterEach(() => world.close());

const BUCKET = 'sagemaker-us-east-1-000000000000';
const signal = new AbortController().signal;
const tagsOf = (run: string, endpoint = 'weather') => tagList({ project: 'p', endpoint, run });
const state = () => replay(journal.events());

const onRun = <T>(work: (run: JournaledRun) => Promise<T>, aws = world.aws): Promise<T> =>
  journal.locked('test', async () => work(await startRun({ aws, journal, clock: world.clock, signal }, 'test', 'r-1')));

const model = (name = 'm', run = 'r-1'): Step => ({
  action: 'create',
  kind: 'model',
  name,
  input: { ModelName: name, ExecutionRoleArn: ROLE, PrimaryContainer: { Image: 'own:1' }, Tags: tagsOf(run) },
});
const variant = (ModelName: string, VariantName = 'v') => ({
  VariantName,
  ModelName,
  InitialInstanceCount: 1,
  InstanceType: 'ml.m5.large' as const,
});
const config = (name = 'c', ModelName = 'm'): Step => ({
  action: 'create',
  kind: 'endpoint-config',
  name,
  input: { EndpointConfigName: name, ProductionVariants: [variant(ModelName)], Tags: tagsOf('r-1') },
});
const alarm = (name = 'a', run = 'r-1'): Extract<Step, { action: 'create'; kind: 'alarm' }> => ({
  action: 'create',
  kind: 'alarm',
  name,
  input: {
    AlarmName: name,
    MetricName: 'x',
    Namespace: 'n',
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 1,
    EvaluationPeriods: 1,
    Period: 60,
    Statistic: 'Sum',
    Tags: tagsOf(run),
  },
});

const failure = (message: string, more: { code?: string; status?: number; attempts?: number } = {}) => {
  const { code = 'ValidationException', status = 400, attempts = 1 } = more;
  return Object.assign(new Error(message), {
    name: code,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status, attempts },
  });
};

/** A client, but for the commands of these names: `fails` gives the error of the n-th, or undefined to let it through. */
function failing<Client extends SageMakerClient | S3Client>(
  client: Client,
  name: string,
  fails: (nth: number) => Error | undefined,
): Client {
  let count = 0;
  const send = async (command: object, ...rest: unknown[]) => {
    if (command.constructor.name === `${name}Command`) {
      const error = fails((count += 1));
      if (error !== undefined) throw error;
    }
    return (client.send as (...all: unknown[]) => unknown)(command, ...rest);
  };
  return Object.assign(Object.create(client) as Client, { send });
}

const withSageMaker = async (name: string, fails: (nth: number) => Error | undefined): Promise<Aws> => {
  const client = failing(await world.aws.sagemaker(), name, fails);
  return { ...world.aws, sagemaker: async () => client };
};
const withS3 = async (name: string, fails: (nth: number) => Error | undefined): Promise<Aws> => {
  const client = failing(await world.aws.s3(), name, fails);
  return { ...world.aws, s3: async () => client };
};

describe('apply', () => {
  const notYet = (name: string) =>
    failure(`Could not find model "arn:aws:sagemaker:us-east-1:000000000000:model/${name}".`);

  test('waits for what this run created and SageMaker does not find yet: 1, 2, 4 and 8 seconds', async () => {
    const aws = await withSageMaker('CreateEndpointConfig', (nth) => (nth <= 4 ? notYet('mymodel') : undefined));
    // ARNs come in lower case.
    await onRun(async (run) => {
      await apply(run, model('MyModel'));
      await apply(run, config('c', 'MyModel'));
    }, aws);
    expect(world.clock.now() - START).toBeGreaterThanOrEqual(15_000);
    expect(world.clock.now() - START).toBeLessThan(16_000);
    expect(state().resources.map((one) => one.state)).toEqual(['exists', 'exists']);
  });

  test('gives up after that, and does not wait for what it did not create or for another error', async () => {
    const never = await withSageMaker('CreateEndpointConfig', () => notYet('m'));
    await expect(
      onRun(async (run) => {
        await apply(run, model());
        await apply(run, config());
      }, never),
    ).rejects.toThrow('Could not find model');
    expect(world.clock.now() - START).toBeLessThan(16_000);
    const before = world.clock.now();
    await expect(
      onRun((run) => apply(run, config('d')), await withSageMaker('CreateEndpointConfig', () => notYet('other'))),
    ).rejects.toThrow('Could not find model');
    await expect(
      onRun(
        (run) => apply(run, config('d')),
        await withSageMaker('CreateEndpointConfig', () => failure('Could not like model "x/m".')),
      ),
    ).rejects.toThrow('Could not like');
    expect(world.clock.now() - before).toBeLessThan(1_000);
  });

  test('only the creation of this very run counts as ours', async () => {
    await onRun((run) => apply(run, model()));
    const aws = await withSageMaker('CreateEndpointConfig', (nth) => (nth === 1 ? notYet('m') : undefined));
    const later = journal.locked('test', async () => {
      const run = await startRun({ aws, journal, clock: world.clock, signal }, 'test', 'r-2');
      await apply(run, config());
    });
    await expect(later).rejects.toThrow('Could not find model');
  });

  test('writes the step before the call, and a step of its own each time', async () => {
    await onRun(async (run) => {
      await apply(run, model());
      await apply(run, { action: 'create', kind: 'log-group', name: '/l' });
    });
    expect(journal.events().slice(2)).toMatchObject([
      { type: 'begin', run: 'r-1', step: 'r-1/2', action: 'create', resource: { kind: 'model', name: 'm' } },
      { type: 'end', step: 'r-1/2', outcome: 'done' },
      { type: 'begin', step: 'r-1/4', resource: { kind: 'log-group', name: '/l' } },
      { type: 'end', step: 'r-1/4', outcome: 'done' },
    ]);
    expect(journal.events()[2]).toHaveProperty('input.ModelName', 'm');
    expect(journal.events()[4]).not.toHaveProperty('input');
  });

  const ends = () => journal.events().flatMap((event) => (event.type === 'end' ? [event] : []));

  test('a refusal of the first attempt is refused, in words of AWS; after a second attempt AWS is asked', async () => {
    const once = await withSageMaker('CreateModel', () => failure('no'));
    await expect(onRun((run) => apply(run, model()), once)).rejects.toThrow('no');
    const twice = await withSageMaker('CreateModel', () => failure('no', { attempts: 2 }));
    await expect(onRun((run) => apply(run, model()), twice)).rejects.toThrow('no');
    const server = await withSageMaker('CreateModel', () => failure('broken', { status: 500 }));
    await expect(onRun((run) => apply(run, model()), server)).rejects.toThrow('broken');
    expect(ends()).toMatchObject([
      { outcome: 'refused', error: 'no' },
      { outcome: 'absent', error: 'no', recovered: true },
      { outcome: 'absent', error: 'broken', recovered: true },
    ]);
    expect(ends()[0]).not.toHaveProperty('recovered');
  });

  test('a problem of ours, found before the call, is refused; a defect leaves the step open', async () => {
    await onRun((run) => apply(run, alarm('a', 'of somebody else')), world.aws);
    await expect(onRun((run) => apply(run, alarm()))).rejects.toThrow('carries no tag');
    expect(ends().at(-1)).toMatchObject({ outcome: 'refused', error: expect.stringContaining('alarm "a"') });
    const defect = await withSageMaker('CreateModel', () => new TypeError('a defect'));
    await expect(onRun((run) => apply(run, model()), defect)).rejects.toThrow(TypeError);
    expect(state().open).toHaveLength(1);
  });

  test('our own alarm is put anew; only alarms that exist are looked at', async () => {
    await onRun(async (run) => {
      await apply(run, alarm());
      await apply(run, { ...alarm(), input: { ...alarm().input, Threshold: 7 } });
    });
    expect(await describeAlarms(world.aws, ['a'])).toMatchObject([{ Threshold: 7 }]);
    await refuseForeignAlarms(world.aws, ['a', 'never'], 'weather', ['r-1']);
    await expect(refuseForeignAlarms(world.aws, ['a'], 'weather', ['r-2'])).rejects.toThrow('alarm "a"');
    await expect(refuseForeignAlarms(world.aws, ['a'], 'other', ['r-1'])).rejects.toThrow('alarm "a"');
  });

  test('every kind is created and deleted', async () => {
    const { path, bytes, sha256 } = await checkArtifact(ARTIFACT_005);
    const upload = `s3://${BUCKET}/x/model.tar.gz`;
    const steps: Step[] = [
      { action: 'create', kind: 's3-bucket', name: BUCKET },
      { action: 'create', kind: 's3-object', name: upload, input: { path, bytes, sha256 } },
      model(),
      config(),
      {
        action: 'create',
        kind: 'endpoint',
        name: 'weather',
        input: { EndpointName: 'weather', EndpointConfigName: 'c', Tags: tagsOf('r-1') },
      },
      alarm(),
      { action: 'create', kind: 's3-prefix', name: `s3://${BUCKET}/x/` },
    ];
    await onRun(async (run) => {
      for (const step of steps) await apply(run, step);
    });
    const checks = await inventory({ aws: world.aws, journal, state });
    expect(checks.map(({ tracked, exists, managed }) => [tracked.ref.kind, exists, managed])).toEqual(
      steps.map(({ kind }) => [kind, true, true]),
    );
    world.clock.advance(30 * 60_000);
    await onRun(async (run) => {
      for (const kind of [
        'endpoint',
        'endpoint-config',
        'model',
        'alarm',
        's3-object',
        's3-prefix',
        's3-bucket',
      ] as ResourceKind[]) {
        const step = steps.find((one) => one.kind === kind);
        await apply(run, { action: 'delete', kind, name: step?.name ?? '' });
      }
    });
    world.clock.advance(30 * 60_000);
    const after = await inventory({ aws: world.aws, journal, state });
    expect(after.map(({ exists, managed }) => exists || managed)).toEqual(steps.map(() => false));
  });

  test('a run is told by its time, and no two are the same', () => {
    const [one, two] = [newRun(world.clock), newRun(world.clock)];
    expect(one).toMatch(new RegExp(`^r-${START.toString(36)}-[0-9a-f]{8}$`));
    expect(one).not.toBe(two);
  });

  test('a shift is written down before the call, and not begun after an interrupt', async () => {
    await expect(onRun((run) => shift(run, 'weather', { weights: { v: 1 } }))).rejects.toThrow('Could not find');
    expect(journal.events().at(-1)).toMatchObject({ type: 'fact', name: 'shifted', value: { weights: { v: 1 } } });
    const before = journal.events().length;
    const stopped = AbortSignal.abort(new Error('stop'));
    await expect(onRun((run) => shift({ ...run, signal: stopped }, 'weather', { weights: { v: 1 } }))).rejects.toThrow(
      'stop',
    );
    // The run alone.
    expect(journal.events()).toHaveLength(before + 1);
  });
});

describe('what a step came to', () => {
  const step = (action: OpenStep['action'], kind: ResourceKind, name: string, input = {}): OpenStep => ({
    type: 'begin',
    run: 'r-1',
    step: 'r-1/1',
    action,
    resource: { kind, name },
    input,
    at: new Date(world.clock.now()).toISOString(),
  });
  const resolved = (one: OpenStep, aws = world.aws) => resolveStep(aws, 'weather', one);

  test('taking note of a log group or captures needs no look', async () => {
    expect(await resolved(step('create', 'log-group', '/never'))).toEqual({ outcome: 'done' });
    expect(await resolved(step('create', 's3-prefix', 's3://never/x/'))).toEqual({ outcome: 'done' });
    expect(await resolved(step('delete', 'log-group', '/never'))).toEqual({ outcome: 'done' });
  });

  test.each<[string, (run: string) => Step, ResourceKind]>([
    ['model', (run) => model('n', run), 'model'],
    ['alarm', (run) => alarm('n', run), 'alarm'],
  ])('a %s is ours by its tag', async (_, make, kind) => {
    expect(await resolved(step('create', kind, 'n'))).toEqual({ outcome: 'absent' });
    const made = make('r-2');
    if (made.action !== 'create') throw new Error('no creation');
    await onRun((run) => apply(run, made));
    expect(await resolved(step('create', kind, 'n'))).toMatchObject({ outcome: 'absent', error: expect.any(String) });
    expect(await resolved({ ...step('create', kind, 'n'), run: 'r-2' })).toEqual({ outcome: 'done' });
    expect(await resolved(step('delete', kind, 'n'))).toMatchObject({ outcome: 'refused', error: expect.any(String) });
    expect(await resolved(step('delete', kind, 'never'))).toEqual({ outcome: 'done' });
  });

  test('an upload is ours by its metadata', async () => {
    const s3 = await world.aws.s3();
    await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
    const put = (key: string, Metadata: Record<string, string>) =>
      s3.send(new PutObjectCommand({ Bucket: 'models', Key: key, Body: 'x', Metadata }));
    await put('ours', objectMetadata('weather', 'r-1'));
    await put('other', objectMetadata('other', 'r-1'));
    await put('bare', {});
    const outcome = async (key: string) => (await resolved(step('create', 's3-object', `s3://models/${key}`))).outcome;
    expect(await outcome('ours')).toBe('done');
    expect(await outcome('other')).toBe('absent');
    expect(await outcome('bare')).toBe('absent');
    expect(await outcome('never')).toBe('absent');
    expect(objectMetadata('weather', 'r-1')).toEqual({ 'shadowctl-endpoint': 'weather', 'shadowctl-run': 'r-1' });
    expect(await findResource(world.aws, { kind: 's3-prefix', name: 's3://models/ou' })).toMatchObject({
      deleting: false,
    });
    expect(await findResource(world.aws, { kind: 's3-prefix', name: 's3://models/never/' })).toBeUndefined();
    expect(await findResource(world.aws, { kind: 's3-bucket', name: 'models' })).toMatchObject({ deleting: false });
    expect(await resolved(step('delete', 's3-prefix', 's3://models/ou'))).toMatchObject({ outcome: 'refused' });
  });

  test('a bucket may be five minutes older than the step by its clock, and no more', async () => {
    const s3 = await world.aws.s3();
    await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
    const outcome = async (later: number) => {
      const at = new Date(START + later).toISOString();
      return (await resolved({ ...step('create', 's3-bucket', 'models'), at })).outcome;
    };
    expect(await outcome(300_000)).toBe('done');
    expect(await outcome(-60_000)).toBe('done');
    expect(await outcome(302_000)).toBe('absent');
  });

  test('an update in its first moment, and one towards something else', async () => {
    const answering = async (reply: object): Promise<Aws> => {
      const client = await world.aws.sagemaker();
      const fake = Object.assign(Object.create(client) as typeof client, { send: async () => reply });
      return { ...world.aws, sagemaker: async () => fake };
    };
    const asked = step('update', 'endpoint', 'weather', { EndpointConfigName: 'b' });
    const outcome = async (reply: object) => (await resolved(asked, await answering(reply))).outcome;
    const old = { EndpointConfigName: 'a' };
    expect(await outcome({ ...old, EndpointStatus: 'Updating' })).toBe('done');
    expect(await outcome({ ...old, EndpointStatus: 'InService' })).toBe('absent');
    expect(
      await outcome({ ...old, EndpointStatus: 'Updating', PendingDeploymentSummary: { EndpointConfigName: 'x' } }),
    ).toBe('absent');
    expect(
      await outcome({ ...old, EndpointStatus: 'Updating', PendingDeploymentSummary: { EndpointConfigName: 'b' } }),
    ).toBe('done');
    expect(await outcome({ EndpointConfigName: 'b', EndpointStatus: 'InService' })).toBe('done');
    expect(await resolved(asked)).toEqual({ outcome: 'absent', error: 'is not in effect' });
  });

  test('every open step is settled and told', async () => {
    const begin = (id: string, action: 'create' | 'delete', name: string): JournalEvent => ({
      type: 'begin',
      run: 'r-1',
      step: id,
      action,
      resource: { kind: 'model', name },
    });
    await createModel(world.aws, { ModelName: 'n', ExecutionRoleArn: ROLE, PrimaryContainer: { Image: 'own:1' } });
    const resolved = await journal.locked('test', async () => {
      for (const event of [begin('1', 'create', 'm'), begin('2', 'delete', 'm'), begin('3', 'create', 'n')])
        await journal.append(event);
      return resolveOpenSteps(world.aws, journal);
    });
    expect(resolved).toMatchObject([
      { action: 'create', resource: { name: 'm' }, outcome: 'absent' },
      { action: 'delete', resource: { name: 'm' }, outcome: 'done' },
      {
        action: 'create',
        resource: { name: 'n' },
        outcome: 'absent',
        error: expect.stringContaining('does not carry the tag'),
      },
    ]);
    expect(state().open).toEqual([]);
    expect(journal.events().filter((event) => event.type === 'end')).toMatchObject([
      { step: '1', recovered: true, outcome: 'absent' },
      { step: '2', recovered: true, outcome: 'done' },
      { step: '3', recovered: true, outcome: 'absent' },
    ]);
    expect(await resolveOpenSteps(world.aws, journal)).toEqual([]);
  });
});

describe('an adopted endpoint', () => {
  const adopted: JournalEvent = {
    type: 'fact',
    run: 'r-1',
    name: 'adopted',
    value: { kind: 'endpoint', name: 'weather' },
  };

  beforeEach(async () => {
    for (const name of ['m', 'n', 's'])
      await createModel(world.aws, { ModelName: name, ExecutionRoleArn: ROLE, PrimaryContainer: { Image: 'own:1' } });
    await createEndpointConfig(world.aws, {
      EndpointConfigName: 'c',
      ProductionVariants: [variant('m')],
      ShadowProductionVariants: [variant('s', 'shadow')],
    });
    await createEndpoint(world.aws, { EndpointName: 'weather', EndpointConfigName: 'c' });
    world.clock.advance(30 * 60_000);
  });

  test('needs its config and the models of all variants; so does one the journal does not name, and none that is ours', async () => {
    const created = [
      {
        type: 'begin',
        run: 'r-1',
        step: 's-1',
        action: 'create',
        resource: { kind: 'endpoint', name: 'weather' },
        at: '2026-01-05T09:00:00.000Z',
      },
      { type: 'end', step: 's-1', outcome: 'done', at: '2026-01-05T09:00:01.000Z' },
    ] satisfies Recorded[];
    expect(await neededByForeign({ aws: world.aws, journal, state: () => replay(created) })).toEqual([]);
    expect(await neededByForeign({ aws: world.aws, journal, state })).toHaveLength(3);
    await journal.locked('test', () => journal.append(adopted));
    expect(await neededByForeign({ aws: world.aws, journal, state })).toEqual([
      { kind: 'endpoint-config', name: 'c' },
      { kind: 'model', name: 'm' },
      { kind: 'model', name: 's' },
    ]);
    expect(await inventory({ aws: world.aws, journal, state })).toMatchObject([{ exists: true, managed: false }]);
    // Somebody has deleted its config, which AWS permits.
    await onRun((run) => apply(run, { action: 'delete', kind: 'endpoint-config', name: 'c' }));
    expect(await neededByForeign({ aws: world.aws, journal, state })).toEqual([{ kind: 'endpoint-config', name: 'c' }]);
  });

  test('needs what it is updated to as well, and the uploads of its models', async () => {
    await journal.locked('test', () => journal.append(adopted));
    const client = await world.aws.sagemaker();
    const replies: Record<string, object> = {
      DescribeEndpointCommand: { EndpointConfigName: 'c1', PendingDeploymentSummary: { EndpointConfigName: 'c2' } },
      DescribeEndpointConfigCommand: { ProductionVariants: [{ ModelName: 'm' }, { VariantName: 'component' }] },
      DescribeModelCommand: { PrimaryContainer: { ModelDataUrl: 's3://models/m' } },
    };
    const send = async (command: object) => replies[command.constructor.name];
    const fake = Object.assign(Object.create(client) as typeof client, { send });
    const aws: Aws = { ...world.aws, sagemaker: async () => fake };
    const needs = (name: string) => [
      { kind: 'endpoint-config', name },
      { kind: 'model', name: 'm' },
      { kind: 's3-object', name: 's3://models/m' },
    ];
    expect(await neededByForeign({ aws, journal, state })).toEqual([...needs('c1'), ...needs('c2')]);
    delete replies.DescribeEndpointConfigCommand;
    replies.DescribeEndpointConfigCommand = {};
    expect(await neededByForeign({ aws, journal, state })).toEqual([
      { kind: 'endpoint-config', name: 'c1' },
      { kind: 'endpoint-config', name: 'c2' },
    ]);
  });

  test('is read with config, model and tags; one that is not there is undefined', async () => {
    expect(await readLive(world.aws, 'weather')).toMatchObject({
      name: 'weather',
      endpoint: { EndpointName: 'weather' },
      tags: {},
      config: { EndpointConfigName: 'c' },
      model: { ModelName: 'm' },
    });
    expect(await readLive(world.aws, 'never')).toBeUndefined();
    await onRun((run) => apply(run, { action: 'delete', kind: 'model', name: 'm' }));
    expect(await readLive(world.aws, 'weather')).toMatchObject({
      model: undefined,
      config: { EndpointConfigName: 'c' },
    });
    await onRun((run) => apply(run, { action: 'delete', kind: 'endpoint-config', name: 'c' }));
    expect(await readLive(world.aws, 'weather')).toMatchObject({ config: undefined, model: undefined });
    expect(await describeModel(world.aws, 'm')).toBeUndefined();
  });
});

describe('a candidate', () => {
  const place = () => ({ account: '000000000000', endpoint: 'weather', state: state() });
  const name = (sha256: string) => `s3://${BUCKET}/shadowctl/weather/artifacts/${sha256}/model.tar.gz`;
  const image = '123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1';

  test('of an image alone needs nothing', async () => {
    const checked = await checkCandidate({ image }, 'us-east-1');
    expect(await prepareCandidate(world.aws, place(), checked)).toEqual({ image, modelDataUrl: undefined, steps: [] });
  });

  test('on this disk is uploaded once: with its bucket, without it, and not at all', async () => {
    const checked = await checkCandidate({ artifact: ARTIFACT_005, image }, 'us-east-1');
    const { path, bytes, sha256 } = await checkArtifact(ARTIFACT_005);
    const upload: Step = { action: 'create', kind: 's3-object', name: name(sha256), input: { path, bytes, sha256 } };
    const bucket: Step = { action: 'create', kind: 's3-bucket', name: BUCKET };
    const prepared = () => prepareCandidate(world.aws, place(), checked);
    expect(await prepared()).toEqual({ image, modelDataUrl: name(sha256), steps: [bucket, upload] });
    await onRun((run) => apply(run, bucket));
    expect(await bucketExists(world.aws, BUCKET)).toBe(true);
    expect((await prepared()).steps).toEqual([upload]);
    await onRun((run) => apply(run, upload));
    expect(await prepared()).toEqual({ image, modelDataUrl: name(sha256), steps: [] });
    // Somebody has put something else there, or it is not of this journal: it is uploaded anew.
    const other = { ...checked, local: { ...(await checkArtifact(ARTIFACT_005)), bytes: 5 } };
    expect((await prepareCandidate(world.aws, place(), other)).steps).toHaveLength(1);
    expect((await prepareCandidate(world.aws, { ...place(), state: replay([]) }, checked)).steps).toEqual([upload]);
    await onRun((run) => apply(run, { action: 'delete', kind: 's3-object', name: name(sha256) }));
    expect((await prepared()).steps).toEqual([upload]);
  });

  test('in S3 must be there, as far as these credentials may look', async () => {
    const checked = await checkCandidate({ artifact: 's3://models/m', image }, 'us-east-1');
    await expect(prepareCandidate(world.aws, place(), checked)).rejects.toMatchObject({
      kind: 'usage',
      message: '--artifact: there is no object s3://models/m.',
    });
    for (const code of ['Unknown', 'UnknownError', 'AccessDenied']) {
      const denied = await withS3('HeadObject', () => failure('no', { code, status: 403 }));
      expect(await prepareCandidate(denied, place(), checked)).toEqual({
        image,
        modelDataUrl: 's3://models/m',
        steps: [],
      });
    }
    const broken = await withS3('HeadObject', () => failure('broken', { code: 'InternalError', status: 500 }));
    await expect(prepareCandidate(broken, place(), checked)).rejects.toThrow('broken');
    const defect = await withS3('HeadObject', () => Object.assign(new TypeError('a defect'), { code: 'AccessDenied' }));
    await expect(prepareCandidate(defect, place(), checked)).rejects.toThrow(TypeError);
  });
});

describe('an artifact in S3', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shadowctl-remote-'));
    const s3 = await world.aws.s3();
    await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function examined(more: { algorithm?: string; allowMismatch?: boolean; aws?: Aws } = {}) {
    const { algorithm = 'linear-learner', allowMismatch = false, aws = world.aws } = more;
    const candidate = await checkCandidate({ artifact: 's3://models/m', algorithm }, 'us-east-1');
    const told: Unexamined[] = [];
    const unexamined = (one: Unexamined) => void told.push(one);
    await checkRemote(aws, candidate, { allowMismatch, signal, unexamined });
    return told;
  }
  const put = async (Body: Uint8Array | string) =>
    (await world.aws.s3()).send(new PutObjectCommand({ Bucket: 'models', Key: 'm', Body }));
  const fixture = async () => put(await readFile(ARTIFACT_005));

  test('is examined as one on this disk', async () => {
    await fixture();
    expect(await examined()).toEqual([]);
    await expect(examined({ algorithm: 'xgboost' })).rejects.toThrow('s3://models/m was written by linear-learner');
    expect(await examined({ algorithm: 'xgboost', allowMismatch: true })).toEqual([]);
    await put('hello');
    await expect(examined({ allowMismatch: true })).rejects.toMatchObject({
      kind: 'usage',
      message: 's3://models/m is not a gzip file.',
      next: expect.stringContaining('tar -czf'),
    });
  });

  test('behind an image that is not built in is not looked at, nor one that is not there', async () => {
    expect(await examined()).toEqual([]);
    await put('hello');
    const own = await checkCandidate({ artifact: 's3://models/m', image: 'own:1' }, 'us-east-1');
    await checkRemote(world.aws, own, { allowMismatch: false, signal, unexamined: () => expect.unreachable() });
    const local = await checkCandidate({ artifact: ARTIFACT_005, algorithm: 'linear-learner' }, 'us-east-1');
    await checkRemote(world.aws, local, { allowMismatch: false, signal, unexamined: () => expect.unreachable() });
  });

  test('that is too large, or that may not be read, is told and not looked into', async () => {
    await fixture();
    const denied = await withS3('GetObject', () => failure('no', { code: 'AccessDenied', status: 403 }));
    expect(await examined({ aws: denied })).toEqual([{ uri: 's3://models/m', why: 'not-permitted' }]);
    const broken = await withS3('GetObject', () => failure('broken', { status: 500, attempts: 5 }));
    await expect(examined({ aws: broken })).rejects.toThrow('broken');
    const client = await world.aws.s3();
    const sized = (ContentLength: number): Aws => {
      const send = async (command: object) => {
        if (command.constructor.name === 'HeadObjectCommand') return { ContentLength };
        throw failure('was read', { code: 'AccessDenied', status: 403 });
      };
      const fake = Object.assign(Object.create(client) as typeof client, { send });
      return { ...world.aws, s3: async () => fake };
    };
    const most = 256 * 1024 * 1024;
    expect(await examined({ aws: sized(most + 1) })).toEqual([
      { uri: 's3://models/m', why: 'too-large', bytes: most + 1 },
    ]);
    expect(await examined({ aws: sized(most) })).toEqual([{ uri: 's3://models/m', why: 'not-permitted' }]);
  });

  test('exists, does not, or is not known', async () => {
    const unseen: string[] = [];
    const note = (one: { needs: string | undefined }) => void unseen.push(one.needs ?? '');
    expect(await artifactEtag(world.aws, 's3://models/m', note)).toBe('gone');
    await put('hello');
    expect(await artifactEtag(world.aws, 's3://models/m', note)).toMatch(/^"[0-9a-f]{32}"$/);
    const denied = await withS3('HeadObject', () => failure('no', { code: 'Forbidden', status: 403 }));
    expect(await artifactEtag(denied, 's3://models/m', note)).toBeUndefined();
    expect(unseen).toEqual(['s3:GetObject on s3://models/m']);
    const broken = await withS3('HeadObject', () => failure('broken', { code: 'InternalError', status: 500 }));
    await expect(artifactEtag(broken, 's3://models/m', note)).rejects.toThrow('broken');
  });
});

import {
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { describeEndpoint, describeEndpointConfig, describeModel } from '../../../src/aws/sagemaker.ts';
import { parseSpan } from '../../../src/lifecycle/release/hours.ts';
import { lookForArtifacts } from '../../../src/lifecycle/release/watch.ts';
import { readReleaseSettings } from '../../../src/lifecycle/release/settings.ts';
import { algorithmImage } from '../../../src/resources/artifact/images.ts';
import { ENDPOINT, openStage, type Stage } from '../../support/stage.ts';
import { GOOD, MINUTE, OPEN, PASSES, releaseOn, type Script } from './support.ts';
import { matrixTest } from '../../support/sizes.ts';

// Hours of the virtual clock pass in seconds on a quiet machine; a busy one may take longer.
vi.setConfig({ testTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage.close());

const GROUP = 'arn:aws:sagemaker:us-east-1:000000000000:model-package-group/weather';
type Status = 'Approved' | 'PendingManualApproval' | 'Rejected';

async function registered(more: object = {}, script: Script = PASSES) {
  stage = await openStage();
  const sagemaker = await stage.aws.sagemaker();
  await sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'weather' }));
  const Image = algorithmImage('linear-learner', 'us-east-1').uri;
  const register = async (ModelApprovalStatus: Status) => {
    const InferenceSpecification = {
      Containers: [{ Image, ModelDataUrl: GOOD, Environment: { MODEL: 'nine' } }],
      SupportedContentTypes: ['text/csv'],
      SupportedResponseMIMETypes: ['application/json'],
    };
    const input = { ModelPackageGroupName: 'weather', ModelApprovalStatus, InferenceSpecification };
    return (await sagemaker.send(new CreateModelPackageCommand(input))).ModelPackageArn ?? '';
  };
  const set = (ModelPackageArn: string, ModelApprovalStatus: Status) =>
    sagemaker.send(new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus }));
  const life = releaseOn(
    stage,
    { sampling: ['100%'], settle: '2m', registry: 'answers', timeBox: '1h', ...more },
    script,
  );
  const look = () => lookForArtifacts(life.session, { ...life.request, prefix: GROUP, targets: [] });
  return { life, register, set, look };
}

const answers = async (life: ReturnType<typeof releaseOn>) =>
  (await life.events()).flatMap((event) =>
    event.type === 'fact' && event.name === 'release-answered' ? [event.value] : [],
  );

describe('where an approval in the Model Registry answers', () => {
  test('an approval after the time for answers counts for nothing, however late the next look; one in time does', async () => {
    for (const [after, outcome] of [
      [40, 'kept'],
      [20, 'promoted'],
    ] as const) {
      const { life, register, set, look } = await registered({ answer: '30m' });
      const arn = await register('PendingManualApproval');
      await look();
      await life.until('answer');
      await stage.clock.sleep(after * MINUTE);
      await set(arn, 'Approved');
      await stage.clock.sleep((60 - after) * MINUTE);
      expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome } } });
      if (outcome === 'kept') await stage.close();
    }
  });

  test('a version that waits for one starts a release, its approval ends it, and starts none', async () => {
    const { life, register, set, look } = await registered();
    const arn = await register('PendingManualApproval');
    expect(await look()).toEqual({ kind: 'begun', name: arn });
    expect(await life.until('answer')).toMatchObject({ kind: 'waits' });
    const note = life.session.events.flatMap((event) => (event.kind === 'release-told' ? [event.note] : [])).at(-1);
    expect(note).toMatchObject({ about: 'asked', registry: 'PendingManualApproval' });
    await set(arn, 'Approved');
    expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'promoted' } } });
    expect(await answers(life)).toMatchObject([{ answer: 'approve', how: 'registry', ask: 1 }]);
    expect(await look()).toEqual({ kind: 'nothing' });
    const config = (await describeEndpoint(stage.aws, ENDPOINT))?.EndpointConfigName ?? '';
    const variant = (await describeEndpointConfig(stage.aws, config))?.ProductionVariants?.[0];
    const model = await describeModel(stage.aws, variant?.ModelName ?? '');
    expect(model?.PrimaryContainer).toMatchObject({ ModelDataUrl: GOOD, Environment: { MODEL: 'nine' } });
  });

  test('a version that is approved without having waited starts none; one that is rejected is not released', async () => {
    const { life, register, set, look } = await registered();
    await register('Approved');
    expect(await look()).toEqual({ kind: 'nothing' });
    const arn = await register('PendingManualApproval');
    await look();
    await life.until('answer');
    await set(arn, 'Rejected');
    expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'kept' } } });
    expect(await answers(life)).toMatchObject([{ answer: 'reject', how: 'registry' }]);
  });

  test('an approval is taken back there, until the update has begun', async () => {
    const { life, register, set, look } = await registered();
    const arn = await register('PendingManualApproval');
    await look();
    await life.until('answer');
    life.parts.settings.quiet = { zone: 'UTC', spans: parseSpan('00:00-23:59') ?? [] };
    await set(arn, 'Approved');
    expect(await life.tick()).toMatchObject({ kind: 'waits', move: { for: 'quiet-hours' } });
    await set(arn, 'Rejected');
    expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'kept' } } });
    expect(await answers(life)).toMatchObject([{ answer: 'approve' }, { answer: 'reject', how: 'registry' }]);
  });

  matrixTest(
    'an approval from before the question counts for a pass, and for nothing that was not proven',
    async () => {
      let script = PASSES;
      const { life, register, set, look } = await registered({}, (release) => script(release));
      const arn = await register('PendingManualApproval');
      await look();
      await life.tick();
      script = OPEN;
      await set(arn, 'Approved');
      await stage.clock.sleep(61 * MINUTE);
      await life.until('answer');
      await stage.clock.sleep(10 * MINUTE);
      expect(await life.tick()).toMatchObject({ kind: 'waits', move: { for: 'answer' } });
      expect(await answers(life)).toEqual([]);
      script = PASSES;
      expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'promoted' } } });
      expect(await answers(life)).toMatchObject([{ ask: 2, how: 'registry' }]);
    },
  );
});

test('a version that is named by hand and was approved before is not answered by that', async () => {
  const { life, register } = await registered();
  const arn = await register('Approved');
  await life.begin({ wanted: { modelPackage: arn } });
  await life.until('answer');
  expect(await life.tick()).toMatchObject({ kind: 'waits', move: { for: 'answer' } });
  expect(await answers(life)).toEqual([]);
});

test('who is asked cannot be the registry and nobody, nor the registry and those who are named', () => {
  const read = (more: object) => () => readReleaseSettings([{ registry: 'answers', ...more }], 'a test');
  expect(read({ approve: 'auto' })).toThrow(/registry: answers/);
  expect(read({ approvers: ['arn:aws:iam::000000000000:role/releasers'] })).toThrow(/registry: answers/);
  expect(read({ author: 'excluded' })).toThrow(/registry: answers/);
  expect(read({})).not.toThrow();
});

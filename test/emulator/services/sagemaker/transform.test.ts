import { CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import {
  AddTagsCommand,
  ListTagsCommand,
  ListTransformJobsCommand,
  type ListTransformJobsCommandInput,
  StopTransformJobCommand,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { create, describeJob, get, keys, logOf, put, rows, run } from './batch.ts';
import { refusal, type Stand, stand, withModels } from './stand.ts';

let it: Stand;
beforeAll(async () => {
  it = await stand();
  await withModels(it);
  await it.s3.send(new CreateBucketCommand({ Bucket: 'data' }));
  await put(it, 'in/a.jsonl', rows(3));
  await put(it, 'in/deep/b.jsonl', rows(2, 3));
});
afterAll(() => it.close());

describe('a transform job', () => {
  test('waits for its instances, works, and has stored one output an object when it is Completed', async () => {
    const began = it.clock.now();
    const { TransformJobArn } = await create(it, 'Nightly-1', { Tags: [{ Key: 'team', Value: 'a' }] });
    expect(TransformJobArn).toBe('arn:aws:sagemaker:us-east-1:000000000000:transform-job/Nightly-1');
    const waiting = await describeJob(it, 'Nightly-1');
    expect(waiting).toMatchObject({
      TransformJobStatus: 'InProgress',
      ModelName: 'm009',
      CreationTime: new Date(began),
      TransformInput: { CompressionType: 'None', SplitType: 'Line' },
      TransformOutput: { KmsKeyId: '', AssembleWith: 'Line' },
      DataProcessing: { InputFilter: '$', OutputFilter: '$', JoinSource: 'None' },
    });
    expect(waiting).not.toHaveProperty('TransformStartTime');
    expect(waiting).not.toHaveProperty('MaxPayloadInMB');
    it.clock.advance(210_000);
    expect((await describeJob(it, 'Nightly-1')).TransformStartTime).toEqual(new Date(began + 210_000));
    expect(await keys(it, 'out/')).toEqual([]);
    it.clock.advance(120_000);
    const done = await describeJob(it, 'Nightly-1');
    expect(done.TransformJobStatus).toBe('Completed');
    expect(done).not.toHaveProperty('FailureReason');
    const billed = Number(done.TransformEndTime) - Number(done.TransformStartTime);
    expect(billed).toBeGreaterThan(90_000);
    expect(billed).toBeLessThan(91_000);
    expect(await keys(it, 'out/')).toEqual(['out/a.jsonl.out', 'out/deep/b.jsonl.out']);
    // Outputs are uploaded in parts, as their ETags show.
    const { Contents = [] } = await it.s3.send(new ListObjectsV2Command({ Bucket: 'data', Prefix: 'out/' }));
    for (const { ETag } of Contents) expect(ETag).toMatch(/^"[0-9a-f]{32}-1"$/);
    const lines = (await get(it, 'out/a.jsonl.out')).split('\n');
    expect(lines).toHaveLength(4);
    expect(JSON.parse(lines[0] ?? '')).toEqual({ predicted_label: 2, score: expect.any(Array) });
    const { '*': container = [], '*/data-log': data } = await logOf(it, 'Nightly-1');
    expect(data).toEqual([
      ':[sagemaker logs]: MaxConcurrentTransforms=4, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD',
    ]);
    expect(
      container.map((line) => /^169\.254\.255\.130 .*"(\w+ \S+) .*"Go-http-client\/1\.1"$/.exec(line)?.[1]),
    ).toEqual(['GET /ping', 'GET /execution-parameters', 'POST /invocations', 'POST /invocations']);
  });

  test('has tags like any resource', async () => {
    const ResourceArn = 'arn:aws:sagemaker:us-east-1:000000000000:transform-job/Nightly-1';
    await it.sagemaker.send(new AddTagsCommand({ ResourceArn, Tags: [{ Key: 'day', Value: '1' }] }));
    const { Tags } = await it.sagemaker.send(new ListTagsCommand({ ResourceArn }));
    expect(Tags).toEqual([
      { Key: 'team', Value: 'a' },
      { Key: 'day', Value: '1' },
    ]);
  });

  test('keeps its name for ever, also when it failed', async () => {
    expect(await refusal(create(it, 'Nightly-1'))).toBe(
      'ResourceInUse: Job name must be unique within an AWS account and region, and a job with this name already exists (arn:aws:sagemaker:us-east-1:000000000000:transform-job/Nightly-1)',
    );
  });

  test('that is stopped stores nothing', async () => {
    await create(it, 'halted', { output: { S3OutputPath: 's3://data/halted' } });
    // Its containers have answered by now.
    it.clock.advance(250_000);
    await describeJob(it, 'halted');
    const stop = () => it.sagemaker.send(new StopTransformJobCommand({ TransformJobName: 'halted' }));
    await stop();
    expect((await describeJob(it, 'halted')).TransformJobStatus).toBe('Stopping');
    expect(await refusal(stop())).toBe(
      'ValidationException: The request was rejected because the transform job is in status Stopping.',
    );
    it.clock.advance(600_000);
    expect(await describeJob(it, 'halted')).toMatchObject({
      TransformJobStatus: 'Stopped',
      TransformEndTime: expect.any(Date),
    });
    expect(await keys(it, 'halted/')).toEqual([]);
  });

  test('that does not exist is refused in the words for jobs', async () => {
    expect(await refusal(describeJob(it, 'none'))).toBe(
      'ValidationException: Could not find requested job with name: none',
    );
    expect(await refusal(it.sagemaker.send(new StopTransformJobCommand({ TransformJobName: 'none' })))).toBe(
      'ValidationException: Could not find job to update with name: none',
    );
  });

  test('fails where one object does, and stores what the others gave', async () => {
    await put(it, 'mixed/1.jsonl', rows(1));
    await put(it, 'mixed/2.jsonl', `${rows(2)}{"features":[1]}\n`);
    await put(it, 'mixed/3.jsonl', rows(1));
    const job = await run(it, 'mixed', { uri: 's3://data/mixed/', output: { S3OutputPath: 's3://data/mixed-out/' } });
    expect(job).toMatchObject({
      TransformJobStatus: 'Failed',
      FailureReason: 'ClientError: See job logs for more information',
    });
    expect(await keys(it, 'mixed-out/')).toEqual(['mixed-out/1.jsonl.out', 'mixed-out/3.jsonl.out']);
    expect((await logOf(it, 'mixed'))['*/data-log']?.slice(1)).toEqual([
      ':[sagemaker logs]: data/mixed/2.jsonl: ClientError: 400',
      ':[sagemaker logs]: data/mixed/2.jsonl: ',
      ':[sagemaker logs]: data/mixed/2.jsonl: Message:',
      ':[sagemaker logs]: data/mixed/2.jsonl: unable to evaluate payload provided',
    ]);
  });

  test('is listed by name, status and time', async () => {
    const list = async (input: ListTransformJobsCommandInput) => {
      const { TransformJobSummaries = [] } = await it.sagemaker.send(new ListTransformJobsCommand(input));
      return TransformJobSummaries.map(({ TransformJobName, TransformJobStatus }) => [
        TransformJobName,
        TransformJobStatus,
      ]);
    };
    expect(await list({})).toEqual([
      ['mixed', 'Failed'],
      ['halted', 'Stopped'],
      ['Nightly-1', 'Completed'],
    ]);
    expect(await list({ StatusEquals: 'Stopped' })).toEqual([['halted', 'Stopped']]);
    expect(await list({ NameContains: 'night', SortBy: 'Name' })).toEqual([['Nightly-1', 'Completed']]);
    const first = await it.sagemaker.send(new ListTransformJobsCommand({ MaxResults: 2 }));
    expect(first.TransformJobSummaries?.[0]).not.toHaveProperty('ModelName');
    const rest = await list({ MaxResults: 2, NextToken: first.NextToken });
    expect(rest).toEqual([['Nightly-1', 'Completed']]);
  });
});

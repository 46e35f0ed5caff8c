import { createHash } from 'node:crypto';
import { CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { type DataCaptureConfig, DeleteEndpointCommand, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readDocument } from '../../../../src/emulator/iam/document.ts';
import { encodingsOf } from '../../../../src/emulator/world/capture/record.ts';
import { config, describeEndpoint, invoke, ROW, type Stand, stand, START, variant, withEndpoint } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withEndpoint(it);
  await it.s3.send(new CreateBucketCommand({ Bucket: 'captures' }));
});
afterEach(() => it.close());

const CAPTURE: DataCaptureConfig = {
  EnableCapture: true,
  InitialSamplingPercentage: 100,
  DestinationS3Uri: 's3://captures/here',
  CaptureOptions: [{ CaptureMode: 'InputAndOutput' }],
  CaptureContentTypeHeader: { CsvContentTypes: ['text/csv'], JsonContentTypes: ['application/json'] },
};

/** Updates to a config with data capture (and a shadow) at 300 s. */
async function capture(more: Partial<DataCaptureConfig> = {}) {
  await config(it, 'captured', [variant('AllTraffic', 1)], {
    DataCaptureConfig: { ...CAPTURE, ...more },
    ShadowProductionVariants: [variant('Shadow', 1, { ModelName: 'm009' })],
  });
  await it.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'captured' }));
  it.at(600);
}

/** The models' role ends so (`stand.ts`). */
const ROLE_NAME = 'SageMaker';

async function files(): Promise<Record<string, string>> {
  const { Contents = [] } = await it.s3.send(new ListObjectsV2Command({ Bucket: 'captures' }));
  const found: Record<string, string> = {};
  for (const { Key = '' } of Contents) {
    const object = await it.s3.send(new GetObjectCommand({ Bucket: 'captures', Key }));
    found[Key] = (await object.Body?.transformToString()) ?? '';
  }
  return found;
}

const PATH = /^here\/Weather\/(AllTraffic|Shadow)\/2026\/01\/05\/09\/10-\d\d-\d\d\d-[0-9a-f]{8}-[0-9a-f-]{27}\.jsonl$/;

describe('data capture', () => {
  test('writes AWS’s records to AWS’s path, a file per minute and variant, 20 s after the minute', async () => {
    await capture();
    expect((await describeEndpoint(it)).DataCaptureConfig).toEqual({
      EnableCapture: true,
      CaptureStatus: 'Started',
      CurrentSamplingPercentage: 100,
      DestinationS3Uri: 's3://captures/here',
    });
    const reply = await invoke(it, { InferenceId: 'row 1', CustomAttributes: 'trace=7' });
    await invoke(it);
    it.at(679.999);
    expect(await files()).toEqual({});
    it.at(680);
    const found = await files();
    expect(Object.keys(found)).toHaveLength(2);
    for (const key of Object.keys(found)) expect(key).toMatch(PATH);
    const [production = '', shadow = ''] = Object.values(found);
    const lines = production.split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe('');
    const output = JSON.stringify(Buffer.from(reply.Body).toString());
    const id = JSON.parse(lines[0] ?? '').eventMetadata.eventId;
    expect(lines[0]).toBe(
      `{"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","data":"${ROW}","encoding":"CSV"},"endpointOutput":{"observedContentType":"application/json","mode":"OUTPUT","data":${output},"encoding":"JSON"}},"eventMetadata":{"eventId":"${id}","customAttributes":["trace=7"],"inferenceId":"row 1","inferenceTime":"2026-01-05T09:10:00Z"},"eventVersion":"0"}`,
    );
    expect(JSON.parse(lines[1] ?? '').eventMetadata).not.toHaveProperty('inferenceId');
    // The shadow's record carries the same inference id (the documented join), but not the event id.
    const copied = JSON.parse(shadow.split('\n')[0] ?? '');
    expect(copied.eventMetadata.inferenceId).toBe('row 1');
    expect(copied.eventMetadata.eventId).not.toBe(id);
    expect(copied.captureData.endpointInput.data).toBe(ROW);
  });

  test('is written with the role of the model: where that may not write, nothing is captured and nobody is told', async () => {
    await capture();
    const only = (Resource: string) =>
      it.emulator.world.iam.attach([
        {
          who: `role/${ROLE_NAME}`,
          kind: 'identity-based policy',
          document: readDocument({ Statement: { Effect: 'Allow', Action: 's3:PutObject', Resource } }, 'test'),
        },
      ]);
    only('arn:aws:s3:::captures/elsewhere/*');
    await invoke(it);
    it.at(680);
    expect(await files()).toEqual({});
    only('arn:aws:s3:::captures/here/Weather/AllTraffic/*');
    await invoke(it);
    it.at(780);
    expect(Object.keys(await files())).toEqual([expect.stringContaining('/AllTraffic/')]);
  });

  test('is BASE64 unless the content type is listed; may hold input or output alone', async () => {
    await capture({ CaptureContentTypeHeader: undefined, CaptureOptions: [{ CaptureMode: 'Input' }] });
    await invoke(it);
    it.at(700);
    const [line = ''] = Object.values(await files());
    expect(JSON.parse(line).captureData).toEqual({
      endpointInput: {
        observedContentType: 'text/csv',
        mode: 'INPUT',
        data: Buffer.from(ROW).toString('base64'),
        encoding: 'BASE64',
      },
    });
  });

  test('takes a sample', async () => {
    await capture({ InitialSamplingPercentage: 20 });
    for (let index = 0; index < 200; index += 1) await invoke(it);
    it.at(700);
    const lines = Object.entries(await files()).flatMap(([key, text]) =>
      key.includes('AllTraffic') ? text.trim().split('\n') : [],
    );
    expect(lines.length).toBeGreaterThan(17);
    expect(lines.length).toBeLessThan(63);
  });

  test('leaves failed calls out, unless a switch says otherwise', async () => {
    await capture();
    it.emulator.world.faults.add({ kind: 'failing-model' });
    await invoke(it).catch(() => {});
    (it.emulator.world.switches as { captureFailedCalls: boolean }).captureFailedCalls = true;
    await invoke(it, { InferenceId: 'failed' }).catch(() => {});
    it.at(700);
    const [production = ''] = Object.values(await files());
    expect(production.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(production)).toMatchObject({ eventMetadata: { inferenceId: 'failed' } });
    expect(Object.keys(JSON.parse(production).captureData)).toEqual(['endpointInput']);
  });

  test('a switch makes both records share their event id', async () => {
    (it.emulator.world.switches as { sharedEventId: boolean }).sharedEventId = true;
    await capture();
    await invoke(it);
    it.at(700);
    const [production = '', shadow = ''] = Object.values(await files());
    expect(JSON.parse(production).eventMetadata.eventId).toBe(JSON.parse(shadow).eventMetadata.eventId);
  });

  test('is whole also where it is large, with the entity tag of its bytes, and can be deleted', async () => {
    await capture();
    const pad = ` ${'x'.repeat(900)}`;
    for (let index = 0; index < 400; index += 1)
      await invoke(it, { InferenceId: `row ${index}`, CustomAttributes: pad });
    it.at(700);
    const { Contents = [] } = await it.s3.send(new ListObjectsV2Command({ Bucket: 'captures' }));
    expect(Contents).toHaveLength(2);
    for (const { Key, ETag, Size } of Contents) {
      const object = await it.s3.send(new GetObjectCommand({ Bucket: 'captures', Key }));
      const text = (await object.Body?.transformToString()) ?? '';
      expect([Size, ETag]).toEqual([text.length, `"${createHash('md5').update(text).digest('hex')}"`]);
      expect(text.length).toBeGreaterThan(400_000);
      const ids = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).eventMetadata.inferenceId);
      expect(ids).toEqual(Array.from({ length: 400 }, (_, index) => `row ${index}`));
      await it.s3.send(new DeleteObjectCommand({ Bucket: 'captures', Key }));
    }
    expect(await files()).toEqual({});
    const { store } = it.emulator.world;
    expect(store.table('sagemaker-captures').size).toBe(0);
  });

  test('begins a new file when one has 4 MiB: three records of 2.5 MB make two files', async () => {
    await capture({ CaptureOptions: [{ CaptureMode: 'Input' }] });
    for (const id of ['1', '2', '3'])
      await invoke(it, { InferenceId: id, Body: Buffer.from(`0,10,5,3,1,${'0'.repeat(2_500_000)}`) });
    it.at(700);
    const found = Object.entries(await files()).flatMap(([key, text]) =>
      key.includes('/AllTraffic/') ? [text.trim().split('\n')] : [],
    );
    const ids = found.map((lines) => lines.map((line) => JSON.parse(line).eventMetadata.inferenceId));
    expect(ids.sort((a, b) => b.length - a.length)).toEqual([['1', '2'], ['3']]);
  });

  test('is as old as its landing, however late somebody looks', async () => {
    await capture();
    await invoke(it);
    it.at(5_000);
    const { Contents = [] } = await it.s3.send(new ListObjectsV2Command({ Bucket: 'captures' }));
    expect(Contents.map((object) => object.LastModified)).toEqual([
      new Date(START + 680_000),
      new Date(START + 680_000),
    ]);
  });

  test('lands when the endpoint is deleted', async () => {
    await capture();
    await invoke(it);
    await it.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Weather' }));
    it.at(621);
    expect(Object.keys(await files())).toHaveLength(2);
  });
});

test('a content type with a charset counts as listed, as in AWS’s own records', () => {
  const encodingOf = encodingsOf(CAPTURE);
  expect(encodingOf('text/csv; charset=utf-8')).toBe('CSV');
  expect(encodingOf('Application/JSON')).toBe('JSON');
  expect(encodingOf('text/csv-schema')).toBe('BASE64');
});

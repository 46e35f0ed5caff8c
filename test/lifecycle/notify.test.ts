import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { afterEach, expect, test } from 'vitest';
import { describeEndpointConfig } from '../../src/aws/sagemaker.ts';
import { systemClock } from '../../src/base/clock.ts';
import { post } from '../../src/lifecycle/notify.ts';
import { parseTarget } from '../../src/lifecycle/targets.ts';
import { ENDPOINT, GOOD_CANARY, openStage, type Stage } from '../support/stage.ts';

let stage: Stage;
let hook: Server | undefined;
afterEach(async () => {
  hook?.closeAllConnections();
  hook?.close();
  await stage.close();
});

const CANARY = [...GOOD_CANARY, '--config-name', 'v2'];

/** A webhook that keeps what it was told; without a status it never answers. */
async function listen(status: number | undefined): Promise<{ url: string; told: string[] }> {
  const told: string[] = [];
  hook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => void (body += chunk.toString()));
    request.on('end', () => {
      told.push(body);
      if (status !== undefined) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => hook?.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hooks/secret`, told };
}

test('a webhook is told the facts and the command to run next', async () => {
  stage = await openStage();
  const { url, told } = await listen(200);
  const said = await stage.shadowctl([...CANARY, '--notify', url]);
  expect(said.code).toBe(0);
  expect(said.err).toContain(`Notified ${new URL(url).origin}.`);
  // The path of a webhook is its secret.
  expect(said.err).not.toContain('/hooks/secret');
  expect(JSON.parse(told[0] ?? '')).toMatchObject({
    ending: 'updated',
    endpoint: ENDPOINT,
    text: expect.stringContaining('way back   shadowctl undo --endpoint weather'),
  });
});

test('a webhook that refuses does not change how it ended', async () => {
  stage = await openStage();
  const { url } = await listen(500);
  const said = await stage.shadowctl([...CANARY, '--notify', url]);
  expect(said.code).toBe(0);
  expect(said.err).toContain(`Not notified: ${new URL(url).origin} answered 500`);
});

test('a webhook that does not answer is given up', async () => {
  stage = await openStage();
  const { url, told } = await listen(undefined);
  const surroundings = { clock: systemClock, signal: new AbortController().signal };
  await expect(post(surroundings, url, { text: 'x' }, 200)).rejects.toThrow('did not answer within 0.2 s');
  expect(told).toHaveLength(1);
});

test('an SNS topic, named in shadowctl.yaml', async () => {
  stage = await openStage();
  const sns = await stage.aws.sns();
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'deployments' }));
  writeFileSync(join(stage.cwd, 'shadowctl.yaml'), `notify: ${TopicArn}\n`);
  const said = await stage.shadowctl(CANARY);
  expect(said.err).toContain(`Notified ${TopicArn}.`);
});

test('a topic that does not exist is named, and changes nothing', async () => {
  stage = await openStage();
  const said = await stage.shadowctl([...CANARY, '--notify', 'arn:aws:sns:us-east-1:000000000000:nowhere']);
  expect(said.code).toBe(0);
  expect(said.err).toMatch(/! Not notified: .*nowhere/);
});

test('a wrong target is refused before anything is begun', async () => {
  stage = await openStage();
  writeFileSync(join(stage.cwd, 'shadowctl.yaml'), 'notify: ftp://example.com\n');
  const said = await stage.shadowctl(CANARY);
  expect(said.code).toBe(2);
  expect(said.err).toContain(
    '`notify:` in shadowctl.yaml "ftp://example.com": that is neither the ARN of an SNS topic nor an http(s) URL.',
  );
  expect(await describeEndpointConfig(stage.aws, 'v2')).toBeUndefined();
  expect(() => parseTarget('arn:aws:sqs:us-east-1:000000000000:queue')).toThrow(/neither the ARN/);
  // The path of a webhook is a secret, also where its beginning was forgotten.
  expect(() => parseTarget('hooks.slack.com/services/T0/B0/SECRET')).toThrow(/^(?=.*hooks\.slack\.com)(?!.*SECRET)/s);
  expect(() => parseTarget('env:HOOK')).toThrow(/only in `notify:`/);
});

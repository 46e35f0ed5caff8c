import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteLogStreamCommand,
  DeleteRetentionPolicyCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  GetLogEventsCommand,
  type GetLogEventsCommandInput,
  ListTagsForResourceCommand,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NINE, type Running, start } from './start.ts';

const GROUP = '/aws/sagemaker/Endpoints/shop';
const HOUR = 3_600_000;
let running: Running;
beforeEach(async () => {
  running = await start();
  await running.client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
});
afterEach(() => running.stop());

const createStream = (logStreamName: string, logGroupName = GROUP) =>
  running.client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
const put = (logStreamName: string, ...events: [number, string][]) =>
  running.client.send(
    new PutLogEventsCommand({
      logGroupName: GROUP,
      logStreamName,
      logEvents: events.map(([seconds, message]) => ({ timestamp: NINE + seconds * 1_000, message })),
    }),
  );
const get = async (more: Partial<GetLogEventsCommandInput> = {}) => {
  const output = await running.client.send(
    new GetLogEventsCommand({ logGroupName: GROUP, logStreamName: 'a', ...more }),
  );
  return { ...output, messages: output.events?.map((event) => event.message) ?? [] };
};
const filter = async (more: Partial<FilterLogEventsCommandInput> = {}) => {
  const output = await running.client.send(new FilterLogEventsCommand({ logGroupName: GROUP, ...more }));
  return { ...output, messages: output.events?.map((event) => event.message) ?? [] };
};

describe('groups', () => {
  test('are described by name, prefix and part of the name, page by page', async () => {
    for (const logGroupName of ['b', 'a/x', 'a/y'])
      await running.client.send(new CreateLogGroupCommand({ logGroupName }));
    const names = async (input: object) => {
      const { logGroups = [], nextToken } = await running.client.send(new DescribeLogGroupsCommand(input));
      return { names: logGroups.map((group) => group.logGroupName), nextToken };
    };
    expect((await names({})).names).toEqual([GROUP, 'a/x', 'a/y', 'b']);
    expect((await names({ logGroupNamePrefix: 'a/' })).names).toEqual(['a/x', 'a/y']);
    expect((await names({ logGroupNamePattern: 'Endpoints' })).names).toEqual([GROUP]);
    const first = await names({ limit: 3 });
    expect(await names({ limit: 3, nextToken: first.nextToken })).toEqual({ names: ['b'], nextToken: undefined });
    const { logGroups } = await running.client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: 'b' }));
    expect(logGroups).toEqual([
      {
        logGroupName: 'b',
        creationTime: NINE,
        metricFilterCount: 0,
        arn: 'arn:aws:logs:us-east-1:000000000000:log-group:b:*',
        logGroupArn: 'arn:aws:logs:us-east-1:000000000000:log-group:b',
        logGroupClass: 'STANDARD',
        storedBytes: 0,
      },
    ]);
  });

  test('retention hides what is older, and takes only AWS’s numbers', async () => {
    await createStream('a');
    await put('a', [0, 'old']);
    running.clock.advance(48 * HOUR);
    expect((await get()).messages).toEqual(['old']);
    await running.client.send(new PutRetentionPolicyCommand({ logGroupName: GROUP, retentionInDays: 1 }));
    expect((await get()).messages).toEqual([]);
    await running.client.send(new DeleteRetentionPolicyCommand({ logGroupName: GROUP }));
    expect((await get()).messages).toEqual(['old']);
    await expect(
      running.client.send(new PutRetentionPolicyCommand({ logGroupName: GROUP, retentionInDays: 2 })),
    ).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringContaining("Value '2' at 'retentionInDays' failed to satisfy constraint"),
    });
  });

  test('tags', async () => {
    const resourceArn = `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}`;
    await running.client.send(new TagResourceCommand({ resourceArn, tags: { team: 'red', stage: 'test' } }));
    await running.client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['team'] }));
    const { tags } = await running.client.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual({ stage: 'test' });
  });
});

describe('refusals in AWS’s words', () => {
  const noGroup = { name: 'ResourceNotFoundException', message: 'The specified log group does not exist.' };
  const noStream = { name: 'ResourceNotFoundException', message: 'The specified log stream does not exist.' };
  test('what is missing', async () => {
    const { client } = running;
    const logGroupName = 'gone';
    await expect(client.send(new DeleteLogGroupCommand({ logGroupName }))).rejects.toMatchObject(noGroup);
    await expect(createStream('a', 'gone')).rejects.toMatchObject(noGroup);
    await expect(client.send(new DescribeLogStreamsCommand({ logGroupName }))).rejects.toMatchObject(noGroup);
    await expect(filter({ logGroupName })).rejects.toMatchObject(noGroup);
    await expect(get()).rejects.toMatchObject(noStream);
    await expect(put('a', [0, 'x'])).rejects.toMatchObject(noStream);
    await expect(filter({ logStreamNames: ['a'] })).rejects.toMatchObject(noStream);
    await expect(
      client.send(new DeleteLogStreamCommand({ logGroupName: GROUP, logStreamName: 'a' })),
    ).rejects.toMatchObject(noStream);
  });
  test('what is there already', async () => {
    await createStream('a');
    await expect(createStream('a')).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      message: 'The specified log stream already exists',
    });
    await expect(running.client.send(new CreateLogGroupCommand({ logGroupName: GROUP }))).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      message: 'The specified log group already exists',
    });
  });
  test('batches that break a rule', async () => {
    await createStream('a');
    const refused = (message: string) => ({ name: 'InvalidParameterException', message });
    await expect(put('a', [2, 'x'], [1, 'y'])).rejects.toMatchObject(
      refused('Log events in a single PutLogEvents request must be in chronological order.'),
    );
    await expect(put('a', [-25 * 3600, 'x'], [0, 'y'])).rejects.toMatchObject(
      refused('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.'),
    );
    await expect(put('a', [0, 'x'.repeat(600_000)], [0, 'x'.repeat(600_000)])).rejects.toMatchObject(
      refused('Upload too large: 1200052 bytes exceeds limit of 1048576'),
    );
    expect((await get()).messages).toEqual([]);
  });
  test('events too old and too new are left out and told of', async () => {
    await createStream('a');
    const { rejectedLogEventsInfo } = await put('a', [-15 * 24 * 3600, 'old'], [0, 'now'], [3 * 3600, 'new']);
    expect(rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1, tooNewLogEventStartIndex: 2 });
    expect((await get()).messages).toEqual(['now']);
  });
});

describe('reading a stream', () => {
  test('from the tail, from the head, and the same token at the end', async () => {
    await createStream('a');
    await put('a', ...[1, 2, 3, 4, 5].map((i): [number, string] => [i, `line ${i}`]));
    expect((await get({ limit: 2 })).messages).toEqual(['line 4', 'line 5']);
    const first = await get({ limit: 2, startFromHead: true });
    expect(first.messages).toEqual(['line 1', 'line 2']);
    expect(first.nextForwardToken).toMatch(/^f\/\d{56}$/);
    const second = await get({ limit: 10, startFromHead: true, nextToken: first.nextForwardToken });
    expect(second.messages).toEqual(['line 3', 'line 4', 'line 5']);
    const end = await get({ startFromHead: true, nextToken: second.nextForwardToken });
    expect(end.messages).toEqual([]);
    expect(end.nextForwardToken).toBe(second.nextForwardToken);
    expect((await get({ limit: 1, nextToken: end.nextBackwardToken })).messages).toEqual(['line 5']);
    expect((await get({ limit: 1, nextToken: second.nextBackwardToken })).messages).toEqual(['line 2']);
    await put('a', [6, 'line 6']);
    expect((await get({ startFromHead: true, nextToken: end.nextForwardToken })).messages).toEqual(['line 6']);
    await expect(get({ nextToken: 'x' })).rejects.toMatchObject({ message: 'The specified nextToken is invalid.' });
  });

  test('endTime is excluded here, included by FilterLogEvents', async () => {
    await createStream('a');
    await put('a', [1, 'one'], [2, 'two'], [3, 'three']);
    const range = { startTime: NINE + 2_000, endTime: NINE + 3_000 };
    expect((await get(range)).messages).toEqual(['two']);
    expect((await filter(range)).messages).toEqual(['two', 'three']);
  });

  test('any paging tells every event once, in order', async () => {
    await createStream('a');
    await put('a', ...Array.from({ length: 23 }, (_, i): [number, string] => [Math.floor(i / 3), `line ${i}`]));
    const all = (await get({ startFromHead: true })).messages;
    expect(all).toEqual(Array.from({ length: 23 }, (_, i) => `line ${i}`));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (limit) => {
        const forward: string[] = [];
        for (let page = await get({ limit, startFromHead: true }); page.messages.length > 0; ) {
          forward.push(...(page.messages as string[]));
          page = await get({ limit, startFromHead: true, nextToken: page.nextForwardToken });
        }
        expect(forward).toEqual(all);
        let backward: string[] = [];
        for (let page = await get({ limit }); page.messages.length > 0; ) {
          backward = [...(page.messages as string[]), ...backward];
          page = await get({ limit, nextToken: page.nextBackwardToken });
        }
        expect(backward).toEqual(all);
        const filtered: string[] = [];
        let nextToken: string | undefined;
        do {
          const page = await filter({ limit, nextToken });
          filtered.push(...(page.messages as string[]));
          nextToken = page.nextToken;
        } while (nextToken !== undefined);
        expect(filtered).toEqual(all);
      }),
      { numRuns: 8 },
    );
  });
});

describe('many streams', () => {
  beforeEach(async () => {
    for (const name of ['green/i-1', 'green/i-2', 'blue/i-9']) await createStream(name);
    await put('green/i-1', [1, 'ERROR one'], [4, 'fine']);
    await put('green/i-2', [2, 'ERROR two'], [3, '{"level":"error","ms":120}']);
    await put('blue/i-9', [2, 'ERROR nine']);
  });

  test('are filtered together, by time', async () => {
    expect((await filter({ filterPattern: 'ERROR' })).messages).toEqual(['ERROR one', 'ERROR two', 'ERROR nine']);
    expect((await filter({ filterPattern: 'ERROR', logStreamNamePrefix: 'green/' })).messages).toEqual([
      'ERROR one',
      'ERROR two',
    ]);
    expect((await filter({ logStreamNames: ['blue/i-9'] })).messages).toEqual(['ERROR nine']);
    const { events } = await filter({ filterPattern: '{ $.ms > 100 }' });
    expect(events).toEqual([
      {
        logStreamName: 'green/i-2',
        timestamp: NINE + 3_000,
        message: '{"level":"error","ms":120}',
        ingestionTime: NINE,
        eventId: expect.stringMatching(/^3\d{55}$/),
      },
    ]);
    await expect(filter({ logStreamNames: ['x'], logStreamNamePrefix: 'y' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  test('are described by name and by last event', async () => {
    const names = async (input: object) => {
      const { logStreams = [], nextToken } = await running.client.send(
        new DescribeLogStreamsCommand({ logGroupName: GROUP, ...input }),
      );
      return { names: logStreams.map((stream) => stream.logStreamName), nextToken, logStreams };
    };
    expect((await names({})).names).toEqual(['blue/i-9', 'green/i-1', 'green/i-2']);
    expect((await names({ logStreamNamePrefix: 'green/' })).names).toEqual(['green/i-1', 'green/i-2']);
    const first = await names({ orderBy: 'LastEventTime', descending: true, limit: 2 });
    expect(first.names).toEqual(['green/i-1', 'green/i-2']);
    const second = await names({ orderBy: 'LastEventTime', descending: true, limit: 2, nextToken: first.nextToken });
    expect(second).toMatchObject({ names: ['blue/i-9'], nextToken: undefined });
    expect(second.logStreams[0]).toMatchObject({
      arn: `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}:log-stream:blue/i-9`,
      creationTime: NINE,
      firstEventTimestamp: NINE + 2_000,
      lastEventTimestamp: NINE + 2_000,
      lastIngestionTime: NINE,
      storedBytes: 0,
    });
    await expect(names({ orderBy: 'LastEventTime', logStreamNamePrefix: 'g' })).rejects.toMatchObject({
      message: 'Cannot order by LastEventTime with a logStreamNamePrefix.',
    });
  });

  test('vanish with their group', async () => {
    await running.client.send(new DeleteLogGroupCommand({ logGroupName: GROUP }));
    await running.client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
    expect((await filter()).messages).toEqual([]);
    await createStream('green/i-1');
    expect((await filter()).messages).toEqual([]);
  });
});

test('what a container prints needs no group made beforehand, and survives a restart', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'shadowctl-logs-'));
  const first = await start({ dir });
  const target = { account: '000000000000', region: 'us-east-1', group: 'made/by/service', stream: 'v/i-1' };
  const lines = Array.from({ length: 5_000 }, (_, i) => `${i} ${'ü'.repeat(100)}`);
  for (const [i, message] of lines.entries())
    first.emulator.world.logs.append(target, [{ timestamp: NINE + i, message }]);
  await first.stop();
  const second = await start({ dir, at: NINE + HOUR });
  second.emulator.world.logs.append(target, [{ timestamp: NINE + 6_000, message: 'after' }]);
  const found = await second.emulator.world.logs.read(
    { account: target.account, region: target.region, name: target.group },
    {},
  );
  expect(found.map((event) => event.message)).toEqual([...lines, 'after']);
  const { logGroups } = await second.client.send(new DescribeLogGroupsCommand({}));
  expect(logGroups?.[0]?.storedBytes).toBe(
    [...lines, 'after'].reduce((sum, line) => sum + Buffer.byteLength(line) + 26, 0),
  );
  await second.stop();
  await rm(dir, { recursive: true });
});

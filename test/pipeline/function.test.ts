import { isWhole, matrixTest } from '../support/sizes.ts';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ARTIFACT, ENDPOINT } from '../support/stage.ts';
import { type FunctionStage, MINUTE, openFunction, STATE, told } from './support.ts';

// Hours of the virtual clock pass in seconds on a quiet machine; a busy one may take longer.
vi.setConfig({ testTimeout: 120_000 });

let stage: FunctionStage;
afterEach(() => stage.close());

const MODEL = readFileSync(ARTIFACT);
const S3_EVENT = {
  source: 'aws.s3',
  'detail-type': 'Object Created',
  detail: { bucket: { name: 'uploads' }, object: { key: 'weather/model.tar.gz' }, reason: 'CompleteMultipartUpload' },
};

/** A server that gets messages, and the page that the last question in them leads to. */
async function mailbox(): Promise<{ url: string; link(): string; close(): void }> {
  const got: string[] = [];
  const server = createServer((request, reply) => {
    void text(request).then((body) => {
      got.push((JSON.parse(body) as { text: string }).text);
      reply.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    link: () => got.flatMap((one) => /https:\/\/pages\.example\.com\/\S+/.exec(one)?.[0] ?? []).at(-1) ?? '',
    close: () => void server.close(),
  };
}

describe('the function of a pipeline', () => {
  // `demo release` takes the same way in npm test.
  test.runIf(isWhole('matrix'))(
    'from an upload to the click: the same event thrice, a page, its report; a second click is refused',
    async () => {
      const { url, link, close } = await mailbox();
      stage = await openFunction({ link: 'https://pages.example.com', settle: '2m', notify: [url] });
      await stage.traffic(async () => {
        await stage.clock.sleep(10 * MINUTE);
        expect(await stage.tick()).toMatchObject({ result: 'idle' });
        await stage.upload('weather/model.tar.gz', MODEL);
        for (let n = 0; n < 3; n += 1) expect(await stage.call(S3_EVENT)).toMatchObject({ because: 'upload' });
        await stage.ticksUntil('answer');
        const events = await stage.events();
        expect(events.filter((event) => event.type === 'fact' && event.name === 'release-begun')).toHaveLength(1);
        const page = await stage.visit(link());
        expect(page).toMatchObject({ statusCode: 200 });
        const [, report = ''] = /href="([^"]+)"/.exec(page.body) ?? [];
        const way = new URL(report.replaceAll('&amp;', '&'), link()).href;
        const led = await stage.visit(way);
        expect(led).toMatchObject({
          statusCode: 303,
          headers: { location: expect.stringContaining('X-Amz-Expires=300') },
        });
        const html = await (await fetch(led.headers.location ?? '')).text();
        expect(html).toContain('<!doctype html>');
        expect(html).toContain('were left out');
        const { search } = new URL(link());
        const click = () => stage.visit(link(), 'POST', `${search.slice(1)}&decision=approve`);
        expect(await click()).toMatchObject({ statusCode: 200 });
        expect(await click()).toMatchObject({ statusCode: 409 });
      }, 1);
      close();
      // Whoever may read the log could answer by it.
      expect(stage.log.join('\n')).toContain('Approve: shadowctl release approve');
      expect(stage.log.join('\n')).not.toMatch(/token|pages\.example\.com/);
      // What follows, to production and what is deleted then, `shadowctl demo release` plays (`test/cli/demo-release.test.ts`).
      expect(told(await stage.events())).toEqual(['begun', 'asked-1']);
      const answers = (await stage.events()).flatMap((event) =>
        event.type === 'fact' && event.name === 'release-answered' ? [event.value] : [],
      );
      expect(answers).toMatchObject([{ answer: 'approve', how: 'link' }]);
      expect(
        JSON.parse(await stage.read(`${STATE}/000000000000/us-east-1/${ENDPOINT}/pipeline/tick.json`)),
      ).toMatchObject({
        result: 'waits',
        waits: 'answer',
      });
    },
  );
});

const begun = async () =>
  (await stage.events()).filter((event) => event.type === 'fact' && event.name === 'release-begun').length;
const facts = async (name: string) =>
  (await stage.events()).flatMap((event) => (event.type === 'fact' && event.name === name ? [event.value] : []));

describe('a call of the function', () => {
  test('that runs out of time in the middle of a tick ends itself; the next one goes on', async () => {
    stage = await openFunction({});
    await stage.upload('weather/model.tar.gz', MODEL);
    const { faults } = stage.emulator.world;
    const slow = faults.add({ kind: 'delay', operation: 'CreateModel', milliseconds: 60_000 });
    const began = stage.clock.now();
    expect(await stage.tick(50_000)).toMatchObject({ result: 'stopped' });
    expect(stage.clock.now() - began).toBeLessThan(120_000);
    expect(await begun()).toBe(1);
    faults.remove(slow.id);
    expect(await stage.tick()).toMatchObject({ result: 'waits', waits: 'endpoint' });
    await stage.ticksUntil('evidence');
    expect(await stage.production()).toMatchObject({ artifact: 's3://models/005.tar.gz', shadows: 1 });
    const models = (await stage.events()).filter(
      (event) => event.type === 'begin' && event.action === 'create' && event.resource.kind === 'model',
    );
    expect(new Set(models.map((event) => event.type === 'begin' && event.resource.name)).size).toBe(1);
  });

  test('whose window takes longer than it may says that it is not decided here, once, and with the line for elsewhere', async () => {
    stage = await openFunction({});
    await stage.upload('weather/model.tar.gz', MODEL);
    await stage.ticksUntil('evidence');
    const slow = { kind: 'delay', operation: 'GetMetricData', milliseconds: 13.5 * MINUTE, times: 1 } as const;
    for (let n = 0; n < 2; n += 1) {
      stage.emulator.world.faults.add(slow);
      await expect(stage.tick()).rejects.toThrow(/^Not decided here/);
      expect(await facts('release-trouble')).toHaveLength(1);
      // For nine times as long it is not tried again.
      expect(await stage.tick()).toMatchObject({ result: 'waits', waits: 'evidence' });
      await stage.clock.sleep(130 * MINUTE);
    }
    stage.emulator.world.faults.add(slow);
    await expect(stage.tick()).rejects.toThrow(/^Not decided here/);
    expect(await facts('release-trouble')).toMatchObject([{ elsewhere: true }]);
    const lines = stage.log.filter((line) =>
      line.startsWith('Decide it where there is more time and room: shadowctl release'),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`--state ${STATE}`);
    expect(
      JSON.parse(await stage.read(`${STATE}/000000000000/us-east-1/${ENDPOINT}/pipeline/tick.json`)),
    ).toMatchObject({
      result: 'failed',
      problem: expect.stringContaining('Not decided here'),
    });
    stage.emulator.world.faults.clear();
    await stage.clock.sleep(130 * MINUTE);
    expect(await stage.tick()).toMatchObject({
      result: 'waits',
      waits: 'evidence',
      look: { took: expect.any(Number) },
    });
  });

  matrixTest(
    'spends a tenth of the time with looking at most, but for a deadline, and keeps no captures of what has ended',
    async () => {
      stage = await openFunction({ timeBox: '3h', answer: '1h' });
      await stage.upload('weather/model.tar.gz', MODEL);
      await stage.ticksUntil('evidence');
      const metrics = stage.emulator.world.faults.add({
        kind: 'delay',
        operation: 'GetMetricData',
        milliseconds: MINUTE,
      });
      const looked = async () => {
        const { look } = await stage.tick();
        return look;
      };
      const first = await looked();
      expect(first?.took).toBeGreaterThanOrEqual(MINUTE);
      await stage.clock.sleep(8 * (first?.took ?? 0));
      expect(await looked()).toEqual(first);
      await stage.clock.sleep(first?.took ?? 0);
      const second = await looked();
      expect(second?.at).toBeGreaterThan(first?.at ?? 0);
      // The time box ends while it rests.
      stage.emulator.world.faults.remove(metrics.id);
      const begun = (await facts('release-gathering')) as { at: number }[];
      const box = (begun[0]?.at ?? 0) + 3 * 60 * MINUTE;
      await stage.clock.sleep(Math.max(0, box - stage.clock.now()));
      expect(await stage.tick()).toMatchObject({ waits: 'answer' });
      const captures = join(stage.cwd, 'captures');
      mkdirSync(captures, { recursive: true });
      writeFileSync(join(captures, 'kept'), '');
      await stage.ticksUntil('idle', 30);
      expect(existsSync(captures)).toBe(false);
    },
  );

  test('beside another one begins no second release', async () => {
    stage = await openFunction({});
    await stage.upload('weather/model.tar.gz', MODEL);
    await stage.clock.all([() => stage.tick(), () => stage.call(S3_EVENT), () => stage.tick()]);
    await stage.ticksUntil('evidence');
    expect(await begun()).toBe(1);
    expect(await stage.production()).toMatchObject({ shadows: 1 });
  });

  test('passes over what is no model, says who gets no mail, and takes any event for a tick', async () => {
    stage = await openFunction({});
    const sns = await stage.aws.sns();
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'releases' }));
    const settings = { ...stage.settings, project: { ...stage.settings.project, notify: TopicArn } };
    await stage.upload('settings.json', JSON.stringify(settings), 'shadowctl-state');
    await stage.upload('weather/notes.tar.gz', 'no archive');
    expect(await stage.call({ Records: [{ eventSource: 'aws:s3' }] })).toMatchObject({
      because: 'upload',
      result: 'idle',
    });
    expect(await facts('release-passed-over')).toMatchObject([
      { source: { name: 's3://uploads/weather/notes.tar.gz' } },
    ]);
    expect(stage.log.join('\n')).toContain(`Nobody gets mail from ${TopicArn}`);
    for (const event of [undefined, 'x', [], { source: 'aws.sagemaker', 'detail-type': 'new' }])
      expect(await stage.call(event)).toMatchObject({ because: 'unknown', result: 'idle' });
  });

  matrixTest('goes on with other credentials when those of before have ended', async () => {
    stage = await openFunction({});
    await stage.upload('weather/model.tar.gz', MODEL);
    expect(await stage.tick()).toMatchObject({ waits: 'endpoint' });
    const { faults } = stage.emulator.world;
    const ended = faults.add({ kind: 'error', operation: 'DescribeEndpoint', status: 403 });
    await expect(stage.tick()).rejects.toThrow(/endpoint/);
    faults.remove(ended.id);
    stage.env.AWS_ACCESS_KEY_ID = 'renewed';
    await stage.ticksUntil('evidence');
    expect(await facts('release-trouble')).toEqual([]);
    expect(await begun()).toBe(1);
  });

  test('for a page of another endpoint, or for none, shows none and changes nothing', async () => {
    stage = await openFunction({});
    const before = (await stage.events()).length;
    for (const path of ['/release/other/x?token=y', '/', '/release/weather/none?token=z', '/favicon.ico'])
      expect((await stage.visit(`https://x.example.com${path}`)).statusCode).toBeGreaterThanOrEqual(403);
    expect(
      (await stage.visit('https://x.example.com/release/weather/r', 'POST', 'token=a&decision=approve')).statusCode,
    ).toBe(403);
    expect((await stage.events()).length).toBe(before);
  });

  test('to its address with no token costs no look at the bucket, and its refusals keep the token to themselves', async () => {
    stage = await openFunction({});
    stage.emulator.world.faults.add({ kind: 'error', operation: 'GetObject', status: 403 });
    for (const path of ['/release/weather/r?token=guess', '/release/weather/r', '/x'])
      expect(await stage.visit(`https://x.example.com${path}`)).toMatchObject({
        statusCode: expect.any(Number),
        headers: { 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' },
      });
    // With one it is asked for, and cannot be.
    await expect(stage.visit(`https://x.example.com/release/weather/r?token=${'a'.repeat(43)}`)).rejects.toThrow(
      /settings/,
    );
  });
});

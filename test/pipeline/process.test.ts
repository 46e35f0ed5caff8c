import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { connect } from '../../src/aws/clients.ts';
import { createBucket } from '../../src/aws/s3.ts';
import { describeEndpoint, describeEndpointConfig, describeModel } from '../../src/aws/sagemaker.ts';
import { putObject } from '../../src/aws/s3-text.ts';
import { systemClock } from '../../src/base/clock.ts';
import { readDocument } from '../../src/emulator/iam/document.ts';
import { startEmulator } from '../../src/emulator/http/server.ts';
import { run } from '../../src/main.ts';
import { capturedIo } from '../support/io.ts';
import { isWhole } from '../support/sizes.ts';
import { flow } from '../support/traffic.ts';
import { ARTIFACT_005, ARTIFACT_009 } from '../support/world.ts';
import { pipelineOn } from './command.ts';

/*
 * The program as AWS Lambda runs it: built, in a process with only its own environment, with the rights of its role alone. On
 * the machine's clock, since another process knows no other; DuckDB is left out, as so few requests are compared without.
 */

const ROOT = resolve(import.meta.dirname, '../..');
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** The built program, as its archive holds it. */
function built(): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>([
    ['index.js', Buffer.from("exports.handler = require('./dist/function.cjs').handler;\n")],
  ]);
  for (const entry of readdirSync(join(ROOT, 'dist'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.name.endsWith('.cjs')) files.set(relative(ROOT, path), readFileSync(path));
  }
  return files;
}

async function until<T>(what: string, look: () => Promise<T | undefined>, tries = 120): Promise<T> {
  for (let n = 0; n < tries; n += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await systemClock.sleep(500);
  }
  throw new Error(`never came to ${what}`);
}

interface Status {
  page: string;
  tick: { result: string; because: string; problem: string | null } | null;
  release: { at: string; outcome?: string | null; source: { name: string } } | null;
}

/** An emulator with a deployed endpoint, where every role has only what its own policies allow. */
async function place() {
  const cwd = mkdtempSync(join(tmpdir(), 'shadowctl-process-'));
  closing.push(() => rmSync(cwd, { recursive: true }));
  // Where there is one policy, every role has only what its own policies allow.
  const document = readDocument({ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }, 'test');
  const latencies = { createEndpoint: 500, launchFleet: 500, functionActive: 0, deliverEvent: 0, stackResource: 0 };
  const emulator = await startEmulator({
    clock: systemClock,
    seed: 1,
    latencies,
    switches: { rateStartsAtOnce: true },
    iam: [{ who: 'nobody', kind: 'identity-based policy', document }],
  });
  closing.push(() => emulator.close());
  const state = 's3://shadowctl-state-000000000000-us-east-1/journals';
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const aws = connect({ region: 'us-east-1', endpointUrl: emulator.url, profile: undefined, credentials });
  closing.push(() => aws.close());
  for (const bucket of ['uploads', 'shadowctl-state-000000000000-us-east-1']) await createBucket(aws, bucket);
  const env = {
    AWS_ENDPOINT_URL: emulator.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    SAGEMAKER_ROLE_ARN: 'arn:aws:iam::000000000000:role/sagemaker',
    SHADOWCTL_STATE: state,
  };
  const io = capturedIo();
  const deploy = ['deploy', '--endpoint', 'weather', '--artifact', ARTIFACT_005, '--algorithm', 'linear-learner'];
  const signal = new AbortController().signal;
  const code = await run([...deploy, '--instances', '2', '--yes'], {
    clock: systemClock,
    env,
    cwd,
    signal,
    io: () => io,
  });
  expect(code, io.errLines.join('\n')).toBe(0);
  const on = ['--endpoint', 'weather', '--format', 'json'];
  const pipeline = async (argv: readonly string[]) => {
    const said = await pipelineOn({ clock: systemClock, emulator, cwd }, argv, { files: built(), env });
    expect(said.code, said.err).toBe(0);
    return JSON.parse(said.out) as unknown;
  };
  return {
    aws,
    cwd,
    emulator,
    on,
    pipeline,
    status: async () => (await pipeline(['status', ...on])) as Status,
    log: async () => JSON.stringify(await pipeline(['logs', ...on]), null, 1),
    upload: () =>
      putObject(aws, 's3://uploads/in/model.tar.gz', { body: readFileSync(ARTIFACT_009), type: 'application/gzip' }),
  };
}

test.runIf(isWhole('matrix'))(
  'in a process of its own, with its role: a tick of the schedule, an upload that begins a release, a page',
  { timeout: 240_000 },
  async () => {
    const { on, pipeline, status, log, upload } = await place();
    await pipeline(['install', ...on, '--watch', 's3://uploads/in/', '--yes']);
    const first = await until('a tick', async () => {
      const found = await status();
      return found.tick === null ? undefined : found;
    }).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${await log()}`);
    });
    expect(first.tick, await log()).toMatchObject({ result: 'idle', because: 'schedule', problem: null });
    await upload();
    const begun = await until('a release', async () => {
      const found = await status();
      return found.tick?.because === 'upload' ? found : undefined;
    });
    expect(begun, await log()).toMatchObject({
      tick: { result: 'waits', problem: null },
      release: { source: { name: 's3://uploads/in/model.tar.gz' } },
    });
    const page = await fetch(`${begun.page}release/weather/none?token=${'x'.repeat(43)}`);
    expect([page.status, page.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
    await pipeline(['remove', ...on, '--leave-release', '--yes']);
  },
);

test.runIf(isWhole('matrix'))(
  'to its end: upload, shadow, mail, click, canary, production, by the ticks of the schedule alone',
  { timeout: 25 * 60_000 },
  async () => {
    const { aws, cwd, emulator, on, pipeline, status, log, upload } = await place();
    const mails: string[] = [];
    const server = createServer((request, reply) => {
      void text(request).then((body) => {
        mails.push((JSON.parse(body) as { text: string }).text);
        reply.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    const webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    // The shortest times that evidence and alarms can do with.
    const settings = {
      policy: { inform: ['latency', 'labels', 'numbers'], minimumBlocks: 2, blockMinutes: 2, errors: 0.1 },
      release: { sampling: ['100%'], every: '1m', bake: '4m', finalBake: '1m', settle: '1m', notify: webhook },
    };
    writeFileSync(join(cwd, 'shadowctl.yaml'), JSON.stringify(settings));
    const stop = new AbortController();
    const flowing = flow(systemClock, emulator, { endpoint: 'weather', perSecond: 5, signal: stop.signal });
    try {
      await pipeline(['install', ...on, '--watch', 's3://uploads/in/', '--yes']);
      await upload();
      const link = await until(
        'the question',
        async () => /http\S+\/release\/weather\/\S+/.exec(mails.join('\n'))?.[0],
        1200,
      );
      const { search } = new URL(link);
      const page = await fetch(link);
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('The candidate has passed')]);
      const click = () =>
        fetch(link, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: `${search.slice(1)}&decision=approve`,
        });
      expect((await click()).status).toBe(200);
      expect((await click()).status).toBe(409);
      const ended = await until(
        'the end',
        async () => {
          const { release } = await status();
          return release?.at === 'ended' ? release : undefined;
        },
        1800,
      );
      expect(ended, await log()).toMatchObject({ outcome: 'promoted' });
    } catch (error) {
      throw new Error(`${String(error)}\n${await log()}`, { cause: error });
    } finally {
      stop.abort();
      await flowing;
    }
    const config = (await describeEndpoint(aws, 'weather'))?.EndpointConfigName ?? '';
    const live = await describeEndpointConfig(aws, config);
    const model = await describeModel(aws, live?.ProductionVariants?.[0]?.ModelName ?? '');
    expect(model?.PrimaryContainer?.ModelDataUrl).toContain('/shadowctl/weather/artifacts/');
    expect(live?.ShadowProductionVariants ?? []).toEqual([]);
    expect(mails.at(-1)).toContain('The candidate is production');
    // Whoever may read the log could answer by it.
    expect(await log()).not.toMatch(/token=/);
    await pipeline(['remove', ...on, '--yes']);
  },
);

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { connect } from '../../src/aws/clients.ts';
import { createBucket } from '../../src/aws/s3.ts';
import { putObject } from '../../src/aws/s3-text.ts';
import { systemClock } from '../../src/base/clock.ts';
import { readDocument } from '../../src/emulator/iam/document.ts';
import { startEmulator } from '../../src/emulator/http/server.ts';
import { run } from '../../src/main.ts';
import { capturedIo } from '../support/io.ts';
import { isWhole } from '../support/sizes.ts';
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

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (let n = 0; n < 120; n += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await systemClock.sleep(500);
  }
  throw new Error(`never came to ${what}`);
}

interface Status {
  page: string;
  tick: { result: string; because: string; problem: string | null } | null;
  release: { at: string; source: { name: string } } | null;
}

test.runIf(isWhole('matrix'))(
  'in a process of its own, with its role: a tick of the schedule, an upload that begins a release, a page',
  { timeout: 240_000 },
  async () => {
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

    const place = { clock: systemClock, emulator, cwd };
    const on = ['--endpoint', 'weather', '--format', 'json'];
    const pipeline = async (argv: readonly string[]) => {
      const said = await pipelineOn(place, argv, { files: built(), env });
      expect(said.code, said.err).toBe(0);
      return JSON.parse(said.out) as unknown;
    };
    await pipeline(['install', ...on, '--watch', 's3://uploads/in/', '--yes']);
    const status = async () => (await pipeline(['status', ...on])) as Status;
    const log = async () => JSON.stringify(await pipeline(['logs', ...on]), null, 1);
    const first = await until('a tick', async () => {
      const found = await status();
      return found.tick === null ? undefined : found;
    }).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${await log()}`);
    });
    expect(first.tick, await log()).toMatchObject({ result: 'idle', because: 'schedule', problem: null });
    await putObject(aws, 's3://uploads/in/model.tar.gz', {
      body: readFileSync(ARTIFACT_009),
      type: 'application/gzip',
    });
    const begun = await until('a release', async () => {
      const found = await status();
      return found.tick?.because === 'upload' ? found : undefined;
    });
    expect(begun, await log()).toMatchObject({
      tick: { result: 'waits', problem: null },
      release: { source: { name: 's3://uploads/in/model.tar.gz' } },
    });
    const page = await fetch(`${begun.page}release/weather/none?token=x`);
    expect([page.status, page.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
    await pipeline(['remove', ...on, '--leave-release', '--yes']);
  },
);

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ListEndpointsCommand } from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Aws, connect } from '../src/aws/clients.ts';
import { systemClock } from '../src/base/clock.ts';
import { type Emulator, startEmulator } from '../src/emulator/http/server.ts';
import { ARTIFACT_009, ROLE } from './support/fixtures.ts';
import { CTRL_C } from './support/io.ts';
import { testWorld } from './support/world.ts';

/** What becomes of the output changes neither what is done nor the exit code. */

const BIN = resolve(import.meta.dirname, '../bin/shadowctl.js');
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

let emulator: Emulator;
let aws: Aws;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'output-test-'));
  emulator = await startEmulator({ clock: systemClock });
  aws = connect({ region: 'us-east-1', endpointUrl: emulator.url, profile: undefined, credentials: CREDENTIALS });
});
afterAll(async () => {
  aws.close();
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The built program in a shell line, where it is called `shadowctl`; what the line prints last is its exit code. */
async function inShell(line: string): Promise<string> {
  const { PATH = '' } = process.env;
  const shell = spawn('bash', ['-c', `shadowctl() { '${process.execPath}' '${BIN}' "$@"; }; ${line}`], {
    cwd: folder,
    env: {
      PATH,
      AWS_ENDPOINT_URL: emulator.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      SAGEMAKER_ROLE_ARN: ROLE,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  shell.stdout.on('data', (data: Buffer) => void (out += data.toString()));
  await new Promise((done) => shell.on('close', done));
  return out.trim();
}

test.each([
  ['closed', '2>&1 | true; echo ${PIPESTATUS[0]}'],
  ['full', '> /dev/full 2> /dev/full; echo $?'],
  ['full for chatter', '2> /dev/full > /dev/null; echo $?'],
])('a deployment whose output is %s is carried out, and ends with 0', async (what, rest) => {
  const endpoint = `on-${what.replaceAll(' ', '-')}`;
  const deploy = `shadowctl deploy --endpoint ${endpoint} --artifact '${ARTIFACT_009}' --algorithm linear-learner --no-wait --yes`;
  expect(await inShell(`${deploy} ${rest}`)).toBe('0');
  const sagemaker = await aws.sagemaker();
  const { Endpoints = [] } = await sagemaker.send(new ListEndpointsCommand({ NameContains: endpoint }));
  expect(Endpoints.map((one) => one.EndpointName)).toEqual([endpoint]);
});

test('an error keeps its exit code, and lost results are told where that can be read', async () => {
  expect(await inShell('shadowctl status --endpoint nowhere > /dev/full 2>&1; echo $?')).toBe('2');
  expect(await inShell('shadowctl policy explain 2>&1 > /dev/full | tail -1; echo ${PIPESTATUS[0]}')).toMatch(
    /^error: The results could not be written to standard output: ENOSPC.*\n0$/,
  );
  expect(await inShell('shadowctl --version > /dev/full; echo $?')).toBe('0');
});

test('who stops at a question is told that nothing was changed, with 130', async () => {
  const world = await testWorld();
  try {
    const line = `deploy --endpoint weather --artifact ${ARTIFACT_009} --algorithm linear-learner`;
    const { code, err } = await world.shadowctl(line, { answers: [CTRL_C] });
    expect(code).toBe(130);
    expect(err).toMatch(/\nNot done; nothing was changed\.$/);
    const sagemaker = await world.aws.sagemaker();
    expect((await sagemaker.send(new ListEndpointsCommand({}))).Endpoints).toEqual([]);
  } finally {
    await world.close();
  }
});

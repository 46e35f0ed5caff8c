import { readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../../src/base/clock.ts';
import { emulatorEnvironment } from '../../../src/emulator/daemon/process.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';
import { folder, installed, program, surroundings, peer } from './programs.ts';
import { readReadme, type Snippet, snippetsOf } from './readme.ts';

// Foreign programs on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const boto3 = peer('python3', '-c', 'import boto3');
const pytest = boto3 && peer('python3', '-m', 'pytest', '--version');
const cli = boto3 && peer('aws', '--version');
const without = (there: boolean, what: string) => (there ? '' : ` (skipped: needs \`npm run peers\`, and ${what})`);

/** The snippet `serve.py` as the container `my-image:1` of an endpoint. */
const SERVED = `
import boto3
sagemaker = boto3.client("sagemaker")
container = {"Image": "my-image:1", "ModelDataUrl": "s3://weather-models/009-model.tar.gz"}
sagemaker.create_model(ModelName="own", ExecutionRoleArn="arn:aws:iam::000000000000:role/any", PrimaryContainer=container)
variant = {"VariantName": "v", "ModelName": "own", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
sagemaker.create_endpoint_config(EndpointConfigName="own", ProductionVariants=[variant])
sagemaker.create_endpoint(EndpointName="own", EndpointConfigName="own")
sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="own", WaiterConfig={"Delay": 1})
print(boto3.client("sagemaker-runtime").invoke_endpoint(EndpointName="own", Body=b"12345")["Body"].read().decode(), end="")
`;

let snippets: Snippet[];
let cwd: string;
beforeAll(async () => {
  snippets = snippetsOf(await readReadme());
  cwd = await folder();
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

/** The code of the snippets of this name, in their order. */
const named = (name: string) => snippets.filter((one) => one.name === name).map(({ code }) => code);

describe('the snippets of docs/emulator.md, against an emulator', () => {
  let emulator: Emulator;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    await writeFile(join(cwd, 'serve.py'), named('serve.py').join(''));
    const quick = { createEndpoint: 300, deleteEndpoint: 100 };
    emulator = await startEmulator({
      clock: systemClock,
      latencies: quick,
      containers: [`my-image:1=python3 ${join(cwd, 'serve.py')}`],
    });
    env = surroundings(emulatorEnvironment(emulator.url, {}));
  });
  afterAll(() => emulator.close());

  const python = (code: string) => program('python3', ['-c', code], cwd, env);

  it.skipIf(!boto3)(`boto3, then the control endpoint${without(boto3, 'boto3')}`, async () => {
    const [first = '', second = '', ...rest] = named('python');
    expect(rest).toEqual([]);
    expect(await python(first)).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^\{"predictions": \[\{"score": \[0\.2.*"predicted_label": 4\}\]\}\n$/),
    });
    expect(await python(second)).toEqual({ code: 0, err: '', out: '201\n2\n' });
  });

  it.skipIf(!boto3)(`a server of the user's own${without(boto3, 'boto3')}`, async () => {
    const made = await python(SERVED);
    expect(made).toEqual({ code: 0, err: '', out: "5 bytes, ['model_algo-1']\n" });
  });

  it.skipIf(!cli)(`the AWS CLI, on what boto3 made${without(cli, 'AWS CLI')}`, async () => {
    const [code = ''] = named('bash');
    const { out, err, ...ended } = await program('bash', ['-euc', code], cwd, env);
    expect({ err, ...ended }).toEqual({ code: 0, err: '' });
    expect(out).toContain('"InService"');
    expect(out).toContain('"InvokedProductionVariant": "AllTraffic"');
    expect(out).toMatch(/ 009-model\.tar\.gz$/m);
    expect(out).toContain('GET /ping');
    expect(out).toMatch(/^half\t3$/m);
    expect(await readFile(join(cwd, 'answer.json'), 'utf8')).toContain('"predicted_label": 4');
  });
});

describe('the snippets of docs/emulator.md, with the command', () => {
  let bin: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    if (!boto3) return;
    bin = await installed(join(cwd, 'installed'));
    env = surroundings({ PATH: [bin, process.env.PATH].join(delimiter), AWS_ENDPOINT_URL: undefined });
  });

  it.skipIf(!pytest)(`pytest${without(pytest, 'pytest with boto3')}`, async () => {
    for (const name of ['conftest.py', 'test_models.py']) {
      await writeFile(join(cwd, name), named(name).join(''));
    }
    const { code, out } = await program('python3', ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '.'], cwd, env);
    expect(out).toContain('2 passed');
    expect(code).toBe(0);
  });

  it.skipIf(!cli)(`the steps of the workflow${without(cli, 'AWS CLI')}`, async () => {
    const { jobs } = parse(named('workflow')[0] ?? '') as { jobs: { test: { steps: { run?: string }[] } } };
    const [install, start = '', use = ''] = jobs.test.steps.flatMap(({ run }) => run ?? []);
    expect(install).toBe('npm install --global ./shadowctl-*.tgz');
    const file = join(cwd, 'github-env');
    expect(await program('bash', ['-euc', start], cwd, { ...env, GITHUB_ENV: file })).toMatchObject({ code: 0 });
    try {
      // What GitHub does with the file between two steps.
      const lines = (await readFile(file, 'utf8')).trim().split('\n');
      const given = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
      expect(given.AWS_ENDPOINT_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      const { code, out } = await program('bash', ['-euc', use], cwd, { ...env, ...given });
      expect({ code, account: (JSON.parse(out) as { Account: string }).Account }).toEqual({
        code: 0,
        account: '000000000000',
      });
    } finally {
      await program(join(bin, 'shadowctl'), ['emulator', 'stop'], cwd, env);
    }
  });
});

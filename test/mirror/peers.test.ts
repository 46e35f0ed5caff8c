import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { peer, program, surroundings } from '../emulator/clients/programs.ts';
import { ENDPOINT, openStage } from '../support/stage.ts';
import { ROWS } from '../support/traffic.ts';
import { ask, openModel } from './rig.ts';

// Foreign programs, which take their time to begin.
vi.setConfig({ testTimeout: 180_000 });

const BIN = resolve(import.meta.dirname, '../../bin/shadowctl.js');
const SERVERS = process.env.SHADOWCTL_SERVERS ?? '';
const inServers = (name: string) => join(SERVERS, name);
const has = {
  kubernetesValidate: peer('kubernetes-validate', '--version'),
  envoy: peer('envoy', '--version'),
  boto3: peer('python3', '-c', 'import boto3'),
  mlserver: SERVERS !== '' && existsSync(inServers('mlserver')) && peer(inServers('mlserver'), '--version'),
  mlflow: SERVERS !== '' && existsSync(inServers('mlflow')) && peer(inServers('mlflow'), '--version'),
};
const SKIPPED = ' (skipped: needs `npm run peers`, and it)';

const open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'shadowctl-peers-'));
  open.push({ close: () => rmSync(path, { recursive: true, force: true }) });
  return path;
}

function begun(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = surroundings({})) {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => void (said += String(chunk)));
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  open.push({
    async close() {
      // With what it has started itself.
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
        process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  });
  return { child, said: () => said, ended };
}

async function freePort(): Promise<number> {
  const server = createPlain();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** A mirror as a process of its own, once it answers. */
async function mirror(
  cwd: string,
  flags: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ child: ChildProcess; port: number }> {
  const argv = [BIN, 'mirror', '--listen', '0', '--log-format', 'json', ...flags];
  const { child, said } = begun(process.execPath, argv, cwd, surroundings(env));
  for (;;) {
    const line = said()
      .split('\n')
      .find((one) => one.includes('"event":"started"'));
    if (line !== undefined && said().includes(`${line}\n`)) return { child, port: JSON.parse(line).port };
    expect(child.exitCode, said()).toBe(null);
    await sleep(20);
  }
}

/** What `report` makes of these records, once so many pairs are in them. */
async function reported(cwd: string): Promise<{ predictions: Record<string, unknown>; notes: string[] }> {
  const { out, err } = await program(
    process.execPath,
    [BIN, 'report', '--files', 'records', '--format', 'json'],
    cwd,
    surroundings({}),
  );
  try {
    return JSON.parse(out).observations;
  } catch {
    throw new Error(err + out);
  }
}

async function stopped({ child }: { child: ChildProcess }): Promise<void> {
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await ended;
}

async function post(port: number, path: string, body: string, type = 'application/json') {
  return ask(undefined, port, { method: 'POST', path, headers: { 'Content-Type': type } }, body);
}

/** Waits until a server answers there. */
async function answers(port: number, path: string, said: () => string): Promise<void> {
  for (let i = 0; ; i += 1) {
    const status = await ask(undefined, port, { method: 'GET', path, headers: {} }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    expect(i, said()).toBeLessThan(600);
    await sleep(200);
  }
}

const MODEL = `apiVersion: apps/v1
kind: Deployment
metadata: { name: weather }
spec:
  selector: { matchLabels: { app: weather } }
  template:
    metadata: { labels: { app: weather } }
    spec:
      containers: [{ name: model, image: 'tensorflow/serving:2.16.1', ports: [{ containerPort: 8501 }] }]
`;

describe(`kubernetes-validate${has.kubernetesValidate ? '' : SKIPPED}`, () => {
  test.skipIf(!has.kubernetesValidate)('takes what mirror manifest prints, and strictly', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'model.yaml'), MODEL);
    writeFileSync(
      join(cwd, 'mirror.yaml'),
      "live: http://127.0.0.1:8501\nrecords: { folder: r }\nshadows: { s: { url: 'http://s:8501', headers: { A: { env: TOKEN } } } }\n",
    );
    const manifest = (...more: string[]) =>
      execFileSync(
        process.execPath,
        [
          BIN,
          'mirror',
          'manifest',
          'kubernetes',
          '--file',
          'mirror.yaml',
          '--deployment',
          'model.yaml',
          '--image',
          'i',
          ...more,
        ],
        { cwd, encoding: 'utf8' },
      );
    writeFileSync(join(cwd, 'plain.yaml'), manifest());
    writeFileSync(join(cwd, 'claim.yaml'), manifest('--claim', 'pairs'));
    writeFileSync(join(cwd, 'wrong.yaml'), manifest().replace('readOnlyRootFilesystem', 'readOnlyRootFileSystem'));
    const validate = (file: string) =>
      program('kubernetes-validate', ['--strict', '--quiet', file], cwd, surroundings({}));
    expect((await validate('plain.yaml')).code).toBe(0);
    expect((await validate('claim.yaml')).code).toBe(0);
    expect((await validate('wrong.yaml')).code).not.toBe(0);
  });
});

describe(`Envoy${has.envoy ? '' : SKIPPED}`, () => {
  test.skipIf(!has.envoy)('routes through the mirror, and to the live server while it is down or drains', async () => {
    const cwd = folder();
    const [live, shadow] = [
      await openModel((req, res) =>
        res.writeHead(req.text === 'fail' ? 502 : 200, { 'Content-Type': 'application/json' }).end('{"score":1}'),
      ),
      await openModel((_, res) => res.writeHead(200).end('{"score":1}')),
    ];
    open.push(live, shadow);
    const [port, control, own] = [await freePort(), await freePort(), await freePort()];
    writeFileSync(
      join(cwd, 'mirror.yaml'),
      `live: ${live.url}\nlisten: ${port}\ncontrol: ${control}\nshadows: { s: '${shadow.url}' }\n`,
    );
    const config = execFileSync(
      process.execPath,
      [BIN, 'mirror', 'manifest', 'envoy', '--file', 'mirror.yaml', '--envoy-listen', `127.0.0.1:${own}`],
      { cwd, encoding: 'utf8' },
    );
    writeFileSync(join(cwd, 'envoy.yaml'), config);
    const started = () =>
      begun(process.execPath, [BIN, 'mirror', '--file', 'mirror.yaml', '--log-format', 'json'], cwd);
    const first = started();
    await answers(control, '/healthz', first.said);
    const envoy = begun(
      'envoy',
      ['-c', 'envoy.yaml', '--use-dynamic-base-id', '--concurrency', '1', '-l', 'error'],
      cwd,
    );
    const through = () => live.seen.at(-1)?.raw.includes('X-Forwarded-Host') === true;
    const send = (body = '{}') => post(own, '/invocations', body);
    const until = async (holds: () => boolean, what: string) => {
      for (let i = 0; ; i += 1) {
        const sent = await send().catch(() => undefined);
        if (sent?.status === 200 && holds()) return;
        expect(i, `${what}: ${envoy.said()}`).toBeLessThan(200);
        await sleep(50);
      }
    };
    await until(through, 'through the mirror');
    // Failures of the live server are passed on, and are no reason to go around the mirror.
    for (let i = 0; i < 20; i += 1) expect((await send('fail')).status).toBe(502);
    expect((await send()).status).toBe(200);
    expect(through()).toBe(true);

    first.child.kill('SIGKILL');
    await first.ended;
    // Not one is lost: the first ones find no connection, and go on to the live server.
    for (let i = 0; i < 50; i += 1) expect((await send()).status, envoy.said()).toBe(200);
    expect(through()).toBe(false);

    const second = started();
    await answers(control, '/healthz', second.said);
    await until(through, 'through the mirror again');
    second.child.kill('SIGTERM');
    await until(() => !through(), 'around the one that drains');
    for (let i = 0; i < 20; i += 1) expect((await send()).status).toBe(200);
  });
});

/** A message of AWS's event streams: headers that are all texts, and a payload. */
function eventMessage(headers: Record<string, string>, payload: string): Buffer {
  const fields = Object.entries(headers).map(([name, value]) => {
    const head = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([7, 0, value.length])]);
    return Buffer.concat([head, Buffer.from(value)]);
  });
  const [inner, body] = [Buffer.concat(fields), Buffer.from(payload)];
  const prelude = Buffer.alloc(8);
  prelude.writeUInt32BE(inner.length + body.length + 16, 0);
  prelude.writeUInt32BE(inner.length, 4);
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const before = Buffer.concat([prelude, number(checksum(prelude)), inner, body]);
  return Buffer.concat([before, number(checksum(before))]);
}

function checksum(bytes: Buffer): number {
  return crc32(bytes);
}

describe(`boto3 with endpoint_url${has.boto3 ? '' : SKIPPED}`, () => {
  test.skipIf(!has.boto3)('invokes unchanged, and reads streams as they come', async () => {
    const cwd = folder();
    // What SageMaker's runtime would answer.
    const answer = async (req: IncomingMessage & { text: string }, res: ServerResponse) => {
      if (req.url?.endsWith('/invocations-response-stream') === true) {
        res.writeHead(200, {
          'Content-Type': 'application/vnd.amazon.eventstream',
          'X-Amzn-SageMaker-Content-Type': 'text/event-stream',
          'x-Amzn-Invoked-Production-Variant': 'AllTraffic',
        });
        const headers = {
          ':message-type': 'event',
          ':event-type': 'PayloadPart',
          ':content-type': 'application/octet-stream',
        };
        for (const i of [1, 2, 3]) {
          res.write(eventMessage(headers, `data: ${i}\n\n`));
          await sleep(200);
        }
        return res.end();
      }
      if (req.text.includes('fail')) {
        res.writeHead(424, { 'Content-Type': 'application/json', 'x-amzn-ErrorType': 'ModelError' });
        return res.end(JSON.stringify({ ErrorCode: 'x', Message: 'm', OriginalMessage: 'o', OriginalStatusCode: 500 }));
      }
      res.writeHead(200, { 'Content-Type': 'application/json', 'x-Amzn-Invoked-Production-Variant': 'AllTraffic' });
      return res.end('{"score": 1}');
    };
    const [live, shadow] = [
      await openModel((req, res) => void answer(req, res)),
      await openModel((req, res) => void answer(req, res)),
    ];
    open.push(live, shadow);
    const { port, child } = await mirror(cwd, ['--live', live.url, '--shadow', shadow.url, '--records', 'records']);
    const client = join(import.meta.dirname, 'peers_client.py');
    const env = surroundings({});
    expect(await program('python3', [client, `http://127.0.0.1:${port}`], cwd, env)).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    // Its signature reaches the live side as it was sent, and no shadow.
    expect(JSON.stringify(live.seen[0]?.raw)).toContain('AWS4-HMAC-SHA256 Credential=caller/');
    expect(shadow.seen.length).toBeGreaterThan(0);
    expect(JSON.stringify(shadow.seen)).not.toMatch(/AWS4-HMAC|caller\//);
    await stopped({ child });
  });
});

const INVOKE = `
import sys, boto3
runtime = boto3.client('sagemaker-runtime', endpoint_url=sys.argv[1], region_name='us-east-1',
                       aws_access_key_id='caller', aws_secret_access_key='wrong')
for i in range(5):
    answer = runtime.invoke_endpoint(EndpointName='any', ContentType='text/csv', Body=sys.argv[2], InferenceId=f'mine-{i}')
    print(answer['InvokedProductionVariant'], answer['Body'].read().decode().strip())
`;

describe(`boto3 and a mirror between two endpoints of SageMaker${has.boto3 ? '' : SKIPPED}`, () => {
  test.skipIf(!has.boto3)(
    'invokes unchanged: the mirror signs with credentials of its own, on both sides',
    async () => {
      const stage = await openStage();
      open.push(stage);
      const cwd = folder();
      const sides = ['--live', `sagemaker:${ENDPOINT}`, '--shadow', `sagemaker:${ENDPOINT}`, '--records', 'records'];
      const { port, child } = await mirror(cwd, sides, {
        AWS_ENDPOINT_URL: stage.emulator.url,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'mirror',
        AWS_SECRET_ACCESS_KEY: 'own',
      });
      const asked = await program(
        'python3',
        ['-c', INVOKE, `http://127.0.0.1:${port}`, ROWS[0] ?? ''],
        cwd,
        surroundings({}),
      );
      expect(asked.code, asked.err).toBe(0);
      expect(asked.out.trim().split('\n')).toEqual(
        Array(5).fill(expect.stringMatching(/^AllTraffic .*predicted_label/)),
      );
      await stopped({ child });
      expect((await reported(cwd)).predictions).toMatchObject({ method: 'inferenceId', pairs: 5, coverage: 1 });
    },
  );
});

describe(`model servers${has.mlserver && has.mlflow ? '' : SKIPPED}`, () => {
  const models = async (cwd: string) => {
    const made = await program(
      inServers('python3'),
      [join(import.meta.dirname, 'peers_models.py'), 'save', cwd],
      cwd,
      surroundings({}),
    );
    expect(made.code, made.err).toBe(0);
  };

  test.skipIf(!has.mlserver || !has.mlflow)(
    'MLServer: Open Inference v2, paired by the id in the request',
    async () => {
      const cwd = folder();
      await models(cwd);
      const [http, grpc, metrics] = [await freePort(), await freePort(), await freePort()];
      const settings = {
        http_port: http,
        grpc_port: grpc,
        metrics_port: metrics,
        host: '127.0.0.1',
        parallel_workers: 0,
      };
      writeFileSync(join(cwd, 'mlserver/settings.json'), JSON.stringify(settings));
      const PATH = `${SERVERS}:${process.env.PATH}`;
      const server = begun(inServers('mlserver'), ['start', 'mlserver'], cwd, surroundings({ PATH }));
      await answers(http, '/v2/models/candidate/ready', server.said);
      const url = `http://127.0.0.1:${http}`;
      const where = ['--shadow-path', '/v2/models/candidate/infer', '--records', 'records'];
      const running = await mirror(cwd, ['--live', url, '--shadow', url, ...where]);
      for (let i = 0; i < 20; i += 1) {
        const inputs = [{ name: 'x', shape: [2, 2], datatype: 'FP64', data: [i + 0.25, 2, 3, i * 0.7] }];
        const answer = await post(
          running.port,
          '/v2/models/weather/infer',
          JSON.stringify({ id: `mine-${i}`, inputs }),
        );
        expect(answer.status, answer.body).toBe(200);
        expect(JSON.parse(answer.body)).toMatchObject({ id: `mine-${i}`, model_name: 'weather' });
      }
      await stopped(running);
      expect((await reported(cwd)).predictions).toMatchObject({
        method: 'inferenceId',
        pairs: 20,
        rows: 40,
        task: 'regression',
        coverage: 1,
      });
    },
  );

  test.skipIf(!has.mlflow)('MLflow: /invocations in each form of its inputs', async () => {
    const cwd = folder();
    await models(cwd);
    const port = await freePort();
    const PATH = `${SERVERS}:${process.env.PATH}`;
    const server = begun(
      inServers('mlflow'),
      ['models', 'serve', '-m', 'mlflow', '-p', String(port), '-h', '127.0.0.1', '--env-manager', 'local'],
      cwd,
      surroundings({ PATH }),
    );
    await answers(port, '/ping', server.said);
    const url = `http://127.0.0.1:${port}`;
    const running = await mirror(cwd, ['--live', url, '--shadow', url, '--records', 'records']);
    const forms = [
      (rows: number[][]) => [
        JSON.stringify({ dataframe_split: { columns: ['a', 'b'], data: rows } }),
        'application/json',
      ],
      (rows: number[][]) => [
        JSON.stringify({ dataframe_records: rows.map(([a, b]) => ({ a, b })) }),
        'application/json',
      ],
      (rows: number[][]) => [['a,b', ...rows.map((row) => row.join(','))].join('\n'), 'text/csv'],
    ] as const;
    for (let i = 0; i < 12; i += 1) {
      const [body = '', type] =
        forms[i % forms.length]?.([
          [i, 2.25],
          [3.5, i],
        ]) ?? [];
      const answer = await post(running.port, '/invocations', body, type);
      expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { predictions: [i + 2.25, i + 3.5] }]);
    }
    await stopped(running);
    expect((await reported(cwd)).predictions).toMatchObject({ pairs: 12, rows: 24, task: 'regression', coverage: 1 });
  });
});

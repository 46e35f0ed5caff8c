import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect as connectTcp, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { run } from '../../src/main.ts';
import { ask } from '../mirror/rig.ts';
import { rememberEnvironment } from '../support/environment.ts';
import { capturedIo } from '../support/io.ts';
import { ROWS } from '../support/traffic.ts';
import { isWhole, matrixTest } from '../support/sizes.ts';
import { ARTIFACT_005, ARTIFACT_009, FIXTURES, type TestWorld, testWorld } from '../support/world.ts';

/*
 * A company's network: nothing leads out of it but a proxy, and that opens connections with a certificate of its own.
 * Every command goes through it, and so do STS and SSO.
 */

const HOSTS = ['', '.sagemaker', '.ecr', '.s3', '.sso'].map((service) => `*${service}.us-east-1.amazonaws.com`);
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
let folder: string;
let servers: Server[];
let proxy: string;
/** Hosts that the proxy was asked for, and those that somebody wanted to reach without it. */
let asked: Set<string>;
let direct: string[];
let world: TestWorld;
const restore = rememberEnvironment();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shadowctl-company-'));
  if (!hasOpenssl) return;
  const names = `subjectAltName=${[...HOSTS, 'iam.amazonaws.com', 'sts.amazonaws.com'].map((host) => `DNS:${host}`).join(',')}`;
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'ca.pem')];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...made, '-subj', '/CN=company', '-addext', names, ...files], { stdio: 'ignore' });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

/** @param operation AssumeRole or AssumeRoleWithWebIdentity */
const assumed = (
  operation: string,
) => `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${operation}Result><Credentials>
<AccessKeyId>test</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></${operation}Result></${operation}Response>`;
const SSO = { roleCredentials: { accessKeyId: 'test', secretAccessKey: 's', sessionToken: 't', expiration: 4e12 } };

/** All of AWS: TLS in front of the emulator; roles and SSO give keys that it knows. */
function amazon(): Promise<number> {
  const emulator = new URL(world.emulator.url);
  const tls = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'ca.pem')) };
  const server = createTlsServer(tls, (incoming, reply) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const role = /Action=(AssumeRole\w*)/.exec(body.toString())?.[1];
      if (role !== undefined) return void reply.writeHead(200, { 'content-type': 'text/xml' }).end(assumed(role));
      if (incoming.url?.startsWith('/federation/credentials') === true)
        return void reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(SSO));
      // S3 has the bucket in the name of the host.
      const bucket = /^(.+)\.s3\.us-east-1\./.exec(incoming.headers.host ?? '')?.[1];
      const path = bucket === undefined ? incoming.url : `/${bucket}${incoming.url}`;
      const headers = { ...incoming.headers, host: emulator.host };
      const options = { host: emulator.hostname, port: emulator.port, method: incoming.method, path, headers };
      const onward = request(options, (answer) => {
        reply.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(reply);
      });
      onward.end(body);
    });
  });
  return listen(server);
}

beforeEach(async () => {
  world = await testWorld();
  copyFileSync(join(FIXTURES, 'data/test.csv'), join(world.root, 'test.csv'));
  [servers, asked, direct] = [[], new Set(), []];
  if (!hasOpenssl) return;
  const port = await amazon();
  const server = createServer((_, reply) => reply.writeHead(405).end());
  server.on('connect', (incoming, socket) => {
    asked.add((incoming.url ?? '').replace(/:443$/, ''));
    const there = connectTcp(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      there.pipe(socket).pipe(there);
    });
    there.on('error', () => socket.destroy());
    socket.on('error', () => there.destroy());
  });
  proxy = `http://127.0.0.1:${await listen(server)}`;
  const { connect } = Socket.prototype;
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
    const [first] = args.flat() as { host?: string; path?: string }[];
    const host = first?.host;
    if (first?.path === undefined && host !== undefined && host !== '127.0.0.1' && host !== 'localhost') {
      direct.push(host);
      queueMicrotask(() => this.destroy(Object.assign(new Error('no way out'), { code: 'ENETUNREACH' })));
      return this;
    }
    return Reflect.apply(connect, this, args) as Socket;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  restore();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await world.close();
});

const company = () => ({ AWS_ENDPOINT_URL: undefined, HTTPS_PROXY: proxy, AWS_CA_BUNDLE: join(folder, 'ca.pem') });
const typed = async (line: string, env: Record<string, string | undefined> = {}) => {
  const ended = await world.shadowctl(line, { env: { ...company(), ...env } });
  return { ...ended, words: `${line}: ${ended.out}\n${ended.err}` };
};

const ON = '--endpoint weather';
const BETTER = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;
const OWN = `--artifact ${ARTIFACT_009} --image 000000000000.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1`;

describe.skipIf(!hasOpenssl)('in a network that only a proxy leads out of', () => {
  test('every command does its work, and nothing goes another way', { timeout: 120_000 }, async () => {
    const lines: [string, number][] = [
      [`deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --test test.csv --yes`, 0],
      [`status ${ON}`, 0],
      ['status', 0],
      ['ls --all', 0],
      [`history ${ON}`, 0],
      [`invoke ${ON} --data test.csv --count 3`, 0],
      [`deploy ${ON} ${OWN} --yes`, 0],
      [`doctor ${ON}`, 0],
      [`canary ${ON} ${BETTER} --unguarded --force --yes`, 0],
      [`rollout ${ON} ${BETTER} --steps 50%,100% --plan`, 4],
      [`shadow ${ON} ${BETTER} --sample 100% --yes`, 0],
      [`report ${ON}`, 3],
      [`promote ${ON} --plan`, 3],
      [`keep ${ON} --yes`, 0],
      [`undo ${ON} --yes`, 0],
      [`abort ${ON} --yes`, 2],
      [`prune ${ON} --plan`, 4],
      ['iam-policy', 0],
      ['state show', 0],
      [`cleanup ${ON} --yes`, 0],
    ];
    // A few by day; `npm run matrix` types all.
    const some = /^(deploy .* --test|status --|doctor|cleanup)/;
    for (const [line, code] of lines.filter(([one]) => isWhole('matrix') || some.test(one))) {
      const ended = await typed(line);
      expect([line, ended.code], ended.words).toEqual([line, code]);
    }
    expect(direct).toEqual([]);
    if (!isWhole('matrix')) return;
    expect([...asked].sort()).toEqual([
      'api.ecr.us-east-1.amazonaws.com',
      'api.sagemaker.us-east-1.amazonaws.com',
      'application-autoscaling.us-east-1.amazonaws.com',
      'iam.amazonaws.com',
      'logs.us-east-1.amazonaws.com',
      'monitoring.us-east-1.amazonaws.com',
      'runtime.sagemaker.us-east-1.amazonaws.com',
      's3.us-east-1.amazonaws.com',
      'sagemaker-us-east-1-000000000000.s3.us-east-1.amazonaws.com',
      'sts.us-east-1.amazonaws.com',
    ]);
  });

  matrixTest('a mirror between two endpoints invokes both through it', { timeout: 30_000 }, async () => {
    const line = `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 1 --yes`;
    expect((await typed(line)).code).toBe(0);
    const io = capturedIo();
    const stop = new AbortController();
    const sides = ['--live', 'sagemaker:weather', '--shadow', 'copy=sagemaker:weather'];
    const given = Object.entries({ ...world.env, ...company() }).filter(([, value]) => value !== undefined);
    const ended = run(['mirror', ...sides, '--listen', '0', '--socket', 'control', '--log-format', 'json'], {
      clock: systemClock,
      env: Object.fromEntries(given),
      cwd: world.root,
      signal: stop.signal,
      io: () => io,
    });
    try {
      while (io.errLines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      const { port } = JSON.parse(io.errLines[0] ?? '') as { port: number };
      asked.clear();
      const headers = { 'Content-Type': 'text/csv' };
      const post = () => ask(undefined, port, { method: 'POST', path: '/invocations', headers }, ROWS[0]);
      for (let i = 0; i < 2; i += 1) expect(await post()).toMatchObject({ status: 200 });
      const counted = async () => {
        const { out } = await world.shadowctl('mirror status --socket control');
        return JSON.parse(out).shadows.copy.outcomes;
      };
      for (let i = 0; (await counted()).answered < 2 && i < 200; i += 1)
        await new Promise((resolve) => setTimeout(resolve, 10));
      expect(await counted()).toMatchObject({ answered: 2, refused: 0, broken: 0 });
    } finally {
      stop.abort();
      await ended;
    }
    expect([[...asked], direct]).toEqual([['runtime.sagemaker.us-east-1.amazonaws.com'], []]);
  });

  test.runIf(isWhole('matrix'))('journals in a bucket, too', { timeout: 60_000 }, async () => {
    const { createBucket } = await import('../../src/aws/s3.ts');
    await createBucket(world.aws, 'journals-of-the-team');
    const env = { SHADOWCTL_STATE: 's3://journals-of-the-team/journals' };
    for (const line of [
      `deploy ${ON} --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 1 --yes`,
      `ls`,
      `cleanup ${ON} --yes`,
    ]) {
      const ended = await typed(line, env);
      expect([line, ended.code], ended.words).toEqual([line, 0]);
    }
    expect(direct).toEqual([]);
    expect(asked).toContain('journals-of-the-team.s3.us-east-1.amazonaws.com');
  });

  /** Profiles as people have them; the SDK reads these files of the process's own environment. */
  function profiles(text: string): Record<string, string | undefined> {
    const files = {
      AWS_CONFIG_FILE: join(world.root, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(world.root, 'none'),
    };
    writeFileSync(files.AWS_CONFIG_FILE, text);
    Object.assign(process.env, files, { HOME: world.root });
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name];
    return { ...files, HOME: world.root, AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  }

  test('SSO: its portal is reached through the proxy', { timeout: 30_000 }, async () => {
    const env = profiles(
      '[profile sso]\nsso_session = company\nsso_account_id = 000000000000\nsso_role_name = r\nregion = us-east-1\n' +
        '[sso-session company]\nsso_start_url = https://company.awsapps.com/start\nsso_region = us-east-1\n',
    );
    const cache = join(world.root, '.aws/sso/cache');
    mkdirSync(cache, { recursive: true });
    const token = { accessToken: 'token', expiresAt: '2099-01-01T00:00:00Z' };
    writeFileSync(join(cache, `${createHash('sha1').update('company').digest('hex')}.json`), JSON.stringify(token));
    const ended = await typed('ls --all --profile sso', env);
    expect(ended.code, ended.words).toBe(0);
    expect(asked).toContain('portal.sso.us-east-1.amazonaws.com');
    expect(direct).toEqual([]);
  });

  test.runIf(isWhole('matrix')).each([
    ['a process that prints keys', '[profile p]\nregion = us-east-1\ncredential_process = cat PRINTED\n'],
    [
      'a role through a role',
      '[profile p]\nregion = us-east-1\nrole_arn = arn:aws:iam::000000000000:role/b\nsource_profile = a\n[profile a]\nrole_arn = arn:aws:iam::000000000000:role/a\nsource_profile = own\n[profile own]\naws_access_key_id = a\naws_secret_access_key = b\n',
    ],
    [
      'web identity, as in a cluster',
      '[profile p]\nregion = us-east-1\nrole_arn = arn:aws:iam::000000000000:role/b\nweb_identity_token_file = TOKEN\n',
    ],
  ])('%s', { timeout: 30_000 }, async (_, text) => {
    const printed = join(world.root, 'printed.json');
    const keys = { Version: 1, AccessKeyId: 'test', SecretAccessKey: 's', SessionToken: 't' };
    writeFileSync(printed, JSON.stringify(keys));
    const warned = vi.spyOn(console, 'warn');
    const env = profiles(text.replace('PRINTED', printed).replace('TOKEN', printed));
    const ended = await typed('ls --all --profile p', env);
    expect(ended.code, ended.words).toBe(0);
    expect(asked.has('sts.us-east-1.amazonaws.com')).toBe(true);
    expect(direct).toEqual([]);
    expect(warned).not.toHaveBeenCalled();
  });

  test('roles are taken up in the region at hand, not in us-east-1', { timeout: 30_000 }, async () => {
    const env = profiles(
      '[profile p]\nrole_arn = arn:aws-us-gov:iam::000000000000:role/b\nsource_profile = own\n' +
        '[profile own]\naws_access_key_id = a\naws_secret_access_key = b\n',
    );
    await typed('ls --all --profile p --region us-gov-west-1', env);
    expect([...asked]).toEqual(['sts.us-gov-west-1.amazonaws.com']);
    expect(direct).toEqual([]);
  });

  test('a role that demands MFA: the code is asked for on the terminal', { timeout: 30_000 }, async () => {
    const env = profiles(
      '[profile role]\nrole_arn = arn:aws:iam::000000000000:role/r\nsource_profile = own\nmfa_serial = arn:aws:iam::000000000000:mfa/me\nregion = us-east-1\n' +
        '[profile own]\naws_access_key_id = a\naws_secret_access_key = b\n',
    );
    const io = { ...capturedIo(['123456']), interactive: true };
    const ended = await world.shadowctl('ls --all --profile role', { env: { ...company(), ...env }, io });
    expect(ended.code, `${ended.out}\n${ended.err}`).toBe(0);
    // A code is good for one use: all services share what it gave.
    expect(ended.err.match(/Code from the MFA device/g)).toHaveLength(1);
    expect(asked).toContain('sts.us-east-1.amazonaws.com');
    expect(direct).toEqual([]);
  });

  test('whose certificate is not known: every command ends with the way to name it', { timeout: 60_000 }, async () => {
    const lines = [`deploy ${ON} ${BETTER} --yes`, `status ${ON}`, `report ${ON}`, `doctor ${ON}`, 'ls --all'];
    for (const line of isWhole('matrix') ? lines : lines.slice(0, 1)) {
      const ended = await typed(line, { AWS_CA_BUNDLE: undefined });
      expect(ended.code, ended.words).toBe(2);
      expect(ended.err).toContain('AWS_CA_BUNDLE');
      expect(ended.err).not.toContain('defect');
    }
    expect(direct).toEqual([]);
  });
});

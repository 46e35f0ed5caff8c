import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeAlarms } from '../../src/aws/cloudwatch.ts';
import { type Aws, connect } from '../../src/aws/clients.ts';
import { agentsFor, isDirect, networkOf } from '../../src/aws/proxy.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import { rememberEnvironment } from '../support/environment.ts';
import { type TestWorld, testWorld } from '../support/world.ts';

describe('what the environment says', () => {
  test('lower case wins; a proxy may lack its scheme', () => {
    expect(networkOf({})).toBeUndefined();
    expect(networkOf({ NO_PROXY: 'a' })).toBeUndefined();
    const network = networkOf({ HTTPS_PROXY: 'http://a:1', https_proxy: 'b:2', NO_PROXY: 'x, .y' });
    expect([network?.https?.host, network?.http, network?.direct]).toEqual(['b:2', undefined, ['x', '.y']]);
    expect(() => networkOf({ HTTPS_PROXY: 'socks5://a' })).toThrow('not the URL of a proxy');
  });

  test.each([
    ['localhost', 1, '', true],
    ['127.0.0.1', 1, '', true],
    ['[::1]', 1, '', true],
    ['sts.amazonaws.com', 443, '', false],
    ['sts.amazonaws.com', 443, '*', true],
    ['sts.amazonaws.com', 443, '.amazonaws.com', true],
    ['sts.amazonaws.com', 443, 'amazonaws.com', true],
    ['sts.amazonaws.com', 443, '*.amazonaws.com', true],
    ['sts.amazonaws.com', 443, 'aws.com', false],
    ['sts.amazonaws.com', 443, 'sts.amazonaws.com:80', false],
    ['10.0.0.1', 443, '0.0.1', false],
    ['10.0.0.1', 443, '10.0.0.1', true],
  ])('%s:%i beside NO_PROXY=%s is reached directly: %s', (host, port, direct, expected) => {
    expect(isDirect({ direct: direct === '' ? [] : [direct] }, host, port)).toBe(expected);
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shadowctl-proxy-'));
  if (!hasOpenssl) return;
  const names = 'subjectAltName=DNS:*.us-east-1.amazonaws.com,DNS:*.sagemaker.us-east-1.amazonaws.com';
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'ca.pem')];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...made, '-subj', '/CN=test', '-addext', names, ...files], { stdio: 'ignore' });
});
afterAll(() => rmSync(folder, { recursive: true }));

const ROLE = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;

describe.skipIf(!hasOpenssl)('behind a proxy', () => {
  let world: TestWorld;
  let servers: Server[];
  let tunnels: string[];
  let bodies: string[];
  const restore = rememberEnvironment();

  beforeEach(async () => {
    world = await testWorld();
    [servers, tunnels, bodies] = [[], [], []];
  });
  afterEach(async () => {
    restore();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    await world.close();
  });

  const listen = async (server: Server) => {
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return (server.address() as AddressInfo).port;
  };

  /** AWS: TLS in front of the emulator. */
  async function amazon(): Promise<number> {
    const emulator = new URL(world.aws.target.endpointUrl ?? '');
    const tls = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'ca.pem')) };
    const server = createTlsServer(tls, (asked, reply) => {
      const chunks: Buffer[] = [];
      asked.on('data', (chunk: Buffer) => chunks.push(chunk));
      asked.on('end', () => {
        const body = Buffer.concat(chunks);
        bodies.push(body.toString());
        if (body.includes('Action=AssumeRole'))
          return void reply.writeHead(200, { 'content-type': 'text/xml' }).end(ROLE);
        const headers = { ...asked.headers, host: emulator.host };
        const { method, url: path } = asked;
        const onward = request({ host: emulator.hostname, port: emulator.port, method, path, headers }, (answer) => {
          reply.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(reply);
        });
        onward.end(body);
      });
    });
    return listen(server);
  }

  /** A proxy that leads whatever is asked for to one port; or refuses. */
  async function proxy(port: number, status = 200): Promise<URL> {
    const server = createServer((_, reply) => reply.writeHead(405).end());
    server.on('connect', (asked, socket) => {
      tunnels.push(`${asked.url} ${asked.headers['proxy-authorization'] ?? ''}`.trim());
      if (status !== 200) return void socket.end(`HTTP/1.1 ${status} no\r\n\r\n`);
      const there = connectTcp(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        there.pipe(socket).pipe(there);
      });
      there.on('error', () => socket.destroy());
      socket.on('error', () => there.destroy());
    });
    return new URL(`http://127.0.0.1:${await listen(server)}`);
  }

  const target = { region: 'us-east-1', endpointUrl: undefined, profile: undefined };
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const through = (https: URL, { known = true } = {}) => ({
    https,
    http: undefined,
    direct: [],
    caBundle: known ? join(folder, 'ca.pem') : undefined,
  });
  const using = <T>(aws: Aws, use: (aws: Aws) => Promise<T>) => use(aws).finally(() => aws.close());

  test('every service is reached through it, and nothing else', async () => {
    const url = await proxy(await amazon());
    url.username = 'user';
    url.password = 'p%20w';
    await using(connect({ ...target, credentials, network: through(url) }), async (aws) => {
      expect(await aws.account()).toBe('000000000000');
      expect(await describeEndpoint(aws, 'never')).toBeUndefined();
      expect(await describeAlarms(aws, ['never'])).toEqual([]);
    });
    const login = `Basic ${Buffer.from('user:p w').toString('base64')}`;
    expect(tunnels).toEqual([
      `sts.us-east-1.amazonaws.com:443 ${login}`,
      `api.sagemaker.us-east-1.amazonaws.com:443 ${login}`,
      `monitoring.us-east-1.amazonaws.com:443 ${login}`,
    ]);
  });

  test('a role of a profile, with a code of MFA, is taken up through it, too', async () => {
    const url = await proxy(await amazon());
    const config = join(folder, 'config');
    writeFileSync(
      config,
      '[profile role]\nrole_arn = arn:aws:iam::000000000000:role/r\nsource_profile = own\nmfa_serial = arn:aws:iam::000000000000:mfa/me\nregion = us-east-1\n[profile own]\naws_access_key_id = a\naws_secret_access_key = b\n',
    );
    Object.assign(process.env, { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none') });
    const asked: string[] = [];
    const mfaCode = async (serial: string) => {
      asked.push(serial);
      return '123456';
    };
    const aws = connect({ ...target, profile: 'role', credentials: undefined, network: through(url), mfaCode });
    await using(aws, (one) => describeEndpoint(one, 'never'));
    expect(asked).toEqual(['arn:aws:iam::000000000000:mfa/me']);
    expect(bodies[0]).toContain('TokenCode=123456');
    expect(tunnels.map((one) => one.split(':')[0])).toEqual([
      'sts.us-east-1.amazonaws.com',
      'api.sagemaker.us-east-1.amazonaws.com',
    ]);
  });

  test('that refuses, or is not there, is named', async () => {
    const refusing = connect({ ...target, credentials, network: through(await proxy(1, 407)) });
    await expect(using(refusing, (aws) => aws.account())).rejects.toMatchObject({
      code: 'ProxyError',
      message: expect.stringContaining('refused sts.us-east-1.amazonaws.com:443 (407)'),
      next: expect.stringContaining('HTTPS_PROXY'),
    });
    const gone = connect({ ...target, credentials, network: through(new URL('http://127.0.0.1:1')) });
    await expect(using(gone, (aws) => aws.account())).rejects.toMatchObject({
      message: expect.stringContaining('the proxy http://127.0.0.1:1 does not answer (ECONNREFUSED)'),
    });
  });

  test('whose certificate nobody knows asks for AWS_CA_BUNDLE', async () => {
    const aws = connect({ ...target, credentials, network: through(await proxy(await amazon()), { known: false }) });
    const caught = await using({ ...aws, close: aws.close }, (one) => one.account()).catch((error: unknown) => error);
    expect(caught).toMatchObject({ next: expect.stringContaining('AWS_CA_BUNDLE') });
  });
});

test('a bundle that is none is told, and not passed over', async () => {
  const place = mkdtempSync(join(tmpdir(), 'shadowctl-bundle-'));
  const file = join(place, 'none.pem');
  writeFileSync(file, 'hello');
  expect(() => agentsFor({ https: undefined, http: undefined, direct: [], caBundle: file }, {})).toThrow(
    'holds no certificate',
  );
  rmSync(place, { recursive: true });
});

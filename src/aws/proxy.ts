import { readFileSync } from 'node:fs';
import { type Agent as HttpAgent, request } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions, request as requestTls, type RequestOptions } from 'node:https';
import { connect as connectNet, isIP, type NetConnectOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { environmentError } from '../base/errors.ts';

/** How requests leave the machine, as the AWS CLI reads it from the environment. */
export interface Network {
  /** URL of the proxy for https:// and for http://; undefined: none. */
  https: URL | undefined;
  http: URL | undefined;
  /** Hosts that are reached without it: NO_PROXY, in parts. */
  direct: readonly string[];
  /** A file of certificates that are trusted beside the usual ones: AWS_CA_BUNDLE. */
  caBundle: string | undefined;
}

/** The code of errors that come from the proxy, and not from what is behind it. */
const PROXY_ERROR = 'ProxyError';

/**
 * What the environment says of proxies and certificates; undefined where it says nothing. Names in lower case win, as they
 * do for curl and the AWS CLI.
 *
 * @throws Problem (cannot-run) where a proxy is no URL
 */
export function networkOf(env: Readonly<Record<string, string | undefined>>): Network | undefined {
  const of = (name: string) => [env[name.toLowerCase()], env[name]].find((one) => one !== undefined && one !== '');
  const url = (name: string) => {
    const words = of(name);
    if (words === undefined) return undefined;
    const full = /^[a-z][a-z\d+.-]*:\/\//i.test(words) ? words : `http://${words}`;
    if (!URL.canParse(full) || !/^https?:/i.test(full))
      throw environmentError(
        `${name} is "${words}", which is not the URL of a proxy.`,
        'Write it like http://proxy:8080.',
      );
    return new URL(full);
  };
  const network = {
    https: url('HTTPS_PROXY'),
    http: url('HTTP_PROXY'),
    direct: (of('NO_PROXY') ?? '').split(/[\s,]+/).filter((one) => one !== ''),
    caBundle: of('AWS_CA_BUNDLE'),
  };
  const says = network.https !== undefined || network.http !== undefined || network.caBundle !== undefined;
  return says ? network : undefined;
}

/** Is this host reached without the proxy? The machine itself always is; `NO_PROXY` names hosts, domains, `host:port` or `*`. */
export function isDirect({ direct }: Pick<Network, 'direct'>, host: string, port: number): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1' || name.startsWith('127.')) return true;
  return direct.some((entry) => {
    if (entry === '*') return true;
    const [, domain = '', only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (only !== undefined && Number(only) !== port) return false;
    return domain !== '' && (name === domain || (isIP(name) === 0 && name.endsWith(`.${domain}`)));
  });
}

/**
 * Agents for the SDK: https:// goes through a tunnel of the proxy (CONNECT), as does http:// to a URL of the user's own.
 *
 * @throws Problem (cannot-run) where AWS_CA_BUNDLE cannot be read
 */
export function agentsFor(network: Network, options: AgentOptions): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } {
  const bundle = network.caBundle === undefined ? undefined : readBundle(network.caBundle);
  // Read once: as an option of each connection, an agent would write all certificates into the name of each request.
  let made: SecureContext | undefined;
  const trusted = () => {
    if (bundle === undefined) return {};
    made ??= createSecureContext({ ca: [...rootCertificates, bundle] });
    return { secureContext: made };
  };
  const agent = (proxy: URL | undefined, secure: boolean) =>
    new TunnelAgent({ keepAlive: true, ...options }, { network, proxy, secure, trusted });
  const httpsAgent = agent(network.https, true);
  // An agent for https:// may stand for one of http://: it only makes connections.
  const plain = agent(network.http, false);
  Object.assign(plain, { protocol: 'http:', defaultPort: 80 });
  return { httpAgent: plain, httpsAgent };
}

/** Where a connection is to lead. */
interface Destination {
  host: string;
  port: number;
  /** With TLS. */
  secure: boolean;
  ALPNProtocols?: string[];
}

/** Makes a connection; `made` is called once, with what failed on the way or what may be written to. */
type Connect = (to: Destination, made: (error: Error | null, socket?: Duplex) => void) => void;

/**
 * Connections as the SDK's clients make them, for whoever speaks HTTP without them: the same proxies, exceptions and certificates.
 *
 * @throws Problem (cannot-run) where AWS_CA_BUNDLE cannot be read
 */
export function connector(network: Network): Connect {
  const { httpAgent, httpsAgent } = agentsFor(network, {});
  return ({ secure, ...to }, made) => {
    let called = false;
    const once = (error: Error | null, socket?: Duplex | null) => {
      if (called || (error === null && !socket)) return;
      called = true;
      made(error, socket ?? undefined);
    };
    // One that leads there directly is given at once.
    once(null, (secure ? httpsAgent : httpAgent).createConnection(to, once));
  };
}

function readBundle(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    // Node passes over what is no certificate, and then trusts nobody more than before.
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  } catch (error) {
    throw environmentError(
      `AWS_CA_BUNDLE names ${path}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      'Correct the path, or unset AWS_CA_BUNDLE.',
      error,
    );
  }
  throw environmentError(
    `AWS_CA_BUNDLE names ${path}, which holds no certificate in PEM (-----BEGIN CERTIFICATE-----).`,
    'Convert it, as by: openssl x509 -inform der -in FILE -out ca.pem',
  );
}

type Made = (error: Error | null, socket: Duplex) => void;

/** Where there is an error there is no connection, though the types of Node want one. */
const NONE = undefined as unknown as Duplex;

interface Way {
  network: Network;
  proxy: URL | undefined;
  secure: boolean;
  /** Whose certificates a connection by TLS takes, where the user names some. */
  trusted(): { secureContext?: SecureContext };
}

/** Makes connections through a proxy, but for hosts that are reached directly. */
class TunnelAgent extends HttpsAgent {
  readonly #way: Way;

  constructor(options: AgentOptions, way: Way) {
    super(options);
    this.#way = way;
  }

  override createConnection(options: RequestOptions, made?: Made): Duplex | null | undefined {
    const { network, proxy, secure, trusted } = this.#way;
    const host = options.host ?? 'localhost';
    const port = Number(options.port ?? (secure ? 443 : 80));
    if (proxy === undefined || isDirect(network, host, port)) return this.#direct(options, made);
    tunnel(proxy, host, port, (error, socket) => {
      if (error !== null || socket === undefined) return made?.(error ?? new Error('no connection'), NONE);
      if (!secure) return made?.(null, socket);
      const servername = isIP(host) === 0 ? host : undefined;
      const tls = connectTls({ ...(options as object), ...trusted(), socket, servername });
      return made?.(null, tls);
    });
    return undefined;
  }

  #direct(options: RequestOptions, made: Made | undefined): Duplex | null | undefined {
    if (this.#way.secure) return super.createConnection({ ...options, ...this.#way.trusted() }, made);
    // What an agent for http:// does.
    return connectNet(options as NetConnectOpts);
  }
}

/** A connection to a host through a proxy. Whatever fails on the way is a `ProxyError` that names the proxy. */
function tunnel(proxy: URL, host: string, port: number, made: (error: Error | null, socket?: Socket) => void): void {
  const failed = (words: string, cause?: unknown) =>
    made(Object.assign(new Error(words, { cause }), { name: PROXY_ERROR, code: PROXY_ERROR }));
  const login =
    proxy.username === '' ? undefined : `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const named = `the proxy ${proxy.protocol}//${proxy.host}`;
  const asked = (proxy.protocol === 'https:' ? requestTls : request)({
    host: proxy.hostname,
    port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
    method: 'CONNECT',
    path: `${host}:${port}`,
    headers: {
      host: `${host}:${port}`,
      ...(login === undefined ? {} : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
    },
    agent: false,
    timeout: 5_000,
  });
  asked.once('connect', ({ statusCode = 0 }, socket) => {
    if (statusCode === 200) return made(null, socket);
    socket.destroy();
    return failed(`${named} refused ${host}:${port} (${statusCode})`);
  });
  asked.once('response', ({ statusCode }) => {
    asked.destroy();
    failed(`${named} refused ${host}:${port} (${statusCode})`);
  });
  asked.once('timeout', () => asked.destroy(new Error('no answer in 5 s')));
  asked.once('error', (error: NodeJS.ErrnoException) =>
    failed(`${named} does not answer (${error.code ?? error.message})`, error),
  );
  asked.end();
}

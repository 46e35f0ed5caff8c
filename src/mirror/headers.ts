/** Headers between the two sides of a proxy, as flat lists of name, value, name, value: order and case stay. Pure. */
export type RawHeaders = readonly string[];

/** Tells a copy from a real request: its value is the name of the shadow. Callers cannot set it; see docs/mirror.md. */
export const COPY_HEADER = 'x-shadowctl-copy';
/** Of a copy: the mirror's number of the request, `eventId` in the records. */
const ID_HEADER = 'x-shadowctl-id';
/** Of an answer that the candidate of a canary gave: its name. */
export const ANSWERED_HEADER = 'x-shadowctl-answered-by';
/** Of an answer that is the mirror's own: why. */
export const ERROR_HEADER = 'x-shadowctl-error';

/** Of one connection, never passed on (RFC 9110, 7.6.1). Transfer-Encoding is: this side frames anew by it. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'upgrade',
  'http2-settings',
]);

/** Made anew for a copy, which is sent whole, at once. */
const OF_THE_MESSAGE = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'trailer',
  'expect',
  'forwarded',
  COPY_HEADER,
  ID_HEADER,
]);

/** What lets somebody in. Names that end or begin so are credentials, too: see `isCredential`. */
const CREDENTIALS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'api-key',
  'apikey',
  'x-api-key',
  'x-goog-api-key',
  'x-functions-key',
  'ocp-apim-subscription-key',
  'x-amz-security-token',
  'x-amz-date',
  'x-amz-content-sha256',
  'x-forwarded-client-cert',
  'x-csrf-token',
  'x-xsrf-token',
]);

/** What is known of a header's name: callers send the same few again and again, and looking at each costs more than sending it. */
interface Named {
  lower: string;
  hopByHop: boolean;
  /** No shadow is sent it: it lets somebody in, or is made anew for a copy. */
  notForShadows: boolean;
}

const known = new Map<string, Named>();
/** Names that are remembered: whoever makes them up cannot fill the memory. */
const MAX_KNOWN = 1_000;

function named(name: string): Named {
  const found = known.get(name);
  if (found !== undefined) return found;
  const lower = name.toLowerCase();
  const made = {
    lower,
    hopByHop: HOP_BY_HOP.has(lower),
    notForShadows: OF_THE_MESSAGE.has(lower) || isCredential(lower) || lower.startsWith('x-forwarded-'),
  };
  if (known.size < MAX_KNOWN) known.set(name, made);
  return made;
}

/** @param name in lower case */
export function isCredential(name: string): boolean {
  return CREDENTIALS.has(name) || /(token|secret|password|signature|credentials?|session-key)$/.test(name);
}

/** Parameters of a query that let somebody in. */
const QUERY_CREDENTIAL = /^(api[-_]?key|key|code|sig|signature|token|access_token|auth|password|secret|x-amz-.*)$/i;

/** A query without credentials. @param query with its `?`, or empty */
export function withoutQueryCredentials(query: string): string {
  if (query.length < 2) return query;
  const kept = query
    .slice(1)
    .split('&')
    .filter((part) => !QUERY_CREDENTIAL.test(decoded(part.split('=', 1)[0] ?? '')));
  return kept.length === 0 ? '' : `?${kept.join('&')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The value of a header, the first where there are several; undefined where there is none. @param name in lower case */
export function headerValue(raw: RawHeaders, name: string): string | undefined {
  for (let i = 0; i < raw.length; i += 2)
    if ((raw[i] as string).length === name.length && (raw[i] as string).toLowerCase() === name) return raw[i + 1];
  return undefined;
}

/** Milliseconds for which a `Keep-Alive` header says that the connection stays, less a second; undefined: it does not say. */
export function keepAliveOf(value: string): number | undefined {
  const [, seconds] = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(value) ?? [];
  return seconds === undefined ? undefined : Math.max(0, Number(seconds) * 1000 - 1000);
}

/** What the `Connection` header names is of one connection, too. */
function connectionNamed(raw: RawHeaders): Set<string> | undefined {
  let found: Set<string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    if ((raw[i] as string).length !== 10 || (raw[i] as string).toLowerCase() !== 'connection') continue;
    for (const one of (raw[i + 1] as string).split(',')) {
      const name = one.trim().toLowerCase();
      // What a message cannot be read without is passed on, whoever asks for its removal.
      if (name === '' || name === 'close' || name === 'keep-alive' || UNREMOVABLE.has(name)) continue;
      found ??= new Set();
      found.add(name);
    }
  }
  return found;
}

const UNREMOVABLE = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'trailer',
  'authorization',
  'cache-control',
  'cookie',
]);

/** A message's headers as they are passed on: without those of one connection. */
export function passedOn(raw: RawHeaders, drop?: (name: Named) => boolean): string[] {
  const ofConnection = connectionNamed(raw);
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = named(raw[i] as string);
    if (name.hopByHop || ofConnection?.has(name.lower) === true || drop?.(name) === true) continue;
    kept.push(raw[i] as string, raw[i + 1] as string);
  }
  return kept;
}

/** What a request tells of its caller. */
export interface Caller {
  address: string;
  secure: boolean;
}

/** Headers of a request as the live side gets it. @param host in place of the caller's; undefined keeps that */
export function towardsLive(raw: RawHeaders, caller: Caller, host: string | undefined): string[] {
  const ofConnection = connectionNamed(raw);
  const kept: string[] = host === undefined ? [] : ['Host', host];
  let through = '';
  let asked: string | undefined;
  let proto = false;
  let askedBefore = false;
  for (let i = 0; i < raw.length; i += 2) {
    const [name, value] = [named(raw[i] as string), raw[i + 1] as string];
    if (name.hopByHop || ofConnection?.has(name.lower) === true) continue;
    switch (name.lower) {
      case COPY_HEADER:
      case ID_HEADER:
        continue;
      case 'x-forwarded-for':
        through += `${value}, `;
        continue;
      case 'x-forwarded-proto':
        proto = true;
        break;
      case 'x-forwarded-host':
        askedBefore = true;
        break;
      case 'host':
        asked = value;
        if (host !== undefined) continue;
        break;
      default:
    }
    kept.push(raw[i] as string, value);
  }
  kept.push('X-Forwarded-For', through + caller.address);
  if (!proto) kept.push('X-Forwarded-Proto', caller.secure ? 'https' : 'http');
  if (host !== undefined && asked !== undefined && !askedBefore) kept.push('X-Forwarded-Host', asked);
  return kept;
}

/** Headers with some replaced, whatever their case. */
export function withOwn(headers: string[], own: readonly string[]): string[] {
  if (own.length === 0) return headers;
  const names = new Set(own.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (!names.has((headers[i] as string).toLowerCase())) kept.push(headers[i] as string, headers[i + 1] as string);
  return [...kept, ...own];
}

/** Headers of a copy: without credentials, unless it is for a side that callers trust anyway; framed by its length, and marked. */
export function towardsShadow(
  raw: RawHeaders,
  copy: {
    shadow: string;
    id: string;
    host: string;
    length: number;
    drop: ReadonlySet<string>;
    own: readonly string[];
    trusted?: boolean;
  },
): string[] {
  const leftOut = ({ lower, notForShadows }: Named) =>
    copy.trusted === true ? OF_THE_MESSAGE.has(lower) : notForShadows || copy.drop.has(lower);
  const kept = passedOn(raw, leftOut);
  kept.unshift('Host', copy.host);
  kept.push('Content-Length', String(copy.length), COPY_HEADER, copy.shadow, ID_HEADER, copy.id, ...copy.own);
  return kept;
}

import { resolve } from 'node:path';
import * as v from 'valibot';
import { usageError } from '../base/errors.ts';
import { checked } from '../base/schema.ts';
import { parseDuration, parsePercent, parseSize } from '../base/units.ts';
import { parsePath } from '../analysis/answers/path.ts';
import { parseSlice } from './slices.ts';
import {
  type Address,
  DEFAULT_BOUNDS,
  DEFAULT_RECORDS,
  DEFAULT_SHADOW,
  FALLBACKS,
  type CanaryConfig,
  type MirrorConfig,
  type SampleBy,
  type ShadowConfig,
  type SideTarget,
} from './config.ts';

const TEXT = 'a text';
const text = v.pipe(v.string(TEXT), v.nonEmpty(TEXT));
/** YAML reads a port as a number. */
const address = v.union([text, v.pipe(v.number(), v.integer(), v.transform(String))], 'an address like 127.0.0.1:8080');
const words = v.array(text, 'list of texts');
const DURATION = 'a duration like 90s, 30m or 1h30m';
const duration = v.pipe(
  v.string(DURATION),
  v.check((one) => (parseDuration(one) ?? 0) > 0, DURATION),
  v.transform((one) => parseDuration(one) ?? 0),
);
const SIZE = 'a size like 500kB or 6MB';
const size = v.pipe(
  v.string(SIZE),
  v.check((one) => (parseSize(one) ?? 0) > 0, SIZE),
  v.transform((one) => Math.floor(parseSize(one) ?? 0)),
);
const SHARE = 'a share like 10%, above 0 and at most 100%';
const share = v.pipe(
  v.string(SHARE),
  v.check((one) => (parsePercent(one) ?? 0) > 0 && (parsePercent(one) ?? 2) <= 1, SHARE),
  v.transform((one) => parsePercent(one) ?? 1),
);
const positive = (expected: string) => v.pipe(v.number(expected), v.integer(expected), v.minValue(1, expected));
const COUNT = 'a whole number above 0';
const flag = v.boolean('true or false');
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const NAME = 'the name of a header';
const PATH = 'a path that begins with /, of ASCII characters without spaces';
const headerName = v.pipe(v.string(NAME), v.regex(HEADER, NAME));

const shadowSchema = v.strictObject({
  url: text,
  region: v.optional(text),
  profile: v.optional(text),
  share: v.optional(share),
  by: v.optional(text),
  seed: v.optional(text),
  path: v.optional(v.pipe(v.string(PATH), v.regex(/^\/[!-~]*$/, PATH))),
  headers: v.optional(v.record(headerName, v.union([text, v.strictObject({ env: text })], 'a text, or { env: NAME }'))),
  timeout: v.optional(duration),
  concurrency: v.optional(positive(COUNT)),
  queue: v.optional(positive(COUNT)),
});

const FALLBACK = `one of ${FALLBACKS.join(', ')}`;
const canarySchema = v.strictObject({
  shadow: v.optional(text),
  share: v.optional(share),
  by: v.optional(text),
  slices: v.optional(words),
});

/** One configuration file, or what flags say in its place. */
export const settingsSchema = v.strictObject({
  listen: v.optional(address),
  tls: v.optional(v.strictObject({ cert: text, key: text })),
  control: v.optional(address),
  socket: v.optional(text),
  live: v.optional(
    v.union(
      [
        text,
        v.strictObject({
          url: text,
          region: v.optional(text),
          profile: v.optional(text),
          keepHost: v.optional(flag),
        }),
      ],
      'a URL, or keys with values',
    ),
  ),
  shadows: v.optional(v.record(text, v.union([text, shadowSchema], 'a URL, or keys with values'))),
  canary: v.optional(v.union([share, canarySchema], 'a share like 10%, or keys with values')),
  fallback: v.optional(v.picklist(FALLBACKS, FALLBACK)),
  paths: v.optional(words),
  dropHeaders: v.optional(words),
  idHeader: v.optional(headerName),
  cancelWithClient: v.optional(flag),
  bounds: v.optional(
    v.strictObject({
      request: v.optional(size),
      answer: v.optional(size),
      memory: v.optional(size),
      headersTimeout: v.optional(duration),
      requestTimeout: v.optional(duration),
      idle: v.optional(duration),
      liveIdle: v.optional(duration),
      drain: v.optional(duration),
    }),
  ),
  records: v.optional(
    v.strictObject({
      folder: text,
      rotateBytes: v.optional(size),
      rotateAfter: v.optional(duration),
      bodies: v.optional(flag),
      redact: v.optional(words),
      keepBytes: v.optional(size),
      keepFor: v.optional(duration),
      upload: v.optional(v.pipe(text, v.startsWith('s3://', 'an S3 URI like s3://bucket/prefix'))),
    }),
  ),
});

/** As it is written, before it is checked. */
export type Settings = v.InferInput<typeof settingsSchema>;

/** Where a setting comes from, for what is wrong with it; and what it may refer to. */
export interface SettingsContext {
  /** The file, or the command line. */
  where: string;
  /** Relative paths are of this folder. */
  folder: string;
  env: Readonly<Record<string, string | undefined>>;
  readFile: (path: string, what: string) => string;
}

const LISTEN = '127.0.0.1:8080';

/**
 * A configuration, checked and complete.
 * @throws Problem (usage) with every mistake
 */
export function readSettings(content: unknown, context: SettingsContext): MirrorConfig {
  const { where, folder, readFile } = context;
  const given = checked(settingsSchema, content, where, 'The keys: shadowctl mirror --schema');
  if (given.live === undefined)
    throw usageError(`${where}: no live side is named.`, 'Name the server that answers today: --live URL.');
  const shadows = Object.entries(given.shadows ?? {});
  if (shadows.length === 0)
    throw usageError(`${where}: no shadow is named.`, 'Name the server that is to get copies: --shadow URL.');
  const live = typeof given.live === 'string' ? { url: given.live } : given.live;
  const { tls } = given;
  for (const path of given.paths ?? [])
    if (!path.startsWith('/')) throw usageError(`${where}: the path "${path}" does not begin with /.`);
  for (const path of given.records?.redact ?? []) parsePath(path);
  return {
    listen: readAddress(given.listen ?? LISTEN, `${where}: listen`),
    tls: tls && {
      cert: readFile(resolve(folder, tls.cert), 'certificate'),
      key: readFile(resolve(folder, tls.key), 'key'),
    },
    control: given.control === undefined ? undefined : readAddress(given.control, `${where}: control`),
    socket: given.socket === undefined ? undefined : resolve(folder, given.socket),
    live: {
      target: readTarget(live, `${where}: live`),
      keepHost: live.keepHost ?? false,
      path: undefined,
      headers: {},
    },
    shadows: shadows.map(([name, one]) => readShadow(name, typeof one === 'string' ? { url: one } : one, context)),
    canary: given.canary === undefined ? undefined : readCanary(given, context),
    fallback: given.fallback ?? 'unreachable',
    paths: given.paths ?? [],
    dropHeaders: (given.dropHeaders ?? []).map((name) => name.toLowerCase()),
    idHeader: given.idHeader?.toLowerCase(),
    cancelWithClient: given.cancelWithClient ?? false,
    bounds: { ...DEFAULT_BOUNDS, ...defined(given.bounds ?? {}) },
    records: given.records && {
      ...DEFAULT_RECORDS,
      ...defined(given.records),
      folder: resolve(folder, given.records.folder),
    },
  };
}

/** @throws Problem (usage) where it names no shadow, or has nowhere to be written down */
function readCanary(
  { canary, shadows = {}, records }: v.InferOutput<typeof settingsSchema>,
  { where }: SettingsContext,
): CanaryConfig {
  const here = `${where}: canary`;
  const {
    shadow,
    share: given,
    by = 'request',
    slices = [],
  } = typeof canary === 'number' ? { share: canary } : (canary ?? {});
  const names = Object.keys(shadows);
  const name = shadow ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined || !names.includes(name))
    throw usageError(
      shadow === undefined
        ? `${here}: there are several shadows, and it is not said which one answers.`
        : `${here}: there is no shadow "${shadow}".`,
      `Name one of ${names.join(', ')}.`,
    );
  if (given === undefined && slices.length === 0)
    throw usageError(`${here}: neither a share nor slices are named.`, 'Write a share like 10%.');
  if (records === undefined)
    throw usageError(
      `${here}: it takes records, beside which it is written down who answers.`,
      'Name a folder: --records FOLDER.',
    );
  readBy(by, here);
  for (const slice of slices) parseSlice(slice, here);
  return { shadow: name, share: given ?? 0, by, slices };
}

/** A folder of records holds these beside those of the shadows. */
const TAKEN = ['live', 'runs', 'production'];

function readShadow(
  name: string,
  given: v.InferOutput<typeof shadowSchema>,
  { where, env }: SettingsContext,
): ShadowConfig {
  const here = `${where}: shadow ${name}`;
  if (!/^[A-Za-z0-9_-]{1,63}$/.test(name) || TAKEN.includes(name))
    throw usageError(
      `${here}: this cannot be the name of a shadow.`,
      `Names have letters, digits, - and _, and are not ${TAKEN.join(', ')}.`,
    );
  const { url, region, profile, by, headers = {}, ...rest } = given;
  return {
    ...DEFAULT_SHADOW,
    ...defined(rest),
    name,
    target: readTarget({ url, region, profile }, here),
    by: by === undefined ? DEFAULT_SHADOW.by : readBy(by, here),
    headers: Object.fromEntries(
      Object.entries(headers).map(([header, value]) => {
        const found = typeof value === 'string' ? value : env[value.env];
        if (found !== undefined && !/^[\t -~\x80-\xff]*$/.test(found))
          throw usageError(`${here}: the value of the header ${header} holds characters that no header may hold.`);
        if (typeof value === 'string') return [header, value];
        if (found === undefined || found === '')
          throw usageError(
            `${here}: the environment variable ${value.env}, which the header ${header} takes its value from, is not set.`,
          );
        return [header, found];
      }),
    ),
  };
}

/** `request`, `session`, `header:NAME` or `cookie:NAME`. @throws Problem (usage) */
export function readBy(words: string, where: string): SampleBy {
  if (words === 'request') return { kind: 'request' };
  // Stateful sessions of SageMaker are named so.
  if (words === 'session') return { kind: 'header', name: 'x-amzn-sagemaker-session-id' };
  const [, kind, name = ''] = /^(header|cookie):(.+)$/.exec(words) ?? [];
  if (kind === 'header' && HEADER.test(name)) return { kind, name: name.toLowerCase() };
  if (kind === 'cookie' && HEADER.test(name)) return { kind, name };
  throw usageError(`${where}: by "${words}" is not known.`, 'Write request, session, header:NAME or cookie:NAME.');
}

function readTarget(
  { url, region, profile }: { url: string; region?: string | undefined; profile?: string | undefined },
  where: string,
): SideTarget {
  const [, endpoint, at] = /^sagemaker:([A-Za-z0-9](?:-*[A-Za-z0-9])*)(?:@([a-z0-9-]+))?$/.exec(url) ?? [];
  if (endpoint !== undefined) return { kind: 'sagemaker', endpoint, region: at ?? region, profile };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    throw usageError(
      `${where}: "${url}" is not the address of a model server.`,
      'Give a URL like http://127.0.0.1:8501, or sagemaker:NAME for an endpoint.',
    );
  if (parsed.username !== '' || parsed.password !== '')
    throw usageError(
      `${where}: the URL holds a user or a password, which lists of processes and records would show.`,
      'Leave it out. What a shadow needs stands under headers, as { env: NAME }.',
    );
  if (parsed.search !== '' || parsed.hash !== '')
    throw usageError(`${where}: "${url}" has a query or a fragment; requests bring their own.`, 'Leave it out.');
  return { kind: 'http', url };
}

/** `HOST:PORT`, `[::1]:8080`, or a port of this machine alone. @throws Problem (usage) */
export function readAddress(words: string, where: string): Address {
  const [, six, host = six ?? '127.0.0.1', port] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(words) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw usageError(`${where}: "${words}" is not an address.`, 'Write it like 127.0.0.1:8080.');
  return { host, port: Number(port) };
}

/** What was said, without what was not. */
function defined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}

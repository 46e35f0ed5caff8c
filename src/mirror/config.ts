/** What a mirror is told, checked and complete: every default is filled in. Plain data. */
export interface MirrorConfig {
  listen: Address;
  /** Certificate and key, PEM; undefined: plain HTTP. */
  tls: { cert: string; key: string } | undefined;
  /** Where /healthz and /metrics are; undefined: nowhere. */
  control: Address | undefined;
  /** A Unix socket for status, reload and stop; undefined: none. */
  socket: string | undefined;
  live: LiveConfig;
  shadows: readonly ShadowConfig[];
  /** A part of the live requests is the candidate's from the start; undefined: none is, until somebody says so. */
  canary: CanaryConfig | undefined;
  /** When a request that the candidate did not answer goes to the live side after all. */
  fallback: Fallback;
  /** POSTs on these paths are mirrored, beside the known routes; `*` stands for any characters but a slash. */
  paths: readonly string[];
  /** Headers that no shadow is sent, beside credentials; lower case. */
  dropHeaders: readonly string[];
  /** The caller's header that holds the pair's key; lower case. */
  idHeader: string | undefined;
  /** A copy ends with a caller who goes away. */
  cancelWithClient: boolean;
  bounds: Bounds;
  records: RecordsConfig | undefined;
}

export interface Address {
  host: string;
  port: number;
}

/** Where requests go: a server, or an endpoint of SageMaker. */
export type SideTarget =
  | { kind: 'http'; url: string }
  | { kind: 'sagemaker'; endpoint: string; region: string | undefined; profile: string | undefined };

interface LiveConfig {
  target: SideTarget;
  /** The caller's Host is passed on; else it is that of the live server. */
  keepHost: boolean;
  /** In place of the request's path; undefined: the same. A promoted shadow brings its own. */
  path: string | undefined;
  /** Sent to it in place of the caller's, likewise. */
  headers: Readonly<Record<string, string>>;
}

/** What the configuration says of a canary; what was said since is in the router's state. */
export interface CanaryConfig {
  shadow: string;
  /** 0 to 1. */
  share: number;
  /** As it is written: `request`, `header:X-User`, … */
  by: string;
  /** As they are written: `header:x-country=DE`, … */
  slices: readonly string[];
}

/**
 * A request that the candidate failed goes to the live side:
 *
 * - `unreachable`: where no connection came about, so that the candidate saw nothing of it
 * - `failures`: also after a 5xx, a connection that broke, or no answer in time: for models that do nothing but answer
 * - `none`: never
 */
export const FALLBACKS = ['unreachable', 'failures', 'none'] as const;
export type Fallback = (typeof FALLBACKS)[number];

export interface ShadowConfig {
  /** Letters, digits, - and _: the folder of its records. */
  name: string;
  target: SideTarget;
  /** Of the mirrored requests, 0 to 1. */
  share: number;
  /** What is drawn: single requests, or all of one value of a header or cookie. */
  by: SampleBy;
  /** Makes the draw another one. */
  seed: string;
  /** In place of the request's path; undefined: the same. */
  path: string | undefined;
  /** Sent to this shadow alone, like a token of its own; names as they are to be sent. */
  headers: Readonly<Record<string, string>>;
  /** Milliseconds from the end of the request, waiting included, after which a copy is given up. */
  timeout: number;
  /** Copies that are under way at the same time, and that wait beside them. */
  concurrency: number;
  queue: number;
  /** It was live before: callers' credentials reach it as they did then. Else no shadow is sent any. */
  trusted: boolean;
}

export type SampleBy = { kind: 'request' } | { kind: 'header' | 'cookie'; name: string };

export interface Bounds {
  /** Bytes of a request, and of an answer, beyond which it is not kept. */
  request: number;
  answer: number;
  /** Bytes of bodies and records in memory: a half for copies, a quarter each for what is under way and what is to be written. */
  memory: number;
  /** Milliseconds for a caller to send the headers, and the whole request. */
  headersTimeout: number;
  requestTimeout: number;
  /** Milliseconds that a connection without requests stays open: of callers, and to the live side. */
  idle: number;
  liveIdle: number;
  /** Milliseconds that requests under way may take to end when the mirror is stopped. */
  drain: number;
}

export interface RecordsConfig {
  folder: string;
  /** Bytes and milliseconds after which a new file is begun. */
  rotateBytes: number;
  rotateAfter: number;
  /** False: of requests only the hash is kept. */
  bodies: boolean;
  /** JSON paths whose values are replaced, in requests and answers. */
  redact: readonly string[];
  /** Bytes of all record files, and milliseconds of each, beyond which the oldest are removed; undefined: none is. */
  keepBytes: number | undefined;
  keepFor: number | undefined;
  /** `s3://bucket/prefix` for finished files. */
  upload: string | undefined;
}

const MB = 1024 * 1024;

export const DEFAULT_BOUNDS: Bounds = {
  request: 6 * MB,
  answer: 6 * MB,
  memory: 60 * MB,
  headersTimeout: 15_000,
  requestTimeout: 300_000,
  idle: 75_000,
  liveIdle: 1_500,
  drain: 30_000,
};

export const DEFAULT_SHADOW: Omit<ShadowConfig, 'name' | 'target'> = {
  share: 1,
  by: { kind: 'request' },
  seed: 'shadowctl',
  path: undefined,
  headers: {},
  timeout: 30_000,
  concurrency: 64,
  queue: 1_000,
  trusted: false,
};

export const DEFAULT_RECORDS: Omit<RecordsConfig, 'folder'> = {
  rotateBytes: 64 * MB,
  rotateAfter: 5 * 60_000,
  bodies: true,
  redact: [],
  keepBytes: undefined,
  keepFor: undefined,
  upload: undefined,
};

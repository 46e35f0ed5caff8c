import { nearest } from '../base/schema.ts';
import { shown, type Text, text } from '../base/text.ts';
import { Problem } from '../base/errors.ts';
import { denialAdvice, missingPermission, parseDenial } from './denial.ts';
import type { AwsTarget } from './target.ts';

/** The code of an error that comes from a proxy, and not from what is behind it (proxy.ts). */
const PROXY_ERROR = 'ProxyError';

/** The code of an answer that is none of AWS's: the page of a company's firewall, of a proxy, of a hotel. */
const UNREADABLE = 'UnreadableAnswer';

/** A call to AWS that did not succeed, in words a person can act on, with what `apply` must know about it. */
export class AwsProblem extends Problem {
  /** AWS's code (`ValidationException`) or the system's (`ECONNRESET`). */
  readonly code: string;
  /** AWS's own words. */
  readonly words: string;
  /** How many times the SDK sent the request. */
  readonly attempts: number;
  /** True when AWS says the request itself is at fault: asking again the same way gets the same answer. */
  readonly clientFault: boolean;
  readonly throttled: boolean;
  /** The permission that is missing, `s3:GetObject on s3://…`; undefined where nothing was denied, or nobody says what. */
  readonly missing: string | undefined;

  constructor(
    message: string,
    facts: {
      code: string;
      words: string;
      attempts: number;
      clientFault: boolean;
      throttled: boolean;
      missing?: string | undefined;
    },
    options: { next?: Text | undefined; cause?: unknown; offersEmulator?: boolean },
  ) {
    super('cannot-run', message, options);
    this.name = 'AwsProblem';
    this.code = facts.code;
    this.words = facts.words;
    this.attempts = facts.attempts;
    this.clientFault = facts.clientFault;
    this.throttled = facts.throttled;
    this.missing = facts.missing;
  }

  /** This problem with other advice on what to do next. */
  followedBy(next: Text): AwsProblem {
    return new AwsProblem(this.message, this, { next, cause: this.cause, offersEmulator: this.offersEmulator });
  }

  /**
   * True when this refusal proves that nothing happened: AWS said no to the first attempt. After a retry "already
   * existing" may be the echo of our own first request, whose reply was lost.
   */
  get provesNothingHappened(): boolean {
    return this.clientFault && this.attempts === 1;
  }

  /** IAM, or a policy of the resource, says no. */
  get denied(): boolean {
    return DENIED.has(this.code);
  }

  /** The credentials are refused, or have expired since: nothing succeeds with them. */
  get aboutCredentials(): boolean {
    return REJECTED_CREDENTIALS.has(this.code) || /CredentialsProviderError|TokenProviderError/.test(this.code);
  }

  /** The connection broke: nobody answered, and whether the request arrived is not known. */
  get unanswered(): boolean {
    return CONNECTION.has(this.code);
  }

  /** Worth asking again later: throttling, a fault of the service, a broken connection. */
  get transient(): boolean {
    return this.throttled || !this.clientFault;
  }
}

/** What an SDK error looks like, as far as we read it. */
interface SdkError extends Error {
  code?: string;
  /** Of a name that was not found. */
  hostname?: string;
  $fault?: 'client' | 'server';
  $metadata?: { httpStatusCode?: number; attempts?: number };
  $retryable?: { throttling?: boolean };
  /** The answer as it came, where there was one. */
  $response?: RawAnswer;
}

const THROTTLING = new Set([
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'SlowDown',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
]);

const REJECTED_CREDENTIALS = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'InvalidToken',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
  'UnrecognizedClientException',
]);

/** A session has ended. */
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired']);

/**
 * The key is not known. So answers a region, too, that the account has not enabled: it has never heard of the key
 * (mozilla/guardduty-multi-account-manager#42, nccgroup/ScoutSuite#1389), and one of another partition.
 */
const UNKNOWN_KEY = new Set(['InvalidClientTokenId', 'InvalidToken', 'UnrecognizedClientException']);

/** The account may not use the service, or not in this region (CommonErrors of each API; S3 API, "Error responses"). */
const NOT_SUBSCRIBED = new Set(['OptInRequired', 'NotSignedUp', 'SubscriptionRequiredException']);

const DENIED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'NotAuthorized',
  'UnauthorizedOperation',
  'AuthorizationError',
  'AuthorizationErrorException',
]);

/** Failures of the wire: whether AWS acted on the request is unknown, or it was never reached. */
const CONNECTION = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'TimeoutError',
  'NetworkingError',
]);

/**
 * What an answer without a body means, by its status: S3 answers HEAD so, and the SDK then knows no name ("a generic 400
 * Bad Request, 403 Forbidden or 404 Not Found … a message body isn't included", S3 API, HeadBucket). 400 is what an expired
 * token gets, too.
 */
const BY_STATUS = new Map([
  [301, 'PermanentRedirect'],
  [307, 'PermanentRedirect'],
  [400, 'BadRequest'],
  [403, 'AccessDenied'],
  [404, 'NotFound'],
]);

/** What those mean, in words. */
const WITHOUT_WORDS: Readonly<Record<string, string>> = {
  PermanentRedirect: 'it is in another region',
  BadRequest: 'the request was refused without a word, as S3 does where a session token has expired',
  AccessDenied: 'the request was refused without a word',
  NotFound: 'there is nothing',
};

/** True for the error an aborted request ends with. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/**
 * Runs one call to AWS; a failure becomes an `AwsProblem`.
 * @param doing what the call was to do, to follow "could not": `create model "m"`
 * @param needs the permission it takes, for services that refuse without naming it: `s3:GetObject on s3://…`
 */
export async function call<T>(target: AwsTarget, doing: string, send: () => Promise<T>, needs?: string): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw asProblem(error, doing, target, needs);
  }
}

/** Words of a list that are told of a long one. */
const MAX_LISTED = 5;

/** AWS's words, of whose lists of permitted values the nearest to the wrong one are left: some have hundreds. Pure. */
export function shortened(words: string): string {
  const [, wrong = ''] = /Value '([^']*)'/.exec(words) ?? [];
  return words.replace(/\[([^[\]]{300,})\]/g, (whole, inside: string) => {
    const all = inside.split(/,\s*/);
    if (all.length <= MAX_LISTED) return whole;
    const near = nearest(wrong, all);
    const first = near === undefined ? all.slice(0, MAX_LISTED) : [near];
    return `[${first.join(', ')}, … and ${all.length - first.length} more]`;
  });
}

/** The error in our words; what is no failure of a call (an abort, a `Problem`, a defect of ours) is given back as it is. */
function asProblem(error: unknown, doing: string, target: AwsTarget, needs?: string): unknown {
  if (!(error instanceof Error) || error instanceof Problem || isAbort(error)) return error;
  const sdk = error as SdkError;
  const code = codeOf(sdk);
  const where = target.endpointUrl ?? `AWS in ${target.region}`;
  const attempts = sdk.$metadata?.attempts ?? 1;
  const status = sdk.$metadata?.httpStatusCode ?? sdk.$response?.statusCode;
  const throttled = THROTTLING.has(code) || sdk.$retryable?.throttling === true || status === 429;
  const silent = ['', 'Unknown', 'UnknownError'].includes(sdk.message);
  const words = silent ? (WITHOUT_WORDS[code] ?? code) : shortened(sdk.message);
  const denial = DENIED.has(code) ? parseDenial(words) : undefined;
  const missing = DENIED.has(code) ? missingPermission(denial, needs) : undefined;
  const facts = { code, words, attempts, throttled, missing };
  const problem = (message: string, clientFault: boolean, next?: Text, offersEmulator = false) =>
    new AwsProblem(message, { ...facts, clientFault }, { next, cause: error, offersEmulator });

  if (/CredentialsProviderError|TokenProviderError/.test(sdk.name)) {
    const next = /login\/cache|login session/i.test(words)
      ? `Log in again: ${loginWords(target, 'login')}`
      : /sso/i.test(words)
        ? `Log in again: ${loginWords(target, 'sso login')}`
        : target.profileInUse === undefined
          ? CREDENTIALS_ADVICE
          : `The profile "${target.profileInUse}" gave none: correct what ~/.aws/config says of it, or name another with --profile.`;
    return problem(`Could not ${doing}: no AWS credentials were found (${words.trim()}).`, true, next, true);
  }
  if (code === UNREADABLE) {
    const kind = sdk.$response?.headers?.['content-type']?.replace(/;.*/, '');
    const what = [status === undefined ? undefined : `HTTP ${status}`, kind].filter((one) => one !== undefined);
    const said = `what ${where} answered is nothing that AWS says (${what.join(', ')})`;
    // Whether the request went further than to whoever answered, nobody knows.
    return problem(`Could not ${doing}: ${said}.`, false, FOREIGN_ADVICE);
  }
  if (code === PROXY_ERROR) return problem(`Could not ${doing}: ${words}.`, false, PROXY_ADVICE);
  if (CERTIFICATE.test(code)) {
    const why = `the certificate of ${where} is not trusted (${code})`;
    return problem(`Could not ${doing}: ${why}.`, true, CERTIFICATE_ADVICE);
  }
  if (CONNECTION.has(code)) {
    const refused = code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN';
    return problem(
      refused
        ? `Could not ${doing}: there is no answer at ${where} (${code}).`
        : `Could not ${doing}: the connection to ${where} broke (${code}).`,
      false,
      connectionAdvice(target, sdk),
    );
  }
  // Neither the wire nor an answer of AWS: a defect, which must be seen as one.
  if (status === undefined && sdk.$fault === undefined) return error;

  const clientFault = sdk.$fault === undefined ? (status ?? 500) < 500 : sdk.$fault === 'client';
  const said = `Could not ${doing}: ${words}${words.includes(code) ? '' : ` (${code})`}`;
  if (REJECTED_CREDENTIALS.has(code)) return problem(said, true, rejectedAdvice(code, target), true);
  if (NOT_SUBSCRIBED.has(code)) return problem(said, true, regionAdvice(target));
  if (DENIED.has(code)) {
    return problem(said, true, denialAdvice(denial, needs));
  }
  if (code === 'PermanentRedirect') {
    const next = `The bucket is in another region than ${target.region}. Use one in this region, or set --region to where everything is.`;
    return problem(said, true, next);
  }
  if (code === 'BadRequest' && silent)
    return problem(said, true, 'Renew the credentials, and check the name of the bucket and its region.');
  if (throttled)
    return problem(
      `${said} after ${attempts} attempts`,
      clientFault,
      'AWS limits the rate of calls: wait a moment and run the command again.',
    );
  return problem(said, clientFault, clientFault ? undefined : "The fault is on AWS's side: run the command again.");
}

const CREDENTIALS_ADVICE =
  'Name a profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and --region).';

function loginWords({ profile, profileInUse = profile }: AwsTarget, command: 'login' | 'sso login'): string {
  return `aws ${command}${profileInUse === undefined ? '' : ` --profile ${profileInUse}`}`;
}

/** Of keys that were found, and are refused. */
function rejectedAdvice(code: string, target: AwsTarget): string {
  if (EXPIRED.has(code))
    return target.credentials === undefined
      ? `The session has ended: begin another, with SSO by: ${loginWords(target, 'sso login')}`
      : 'The session of AWS_SESSION_TOKEN has ended: set the variables of another, or unset them and name a profile with --profile.';
  if (!UNKNOWN_KEY.has(code)) return CREDENTIALS_ADVICE;
  return `${CREDENTIALS_ADVICE} Where the same keys work in another region: ${regionAdvice(target)}`;
}

function regionAdvice({ region }: AwsTarget): string {
  return `the account may not have enabled ${region}, or belongs to another partition of AWS. The regions of the account are listed by: aws account list-regions`;
}

const FOREIGN_ADVICE =
  "Run the command again. Where it stays so, a proxy, a firewall or a login page answers in AWS's place: check the network, HTTPS_PROXY and NO_PROXY, or ask whoever runs them to let AWS's hosts through.";

const PROXY_ADVICE =
  'Check HTTPS_PROXY (http://user:password@proxy:8080); NO_PROXY names hosts that are reached without it.';

/** How Node names what is wrong with a certificate. */
const CERTIFICATE = /CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE/;
const CERTIFICATE_ADVICE =
  'Where a proxy opens connections, give its certificate: AWS_CA_BUNDLE=/path/to/ca.pem (or NODE_EXTRA_CA_CERTS).';

/** Hosts of FIPS have it in their names; those of dual stack are `….api.aws`, or `….dualstack.…` of S3. */
const SPECIAL_HOSTS = [
  [/-fips\b/, 'FIPS', 'AWS_USE_FIPS_ENDPOINT, or use_fips_endpoint of the profile'],
  [/\.dualstack\.|\.api\.aws$/, 'dual stack', 'AWS_USE_DUALSTACK_ENDPOINT, or use_dualstack_endpoint of the profile'],
] as const;

function connectionAdvice(target: AwsTarget, { hostname }: Pick<SdkError, 'hostname'>): Text {
  const special = SPECIAL_HOSTS.filter(([host]) => host.test(hostname ?? ''));
  if (special.length > 0)
    return `Check the network. Not every service has every region's host for ${special.map(([, name]) => name).join(' and ')}: ${hostname} is asked for by ${special.map(([, , by]) => by).join(' and by ')}.`;
  return target.endpointUrl === undefined
    ? `Check the network, and that the region "${target.region}" is right (--region).`
    : text`Check the URL; start the emulator with: ${shown('emulator start')}`;
}

/** The answer to a request, as it came. */
export interface RawAnswer {
  statusCode?: number;
  headers?: Record<string, string | undefined>;
}

const isPage = ({ headers }: RawAnswer) => /^text\/html/i.test(headers?.['content-type'] ?? '');

/**
 * A page that says it is a success, and has no id of AWS's, which every answer of AWS has: S3's client would take it for
 * a bucket with nothing in it.
 * @throws Error, of which `call` makes an AwsProblem
 */
export function refusePage(answer: RawAnswer): void {
  const { headers = {}, statusCode = 0 } = answer;
  if (statusCode >= 300 || !isPage(answer) || headers['x-amz-request-id'] || headers['x-amzn-requestid']) return;
  throw Object.assign(new Error('a page'), { $response: answer });
}

/** An answer that the SDK could not read, or a page where AWS never sends one. */
function isForeign({ $response, message }: SdkError): boolean {
  return $response !== undefined && (/Deserialization error/.test(message) || isPage($response));
}

function codeOf(error: SdkError): string {
  if (isForeign(error)) return UNREADABLE;
  if (error.code !== undefined && (error.code === PROXY_ERROR || CERTIFICATE.test(error.code))) return error.code;
  // The SDK calls every broken connection a time-out; the system says which it is.
  if (error.code !== undefined && CONNECTION.has(error.code)) return error.code;
  if (CONNECTION.has(error.name)) return error.name;
  if (error.name === 'Unknown' || error.name === 'UnknownError') {
    const known = BY_STATUS.get(error.$metadata?.httpStatusCode ?? 0);
    if (known !== undefined) return known;
  }
  // Some protocols put the code into `Code`; the SDK's name is the same but for a few.
  return error.name === 'Error' ? (error.code ?? 'Error') : error.name;
}

/** An SDK error that reached the top without having passed `call`, in our words; undefined for anything else. */
export function explainAwsError(thrown: unknown): Problem | undefined {
  const problem = asProblem(thrown, 'do what was asked', {
    region: 'this region',
    endpointUrl: undefined,
    profile: undefined,
    credentials: undefined,
  });
  return problem instanceof Problem ? problem : undefined;
}

/** What AWS said where it could not be done; undefined where it could. */
export async function troubleOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof AwsProblem)) throw error;
    return error.message;
  }
}

/** What stands in place of a value that may be a secret. */
const HIDDEN = '***';

/**
 * Does work whose refusal may quote what was sent: values that may be secrets are taken out of its words, and out of the
 * error beneath it.
 *
 * @param secrets environment values of a container
 */
export async function withoutSecrets<T>(secrets: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AwsProblem)) throw error;
    const longest = secrets.filter((one) => one !== '').toSorted((a, b) => b.length - a.length);
    const hide = (words: string) =>
      longest
        .reduce((text, secret) => text.replaceAll(secret, HIDDEN), words)
        // AWS may cut a long value short before it quotes it.
        .replace(/Value '[^]*?' at '([\w.]*environment[\w.]*)'/gi, `Value '${HIDDEN}' at '$1'`);
    const { cause, next } = error;
    const beneath = cause instanceof Error ? new Error(hide(cause.message)) : undefined;
    if (beneath !== undefined && cause instanceof Error) beneath.stack = hide(cause.stack ?? '');
    throw new AwsProblem(
      hide(error.message),
      {
        code: error.code,
        words: hide(error.words),
        attempts: error.attempts,
        clientFault: error.clientFault,
        throttled: error.throttled,
        missing: error.missing,
      },
      { next: typeof next === 'string' ? hide(next) : next, cause: beneath, offersEmulator: error.offersEmulator },
    );
  }
}

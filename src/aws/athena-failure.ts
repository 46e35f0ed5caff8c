import { Problem } from '../base/errors.ts';
import { bytes } from '../base/units.ts';
import type { Execution, Workgroup } from './athena.ts';
import { denialAdvice, parseDenial } from './denial.ts';
import { AwsProblem } from './errors.ts';

/** What a sentence about a failed query needs to know of it. */
export interface Asked {
  /** What the query was for, to follow "Athena could not run". */
  about: string;
  workgroup: Workgroup;
  /** Where captures lie, an `s3://` URI. */
  captures: string;
}

/** Athena's words on a failure, and what is to be done; the first that fits counts. */
interface Known {
  code: string;
  words: RegExp;
  /** What happened, as a whole sentence. */
  what: (asked: Asked) => string;
  next: (asked: Asked, reason: string) => string;
}

/** The beginning of a failure's words that names it: `HIVE_CURSOR_ERROR`, `PERMISSION_DENIED` (Athena and Trino put it first). */
const KNOWN: readonly Known[] = [
  {
    code: 'cutoff',
    // "Query cancelled! : Bytes scanned limit was exceeded" (Athena User Guide, "Configure per-query and per-workgroup data usage controls": cancelled, and billed).
    words: /bytes scanned limit/i,
    what: ({ about, workgroup: { name, cutoff } }) =>
      `Workgroup "${name}" cancelled ${about}: it lets a query scan at most ${cutoff === undefined ? 'so much' : bytes(cutoff)}, and more lay before it. What it had scanned is billed.`,
    next: ({ workgroup: { name } }) =>
      `Raise the scan limit of workgroup "${name}", name another in shadowctl.yaml (athena.workgroup), or judge without Athena: --engine local.`,
  },
  {
    code: 'lake-formation',
    words: /lake ?formation/i,
    what: ({ about }) => `Lake Formation does not let these credentials do what ${about} needs.`,
    next: () =>
      'Whoever administers Lake Formation must grant SELECT and DESCRIBE on the tables of the database of shadowctl (athena.database), and access to the location of the captures; or name a database that IAM alone governs.',
  },
  {
    code: 'kms',
    words: /\bkms\b|CiphertextRefersToCustomer/i,
    what: ({ about }) => `The key that encrypts what ${about} reads or writes refused.`,
    next: ({ captures }) =>
      `Grant kms:Decrypt on the key of ${captures}, and kms:GenerateDataKey on that of the results (athena.kmsKey), to these credentials; the policy of each key must permit it, too.`,
  },
  {
    code: 'output',
    // "The S3 location provided to save your query results is invalid", "Unable to verify/create output bucket" (Athena User Guide, "Troubleshooting").
    words: /location provided to save|verify\/create output bucket|no output location/i,
    what: ({ about }) => `Athena cannot write the results of ${about}.`,
    next: ({ workgroup: { name, enforced } }) =>
      enforced
        ? `Workgroup "${name}" sets where results go, whatever shadowctl says: its location must exist, in this region, and these credentials must be allowed to write there (s3:PutObject, s3:GetBucketLocation).`
        : 'The bucket of athena.output in shadowctl.yaml must exist, in the region of the endpoint, and these credentials must be allowed to write there (s3:PutObject, s3:GetBucketLocation).',
  },
  {
    code: 'region',
    words:
      /PermanentRedirect|AuthorizationHeaderMalformed|in this region:|must be addressed using the specified endpoint/i,
    what: ({ about }) => `A bucket that ${about} reads or writes is in another region.`,
    next: ({ captures }) =>
      `Athena must run where ${captures} and its output are: give a bucket of that region as athena.output in shadowctl.yaml, or judge without Athena: --engine local.`,
  },
  {
    code: 'denied',
    words: /access ?denied|PERMISSION_DENIED|not authorized|Status Code: 403/i,
    what: ({ about }) => `These credentials, with which Athena reads and writes, may not do what ${about} needs.`,
    next: ({ captures, workgroup: { name, requesterPays } }, reason) =>
      deniedAdvice(reason) ??
      `Grant s3:GetObject and s3:ListBucket on ${captures}, and s3:PutObject on the output. A bucket of another account must permit it in its own policy, too${requesterPays ? '' : `; one whose requester pays is read only by a workgroup that permits that (requester pays of workgroup "${name}" is off)`}.`,
  },
  {
    code: 'malformed',
    words: /HIVE_CURSOR_ERROR|HIVE_BAD_DATA|not a valid JSON|JSONException|Duplicate key|malformed/i,
    what: ({ about }) => `There are lines among the captures that Athena cannot read, and that stopped ${about}.`,
    next: ({ captures }) =>
      `Look for what is no capture under ${captures}: every object there is read. --engine local counts such lines and goes on.`,
  },
  {
    code: 'missing',
    words: /(TABLE|SCHEMA|DATABASE)_NOT_FOUND|(table|schema|database)\b.*(does not exist|not found)/i,
    what: ({ about }) => `A table that ${about} reads is gone: somebody has deleted it meanwhile.`,
    next: () => 'Run the command again: it makes its tables anew.',
  },
  {
    code: 'destination',
    words: /HIVE_PATH_ALREADY_EXISTS|already exists|not empty/i,
    what: ({ about }) => `The folder that ${about} was to write to is not empty.`,
    next: () => 'Run the command again: it takes another folder.',
  },
  {
    code: 'too-much',
    words: /exhausted resources|EXCEEDED_(GLOBAL|LOCAL)?_?MEMORY|timed? ?out|EXCEEDED_TIME/i,
    what: ({ about }) => `${capital(about)} was too much for Athena at once.`,
    next: () => 'Shorten the window (--last), or judge without Athena: --engine local.',
  },
  {
    code: 'slow-down',
    words: /SlowDown|reduce your request rate|Status Code: 503/i,
    what: ({ about }) => `S3 asked ${about} to slow down.`,
    next: () => 'Wait a few minutes and run the command again: hours that were read are kept.',
  },
];

/** A query did not succeed. `code` is a word for machines. */
export class QueryFailed extends Problem {
  readonly code: string;

  constructor(code: string, message: string, next: string) {
    super('cannot-run', message, { next });
    this.name = 'QueryFailed';
    this.code = code;
  }
}

/** Why a query did not succeed, in words a person can act on. Pure. @param execution one that failed or was cancelled */
export function failureOf({ state, reason = '', id }: Execution, asked: Asked): QueryFailed {
  const said = reason.trim() === '' ? '' : ` Athena says: ${short(reason)}`;
  const known = KNOWN.find(({ words }) => words.test(reason));
  if (known !== undefined) return new QueryFailed(known.code, `${known.what(asked)}${said}`, known.next(asked, reason));
  const { about } = asked;
  return state === 'CANCELLED'
    ? new QueryFailed(
        'cancelled',
        `Somebody cancelled ${about} in Athena (query ${id}).${said}`,
        'Run the command again: hours that were read are kept.',
      )
    : new QueryFailed(
        'failed',
        `Athena could not run ${about} (query ${id}).${said}`,
        'Run the command again; where it fails again, judge without Athena: --engine local.',
      );
}

/** A query that Athena does not even begin, in the same words, where they are known; any other refusal as it is. Pure. */
export function refusalOf(error: unknown, asked: Asked): unknown {
  if (!(error instanceof AwsProblem) || error.code !== 'InvalidRequestException') return error;
  const known = KNOWN.find(({ words }) => words.test(error.words));
  if (known === undefined) return error;
  const said = ` Athena says: ${short(error.words)}`;
  return new QueryFailed(known.code, `${known.what(asked)}${said}`, known.next(asked, error.words));
}

/** Where the words name the action that is missing. */
function deniedAdvice(reason: string): string | undefined {
  const denial = parseDenial(reason);
  return denial && denialAdvice(denial, undefined);
}

const MAX_WORDS = 300;

function short(reason: string): string {
  const line = reason.replace(/\s+/g, ' ').trim();
  return line.length <= MAX_WORDS ? line : `${line.slice(0, MAX_WORDS)}…`;
}

function capital(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

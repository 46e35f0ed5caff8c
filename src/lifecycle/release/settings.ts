import * as v from 'valibot';
import { Problem, usageError } from '../../base/errors.ts';
import { checked } from '../../base/schema.ts';
import { DAY, MINUTE, parseDuration, parsePercent } from '../../base/units.ts';
import { parseLatencyGrowth, parseLatencyLimit, parseRate, parseSeconds, parseSize } from '../../guard/quantities.ts';
import { OF_RELEASE } from '../../guard/setting-words.ts';
import { STRATEGIES } from '../../guard/strategy.ts';
import type { ReleaseTerms } from '../../state/releases.ts';
import { guardOptions, type GuardOptions } from '../guarded-update/start.ts';
import { readReleaseBatch, RELEASE_BATCH, type ReleaseBatch } from './batch-settings.ts';
import { isZone, parseSpan, type QuietHours } from './hours.ts';

/** The section `release` of shadowctl.yaml, read. Times in milliseconds. */
export interface ReleaseSettings {
  timeBox: number;
  /** Between two looks of a run that waits. */
  every: number;
  sampling: readonly number[];
  approve: 'ask' | 'auto';
  approvers: readonly string[];
  author: 'allowed' | 'excluded';
  answer: number;
  unanswered: 'keep' | 'wait';
  /** Undefined: people are asked once. */
  remind: number | undefined;
  quiet: QuietHours;
  guard: GuardOptions;
  settle: number;
  fallback: 'canary' | 'none' | undefined;
  /** A policy file, from the folder of shadowctl.yaml; undefined: as for `report`. */
  policy: string | undefined;
  /** As `--labels` takes them. */
  labels: string | undefined;
  /** Who is told, as written: topics, webhooks, or `env:NAME` for a URL that stands nowhere. */
  notify: readonly string[];
  /** What the links in messages begin with; undefined: messages have command lines alone. */
  link: string | undefined;
  /** What a page leads to: the report without what was sent, all of it, or none. */
  report: 'redacted' | 'full' | 'none';
  /** What an approval in the Model Registry does: start a release, or answer the question of one that a version started before. */
  registry: 'starts' | 'answers';
  /** How the candidate's model is made, where not as production's. */
  image: string | undefined;
  algorithm: string | undefined;
  role: string | undefined;
  environment: Readonly<Record<string, string>>;
  /** Of the shadow. */
  instanceType: string | undefined;
  instances: number | undefined;
  /** Evidence comes from days of recorded inputs; undefined: from a shadow. */
  batch: ReleaseBatch | undefined;
}

const TIME = 'a length of time like 30m, 12h or 3d';
const time = v.pipe(
  v.string(TIME),
  v.check((words) => (parseDuration(words) ?? 0) > 0, TIME),
  v.transform((words) => parseDuration(words) ?? 0),
);
const SAMPLING = 'rising shares of the requests like [10%, 100%]';
const sampling = v.pipe(
  v.array(v.string(SAMPLING), SAMPLING),
  v.transform((words) => words.map((word) => parsePercent(word) ?? Number.NaN)),
  v.check(
    (shares) =>
      shares.length > 0 &&
      shares.every((share, i) => share > 0 && share <= 1 && (i === 0 || share > (shares[i - 1] ?? 0))),
    SAMPLING,
  ),
);
const TEXT = 'a text';
const text = v.pipe(v.string(TEXT), v.nonEmpty(TEXT));
const several = (words: string) =>
  v.union(
    [
      v.array(text),
      v.pipe(
        text,
        v.transform((one) => [one]),
      ),
    ],
    words,
  );
const ARN = 'the ARN of an IAM user, an IAM role or a session of a role, or a list of these';
const IDENTITY = /^arn:aws[a-z-]*:(?:iam::\d{12}:(?:user|role)\/.+|sts::\d{12}:assumed-role\/.+\/.+)$/;
const SPANS = 'hours like "Fri 16:00-Mon 08:00" or "22:00-06:00", or a list of these';
const ZONE = 'a time zone like Europe/Berlin';
const LINK = 'an https URL, or one of this machine';
const whole = (words: string) => v.pipe(v.number(words), v.integer(words), v.minValue(1, words));

const SCHEMA = v.strictObject({
  timeBox: v.optional(time),
  every: v.optional(time),
  sampling: v.optional(sampling),
  approve: v.optional(v.picklist(['ask', 'auto'], 'ask or auto')),
  approvers: v.optional(
    v.pipe(
      several(ARN),
      v.check((all) => all.every((one) => IDENTITY.test(one)), ARN),
    ),
  ),
  author: v.optional(v.picklist(['allowed', 'excluded'], 'allowed or excluded')),
  answer: v.optional(time),
  unanswered: v.optional(v.picklist(['keep', 'wait'], 'keep or wait')),
  remind: v.optional(time),
  quiet: v.optional(
    v.pipe(
      several(SPANS),
      v.check((all) => all.every((one) => parseSpan(one) !== undefined), SPANS),
    ),
  ),
  timezone: v.optional(
    v.pipe(
      v.string(ZONE),
      v.check((zone) => isZone(zone), ZONE),
    ),
  ),
  settle: v.optional(time),
  fallback: v.optional(v.picklist(['canary', 'none'], 'canary or none')),
  policy: v.optional(text),
  labels: v.optional(text),
  notify: v.optional(several('targets as for notify, or env:NAME, or a list of these')),
  link: v.optional(
    v.pipe(
      v.string(LINK),
      v.check((url) => isLink(url), LINK),
    ),
  ),
  report: v.optional(v.picklist(['redacted', 'full', 'none'], 'redacted, full or none')),
  registry: v.optional(v.picklist(['starts', 'answers'], 'starts or answers')),
  image: v.optional(text),
  algorithm: v.optional(text),
  role: v.optional(text),
  environment: v.optional(v.record(text, v.string('text; put quotes around numbers, true and false'))),
  instanceType: v.optional(text),
  instances: v.optional(whole('a whole number from 1')),
  batch: v.optional(RELEASE_BATCH),
  strategy: v.optional(v.picklist([...STRATEGIES], STRATEGIES.join(', '))),
  size: v.optional(text),
  bake: v.optional(text),
  finalBake: v.optional(text),
  max5xxRate: v.optional(text),
  max4xxRate: v.optional(text),
  maxLatency: v.optional(text),
  maxLatencyIncrease: v.optional(text),
  alarms: v.optional(several('the name of an alarm, or a list of these')),
});

type Written = v.InferOutput<typeof SCHEMA>;

/** Links hold a token: they lead over TLS, or stay on this machine. */
function isLink(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, search, hash } = new URL(url);
  const here = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  return (protocol === 'https:' || (protocol === 'http:' && here)) && search === '' && hash === '';
}

/**
 * What shadowctl.yaml says of releases.
 * @param sections that of all endpoints, then that of this one, which stands over it key by key
 * @param where begins a complaint
 * @throws Problem (usage) with every mistake at once
 */
export function readReleaseSettings(sections: readonly unknown[], where: string): ReleaseSettings {
  const written = sections
    .map((section) =>
      section === undefined ? {} : checked(SCHEMA, section, `${where}, release`, 'The keys: shadowctl help release'),
    )
    .reduce<Written>((below, above) => ({ ...without(below, above), ...above }), {});
  const { approve, approvers, author, registry, batch } = written;
  requireNoShadow(written, `${where}, release`);
  requireAsked({ approve, approvers, author, registry });
  return {
    timeBox: written.timeBox ?? (batch === undefined ? 3 * DAY : BATCH_BOX),
    every: written.every ?? 5 * MINUTE,
    sampling: written.sampling ?? (batch === undefined ? [0.1, 1] : [1]),
    approve: written.approve ?? 'ask',
    approvers: written.approvers ?? [],
    author: written.author ?? 'allowed',
    answer: written.answer ?? 3 * DAY,
    unanswered: written.unanswered ?? 'keep',
    remind: written.remind,
    quiet: {
      spans: (written.quiet ?? []).flatMap((one) => parseSpan(one) ?? []),
      zone: written.timezone ?? 'UTC',
    },
    guard: guardOf(written, `${where}, release`),
    settle: written.settle ?? 10 * MINUTE,
    fallback: written.fallback,
    policy: written.policy,
    labels: written.labels,
    notify: written.notify ?? [],
    link: written.link?.replace(/\/+$/, ''),
    report: written.report ?? 'redacted',
    registry: written.registry ?? 'starts',
    image: written.image,
    algorithm: written.algorithm,
    role: written.role,
    environment: written.environment ?? {},
    instanceType: written.instanceType,
    instances: written.instances,
    batch: batch && readReleaseBatch(batch),
  };
}

/** Two weeks, and the day on which the last of them is run. */
const BATCH_BOX = 15 * DAY;

/** What is said of a shadow; a batch has none. */
const OF_SHADOW = ['sampling', 'instanceType', 'instances'] as const;

/** @throws Problem (usage) for what would do nothing */
function requireNoShadow(written: Written, where: string): void {
  const given = OF_SHADOW.find((key) => written[key] !== undefined);
  if (written.batch === undefined || given === undefined) return;
  throw usageError(
    `${where}: ${given} is of a shadow, and with batch: there is none.`,
    given === 'sampling' ? 'Leave it out.' : `Leave it out; that of the jobs is batch.${given}.`,
  );
}

/** Of these, what is said later stands for both. */
const ONE_OF = [
  ['maxLatency', 'maxLatencyIncrease'],
  ['algorithm', 'image'],
] as const;

function without(below: Written, above: Written): Written {
  const gone: (keyof Written)[] = ONE_OF.filter((pair) => pair.some((key) => above[key] !== undefined)).flat();
  // What holds for the shadows of all endpoints is nothing to one that has none.
  if (above.batch !== undefined) gone.push(...OF_SHADOW);
  return Object.fromEntries(Object.entries(below).filter(([key]) => !gone.some((one) => one === key)));
}

/** How its canary is guarded, in the words of the flags of `promote`. */
function guardOf(written: Written, where: string): GuardOptions {
  const read = <T>(key: keyof Written, parse: (flag: string, words: string) => T): T | undefined => {
    const words = written[key];
    return typeof words === 'string' ? parse(`${where}.${key}:`, words) : undefined;
  };
  const { strategy = 'canary', alarms = [] } = written;
  if (written.maxLatency !== undefined && written.maxLatencyIncrease !== undefined)
    throw usageError(`${where}: maxLatency and maxLatencyIncrease set the limit of the same alarm: give one of them.`);
  try {
    return guardOptions({
      strategy: {
        strategy,
        size: read('size', parseSize),
        bakeSeconds: read('bake', parseSeconds),
        finalBakeSeconds: read('finalBake', parseSeconds),
      },
      limits: {
        max5xxRate: read('max5xxRate', parseRate),
        max4xxRate: read('max4xxRate', parseRate),
        maxLatency: read('maxLatency', parseLatencyLimit),
        maxLatencyIncrease: read('maxLatencyIncrease', parseLatencyGrowth),
      },
      alarms: [...new Set(alarms)],
      say: OF_RELEASE,
    });
  } catch (error) {
    if (error instanceof Problem) throw usageError(error.message, error.next, error);
    throw error;
  }
}

/** @throws Problem (usage) where it is said who may approve, and nobody would be asked, or the Model Registry would answer for whoever may write there */
function requireAsked({ approve, approvers = [], author, registry }: Partial<ReleaseSettings>): void {
  const named =
    approvers.length > 0
      ? `approvers: names ${approvers.join(', ')}`
      : author === 'excluded'
        ? 'author: excluded names who may not'
        : undefined;
  const answers = registry === 'answers';
  if (answers && named !== undefined)
    throw usageError(
      `registry: answers lets whoever may approve in the Model Registry answer, by IAM alone, and ${named}.`,
      'Leave one of the two out.',
    );
  const said = named ?? (answers ? 'registry: answers says where the answer comes from' : undefined);
  if (approve !== 'auto' || said === undefined) return;
  throw usageError(`approve: auto asks nobody, and ${said}.`, 'Leave one of the two out, or use --approve ask.');
}

/**
 * Whose candidate it is that a watch finds, nobody tells: S3 does not, and a pipeline registers versions under a role of its own.
 * The author of such a release is whoever watches, and whoever uploaded could approve it.
 * @param watch what starts releases by itself; undefined: nothing does
 * @throws Problem (usage) where the author may not approve
 */
export function requireKnownAuthor({ author }: Pick<ReleaseSettings, 'author'>, watch: string | undefined): void {
  if (watch === undefined || author !== 'excluded') return;
  throw usageError(
    'author: excluded does not hold for what --watch finds: who uploaded or registered it is not known, and could approve it.',
    'Name who may approve, and cannot upload there: approvers. Or begin releases by hand.',
  );
}

/**
 * What a release keeps of its settings from its beginning on: what was agreed to when it began, so that nobody's later edit
 * changes who must approve what.
 * @throws Problem (usage) where nobody would be asked, and it is said who may approve
 */
export function termsOf(settings: ReleaseSettings, fallback: 'canary' | 'none' | undefined): ReleaseTerms {
  const { timeBox, sampling, approve, approvers, author, answer, unanswered, registry } = settings;
  requireAsked(settings);
  return {
    timeBox,
    sampling: [...sampling],
    approve,
    approvers: [...approvers],
    author,
    answer,
    unanswered,
    fallback: settings.fallback ?? fallback ?? 'none',
    ...(registry === 'answers' && { registry }),
    ...(settings.batch !== undefined && { evidence: 'batch' }),
  };
}

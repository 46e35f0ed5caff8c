import { shown, text } from '../../base/text.ts';
import * as v from 'valibot';
import { isObject } from '../../base/json.ts';
import { usageError } from '../../base/errors.ts';
import { PROJECT_KEYS } from '../../base/project.ts';
import { checked, type Elsewhere, nearest, nested, pathsOf } from '../../base/schema.ts';
import { parseDuration, parseSize } from '../../base/units.ts';
import { MOST_PAIRS, SCORE_NAME } from '../answers/comparator.ts';
import { kindNames } from '../answers/choose.ts';
import { parsePath } from '../answers/path.ts';
import { priceKey } from '../answers/prices.ts';
import { EXPECTATION, parseExpectation } from './expect.ts';
import { DEFAULT_POLICY, GATES, GROUP_OF, MOVED, TASKS } from './policy.ts';
import type { Policy } from './policy.ts';

const COVER = 'a duration, like 24h';
const CLUSTER = 'a column of the inputs, like user or 3, or a path like $.user.id';
const PERCENTS = /^\d+(?:\.\d+)? ?%$/;
/** `0.01`, or `1%`, which is the same. @param within what the number must hold */
const fraction = (words: string, ...within: v.GenericPipeAction<number, number>[]) => {
  const number = v.pipe(v.number(words), ...within);
  const parsed = (percents: string) => Number.parseFloat(percents) / 100;
  return v.union(
    [
      number,
      v.pipe(
        v.string(words),
        v.regex(PERCENTS, words),
        v.check((percents) => v.is(number, parsed(percents)), words),
        v.transform(parsed),
      ),
    ],
    words,
  );
};
const SHARE = 'a share between 0 and 1, like 0.1 or 10%';
const share = fraction(SHARE, v.minValue(0, SHARE), v.maxValue(1, SHARE));
const ALLOWED = 'a share from 0 to less than 1, like 0.01 or 1%';
/** What may go wrong: where all of it may, nothing is asked, and who writes 1 means 1 %. */
const allowed = fraction(ALLOWED, v.minValue(0, ALLOWED), v.ltValue(1, ALLOWED));
const MARGIN = 'a number greater than 0, like 0.1 or 10%';
const margin = fraction(MARGIN, v.gtValue(0, MARGIN));
const DISTANCE = 'a number greater than 0';
const distance = v.pipe(v.number(DISTANCE), v.gtValue(0, DISTANCE));
const NOT_NEGATIVE = 'a number, 0 or greater';
const notNegative = v.pipe(v.number(NOT_NEGATIVE), v.minValue(0, NOT_NEGATIVE));
const ALPHA = 'a chance between 0 and 0.5 (0.05 is five percent)';
const whole = (least: number) => {
  const words = `a whole number, ${least} or greater`;
  return v.pipe(v.number(words), v.integer(words), v.minValue(least, words));
};

const PATH = 'a path like $.score or $.items[*].price';
const path = v.pipe(v.string(PATH), v.regex(/^\$(\.|\[)/, PATH));

/** Of a stability index: what is called a major change. Beyond about 0.4 a part of the numbers may be gone, and its logarithm has no bound. */
const LARGEST_INDEX = 0.25;

const task = v.optional(
  v.strictObject({ agreement: v.optional(share), share: v.optional(share), truth: v.optional(margin) }),
);

/** Gates by id, or by the first part of some. */
const NAMES = [...new Set(GATES.flatMap((id) => id.split('.').map((_, i, parts) => parts.slice(0, i + 1).join('.'))))];
const gateList = v.optional(
  v.array(
    v.pipe(
      v.string('the name of a gate'),
      v.check(
        (name) => NAMES.includes(name) || name.startsWith('answers.'),
        (issue) => notAGate(issue.input),
      ),
    ),
    'list of names of gates, like [latency.p99]',
  ),
);

function notAGate(name: string): string {
  const near = nearest(name, NAMES);
  return near === undefined
    ? `the name of a gate (they are ${GATES.join(', ')}, or the first part of one)`
    : `the name of a gate, did you mean ${near}?`;
}

const KIND = `a kind of answers: ${kindNames().join(', ')}`;
/** A whole answer has a path, too. */
const ANSWER_PATH = 'a path like $.score, $[0] or $';
const answerPath = v.pipe(v.string(ANSWER_PATH), v.regex(/^\$/, ANSWER_PATH), v.check(isPath, ANSWER_PATH));

const COMMAND = 'a command, like python3 compare.py';
const TIME = 'a duration, like 10m';
const MEMORY = 'a size, like 4GB';
const NAME = 'the name of a number that the comparator gives';
const BELOW = 'a share from 0 to less than 1';
const below = v.pipe(v.number(BELOW), v.minValue(0, BELOW), v.ltValue(1, BELOW));

/** The section `answers`, as it is written. */
export const ANSWERS_SCHEMA = v.strictObject({
  kinds: v.optional(v.strictObject({ number: task, binary: task, label: task, json: task })),
  kind: v.optional(v.picklist(kindNames(), KIND)),
  path: v.optional(answerPath),
  label: v.optional(answerPath),
  scores: v.optional(answerPath),
  largest: v.optional(answerPath),
  order: v.optional(v.boolean('true or false')),
  ignore: v.optional(v.array(path, 'list of paths, like [$.id, $.items[*].seen]')),
  tolerance: v.optional(
    v.strictObject({
      absolute: v.optional(notNegative),
      relative: v.optional(notNegative),
      fields: v.optional(v.record(path, notNegative)),
    }),
  ),
  similarity: v.optional(share),
  command: v.optional(
    v.pipe(
      v.string(COMMAND),
      v.check((words) => words.trim() !== '', COMMAND),
    ),
  ),
  sample: v.optional(v.pipe(whole(1), v.maxValue(MOST_PAIRS, `${MOST_PAIRS} or less`))),
  limits: v.optional(
    v.strictObject({
      time: v.optional(
        v.pipe(
          v.string(TIME),
          v.check((words) => (parseDuration(words) ?? 0) > 0, TIME),
        ),
      ),
      memory: v.optional(
        v.pipe(
          v.string(MEMORY),
          v.check((words) => (parseSize(words) ?? 0) > 0, MEMORY),
        ),
      ),
    }),
  ),
  margins: v.optional(v.record(v.pipe(v.string(NAME), v.regex(SCORE_NAME, NAME)), below)),
  refusals: v.optional(
    v.strictObject({
      share: v.optional(share),
      openings: v.optional(v.array(v.string('a text'), 'list of texts, like ["I would rather not"]')),
    }),
  ),
});

function isPath(words: string): boolean {
  try {
    parsePath(words);
    return true;
  } catch {
    return false;
  }
}

const LATENCY = 'a duration, like 200ms';
const MATURITY = 'a duration, like 7d';
const maturity = v.optional(
  v.pipe(
    v.string(MATURITY),
    v.check((words) => (parseDuration(words) ?? 0) > 0, MATURITY),
    v.transform((words) => parseDuration(words) ?? 0),
  ),
);
const FLOOR = 'a duration from 0s on, like 0.5ms';
const latencyFloor = v.optional(
  v.pipe(
    v.string(FLOOR),
    v.check((words) => parseDuration(words) !== undefined, FLOOR),
    v.transform((words) => parseDuration(words) ?? 0),
  ),
);
const latencyLimit = v.optional(
  v.pipe(
    v.string(LATENCY),
    v.check((words) => (parseDuration(words) ?? 0) > 0, LATENCY),
    v.transform((words) => parseDuration(words) ?? 0),
  ),
);
const COST = 'a cost in any unit, like 100: a number, 0 or greater';
const cost = v.pipe(v.number(COST), v.finite(COST), v.minValue(0, COST));
const MISTAKE = 'a kind of mistake, truth and prediction, like fraud→ok or fraud->ok; * stands for any class';
const costLimit = v.pipe(cost, v.gtValue(0, 'a cost of a row above 0'));
const costs = v.pipe(
  v.record(
    v.pipe(
      v.string(MISTAKE),
      v.check((words) => priceKey(words) !== undefined, MISTAKE),
    ),
    cost,
  ),
  v.check(
    (given) => new Set(Object.keys(given).map(priceKey)).size === Object.keys(given).length,
    'one price for each kind of mistake (two of these name the same classes)',
  ),
  v.check((given) => Object.values(given).some((price) => price > 0), 'prices of which at least one is above 0'),
  v.transform((given) =>
    Object.fromEntries(Object.entries(given).flatMap(([words, price]) => [[priceKey(words) ?? words, price] as const])),
  ),
);

const REFERENCE = 'a file of numbers, like scores.csv or scores.csv:column, or { file: scores.csv, ks: 0.1, psi: 0.1 }';
/** How far apart the two distribution functions may lie where nobody says it. */
const REFERENCE_KS = 0.1;
const index = v.pipe(
  distance,
  v.maxValue(LARGEST_INDEX, `${LARGEST_INDEX} or less: its bounds are not valid beyond that`),
);
const reference = v.union(
  [
    v.pipe(
      v.string(REFERENCE),
      v.check((words) => words.trim() !== '', REFERENCE),
      v.transform((file) => ({ file, ks: REFERENCE_KS })),
    ),
    v.pipe(
      v.strictObject({ file: v.string(REFERENCE), ks: v.optional(distance), psi: v.optional(index) }),
      v.transform((one) => (one.ks === undefined && one.psi === undefined ? { ...one, ks: REFERENCE_KS } : one)),
    ),
  ],
  REFERENCE,
);

const WAIVERS = 'list of waivers, like [{ gate: latency.p99, reason: agreed with the callers }]';
const SOME_TEXT = 'a text';
const someText = v.pipe(
  v.string(SOME_TEXT),
  v.check((words) => words.trim() !== '', SOME_TEXT),
);
const UNTIL = 'a day, like 2026-12-31';
const WAIVER = v.strictObject(
  {
    gate: v.string('the id of a gate'),
    reason: someText,
    owner: v.optional(someText),
    until: v.optional(
      v.pipe(
        v.string(UNTIL),
        v.check((day) => /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(Date.parse(day)), UNTIL),
      ),
    ),
  },
  WAIVERS,
);

/** Gates that stand for what was or was not looked at: without them nothing else means anything. */
const NOT_WAIVED = ['output.reading', 'output.pairs', 'output.gap'];

/**
 * What this is not, where it names no gate that can be waived: goes on after "is not".
 *
 * @param numbers of a comparator of the user's own: each has a gate
 */
export function notWaivable(id: string, numbers: readonly string[] = []): string | undefined {
  if (id === 'output.gap')
    return 'a gate that can be waived: where all captures are known to be of one shadow, say so in the policy (inform: [output.gap])';
  if (NOT_WAIVED.includes(id))
    return `a gate that can be waived: without ${id} nothing is known of the answers, so say how they are read instead (answers: { kind: … })`;
  // Where no label fits, a report has a gate of this name: which of those behind it would be asked, nobody knows.
  if (id === 'truth') return undefined;
  if (GATES.includes(id) || numbers.some((name) => id === `answers.${name}`)) return undefined;
  const parts = waivableOf(id);
  if (parts.length > 0) return `a gate but the first part of several: name one or more of ${parts.join(', ')}`;
  const can = GATES.filter((gate) => !NOT_WAIVED.includes(gate));
  const near = nearest(id, can);
  return near === undefined
    ? `a gate. Those that can be waived are ${can.join(', ')}`
    : `a gate, did you mean ${near}? A report names every gate`;
}

/** The gates that can be waived and whose names begin so: of `latency` its four; none of a whole name. */
export function waivableOf(first: string): string[] {
  return GATES.filter((gate) => gate.startsWith(`${first}.`) && !NOT_WAIVED.includes(gate));
}

/** The section `policy`, as it is written. */
export const POLICY_SCHEMA = v.strictObject({
  alpha: v.optional(v.pipe(v.number(ALPHA), v.gtValue(0, ALPHA), v.ltValue(0.5, ALPHA))),
  looks: v.optional(v.picklist(['always', 'once'], 'always or once')),
  expect: v.optional(
    v.pipe(
      v.string(EXPECTATION),
      v.check((words) => parseExpectation(words) !== undefined, EXPECTATION),
    ),
  ),
  cover: v.optional(
    v.pipe(
      v.string(COVER),
      v.check((words) => (parseDuration(words) ?? 0) > 0, COVER),
    ),
  ),
  cluster: v.optional(
    v.union(
      [
        v.pipe(
          v.string(CLUSTER),
          v.check((words) => words.trim() !== '' && (!words.startsWith('$') || isPath(words)), CLUSTER),
        ),
        whole(1),
      ],
      CLUSTER,
    ),
  ),
  minimumPairs: v.optional(whole(1)),
  minimumCoverage: v.optional(share),
  warmupMinutes: v.optional(whole(0)),
  blockMinutes: v.optional(whole(1)),
  minimumBlocks: v.optional(whole(2)),
  minimumDays: v.optional(whole(2)),
  latency: v.optional(
    v.strictObject({
      mean: v.optional(margin),
      p50: v.optional(margin),
      p90: v.optional(margin),
      p99: v.optional(margin),
      floor: latencyFloor,
    }),
  ),
  errors: v.optional(allowed),
  agreement: v.optional(share),
  classes: v.optional(v.strictObject({ agreement: v.optional(share), rows: v.optional(whole(1)) })),
  newClasses: v.optional(allowed),
  numbers: v.optional(v.strictObject({ tolerance: v.optional(notNegative), share: v.optional(share) })),
  bias: v.optional(margin),
  slices: v.optional(share),
  fields: v.optional(
    v.strictObject({
      ignore: v.optional(v.array(path, 'list of paths, like [$.id, $.items[*].seen]')),
      tolerance: v.optional(v.record(path, notNegative)),
    }),
  ),
  answers: v.optional(ANSWERS_SCHEMA),
  distances: v.optional(
    v.strictObject({
      ks: v.optional(distance),
      wasserstein: v.optional(distance),
      psi: v.optional(
        v.pipe(distance, v.maxValue(LARGEST_INDEX, `${LARGEST_INDEX} or less: its bounds are not valid beyond that`)),
      ),
      jensenShannon: v.optional(distance),
    }),
  ),
  reference: v.optional(reference),
  truth: v.optional(margin),
  recall: v.optional(margin),
  regressions: v.optional(allowed),
  maturity,
  labels: v.optional(v.picklist(['random'], 'random, where the rows that have a label were drawn at random')),
  costs: v.optional(costs),
  cost: v.optional(margin),
  limits: v.optional(
    v.strictObject({
      latency: v.optional(
        v.strictObject({ mean: latencyLimit, p50: latencyLimit, p90: latencyLimit, p99: latencyLimit }),
      ),
      errors: v.optional(allowed),
      accuracy: v.optional(share),
      cost: v.optional(costLimit),
      recall: v.optional(v.record(v.string('the name of a class'), share)),
    }),
  ),
  resources: v.optional(v.strictObject({ memory: v.optional(margin), cpu: v.optional(margin) })),
  tasks: v.optional(v.strictObject({ regression: task, scores: task, binary: task, multiclass: task, json: task })),
  unparsed: v.optional(allowed),
  effect: v.optional(
    v.strictObject({ latency: v.optional(margin), overhead: v.optional(margin), errors: v.optional(allowed) }),
  ),
  decide: gateList,
  inform: gateList,
  waivers: v.optional(v.array(WAIVER, WAIVERS)),
  accept: v.optional(v.picklist(['window'], 'window, or left out')),
  fallback: v.optional(v.picklist(['canary', 'none'], 'canary, none, or left out')),
});

/** For who wrote a key of the policy outside of it. */
export const OF_POLICY: Elsewhere = {
  keys: pathsOf(POLICY_SCHEMA),
  words: (key, here, held) =>
    `it belongs in the policy: ${nested([...(held.includes('policy') ? here : []), 'policy', ...key.split('.')])}`,
};

/** For who wrote a key of shadowctl.yaml into the policy. */
const OF_PROJECT: Elsewhere = {
  keys: PROJECT_KEYS.top,
  words: (key) => `${key} belongs in shadowctl.yaml, at its top level`,
};

/** What a policy says by names that have moved, a sentence each. */
export function movedKeys(section: unknown): string[] {
  return MOVED.flatMap(([old, now]) => {
    const value = old.split('.').reduce((inner: unknown, key) => (isObject(inner) ? inner[key] : undefined), section);
    return value === undefined ? [] : [`The policy's key ${old} is called ${now} now; it is still read.`];
  });
}

/**
 * The policy of a YAML section, with defaults for what it does not say.
 *
 * @param section as parsed; undefined or null for none
 * @throws Problem (usage) naming the file, and every key and value that cannot be used
 */
export function readPolicy(section: unknown, file: string): Policy {
  const given = checked(
    POLICY_SCHEMA,
    section ?? {},
    `${file}: policy`,
    text`Every key with its default and its meaning: ${shown('policy init')}`,
    OF_PROJECT,
  );
  const { answers = {}, expect: _, cover, cluster, ...others } = given;
  const { tolerance = {}, ignore, refusals = {}, limits = {}, kinds = {}, ...read } = answers;
  const tasks = Object.fromEntries(
    TASKS.flatMap((one) => {
      const said = kinds[GROUP_OF[one]] ?? given.tasks?.[one];
      return said === undefined ? [] : [[one, said]];
    }),
  );
  if (given.limits?.cost !== undefined && given.costs === undefined)
    throw usageError(
      `${file}: policy.limits.cost: ${given.limits.cost} limits what a row costs, and costs names no price.`,
      "Say what each mistake costs: costs: { 'fraud→ok': 100, 'ok→fraud': 1 }",
    );
  const numbers = Object.keys(read.margins ?? {});
  checkNames([...(given.decide ?? []), ...(given.inform ?? [])], numbers, file);
  for (const { gate } of given.waivers ?? []) {
    const wrong = notWaivable(gate, numbers);
    if (wrong !== undefined) throw usageError(`${file}: policy.waivers: "${gate}" is not ${wrong}.`);
  }
  const defined = Object.fromEntries(
    Object.entries(others).filter(([, value]) => value !== undefined),
  ) as Partial<Policy>;
  const { floor, ...latency } = given.latency ?? {};
  return {
    ...DEFAULT_POLICY,
    ...defined,
    expect: given.expect === undefined ? undefined : parseExpectation(given.expect),
    cover: cover === undefined ? undefined : parseDuration(cover),
    // CSV has no names: its columns are called by their places.
    cluster: typeof cluster === 'number' ? `column ${cluster}` : cluster,
    latency: { ...DEFAULT_POLICY.latency, ...latency },
    latencyFloor: floor ?? DEFAULT_POLICY.latencyFloor,
    classes: { ...DEFAULT_POLICY.classes, ...given.classes },
    numbers: {
      ...DEFAULT_POLICY.numbers,
      ...given.numbers,
      ...(tolerance.absolute === undefined ? {} : { tolerance: tolerance.absolute }),
    },
    // What is said for all tasks is meant for all.
    tasks: { ...(given.agreement === undefined ? DEFAULT_POLICY.tasks : {}), ...tasks },
    fields: {
      ignore: ignore ?? given.fields?.ignore ?? DEFAULT_POLICY.fields.ignore,
      tolerance: { ...given.fields?.tolerance, ...tolerance.fields },
    },
    answers: {
      ...DEFAULT_POLICY.answers,
      ...read,
      limits: {
        time: limits.time === undefined ? DEFAULT_POLICY.answers.limits.time : (parseDuration(limits.time) ?? 0),
        memory: limits.memory === undefined ? DEFAULT_POLICY.answers.limits.memory : (parseSize(limits.memory) ?? 0),
      },
      absolute: tolerance.absolute,
      relative: tolerance.relative,
      refusals: refusals.share ?? DEFAULT_POLICY.answers.refusals,
      openings: refusals.openings ?? DEFAULT_POLICY.answers.openings,
    },
    limits: {
      ...given.limits,
      latency: given.limits?.latency ?? DEFAULT_POLICY.limits.latency,
      recall: given.limits?.recall ?? DEFAULT_POLICY.limits.recall,
    },
    effect: { ...DEFAULT_POLICY.effect, ...given.effect },
  };
}

/** The gates of a comparator's numbers have the names that `margins` has. @throws Problem (usage) for any other */
function checkNames(names: readonly string[], numbers: readonly string[], file: string): void {
  for (const name of names) {
    if (NAMES.includes(name) || numbers.some((number) => name === `answers.${number}`)) continue;
    throw usageError(
      `${file}: policy: "${name}" is not ${notAGate(name)}.`,
      `The gate of a number of your own comparator can be named where answers.margins has the number, too.`,
    );
  }
}

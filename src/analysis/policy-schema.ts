import * as v from 'valibot';
import { usage } from '../errors.ts';
import { DEFAULT_POLICY } from './policy.ts';
import type { Policy } from './policy.ts';

const share = v.pipe(
  v.number(),
  v.minValue(0, 'must be a fraction between 0 and 1'),
  v.maxValue(1, 'must be a fraction between 0 and 1'),
);
const margin = v.pipe(v.number(), v.gtValue(0, 'must be greater than 0'));
const whole = (least: number) =>
  v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(least, `must be at least ${least}`));

const path = v.pipe(v.string(), v.regex(/^\$(\.|\[)/, 'must be a path like $.score or $.items[*].price'));

/** Of a stability index: what is called a major change. Beyond about 0.4 a part of the numbers may be gone, and its logarithm has no bound. */
const LARGEST_INDEX = 0.25;

const task = v.optional(
  v.strictObject({ agreement: v.optional(share), share: v.optional(share), truth: v.optional(margin) }),
);

const SCHEMA = v.strictObject({
  alpha: v.optional(
    v.pipe(v.number(), v.gtValue(0, 'must lie between 0 and 0.5'), v.ltValue(0.5, 'must lie between 0 and 0.5')),
  ),
  looks: v.optional(v.picklist(['always', 'once'])),
  minimumPairs: v.optional(whole(1)),
  minimumCoverage: v.optional(share),
  warmupMinutes: v.optional(whole(0)),
  blockMinutes: v.optional(whole(1)),
  minimumBlocks: v.optional(whole(2)),
  latency: v.optional(
    v.strictObject({
      mean: v.optional(margin),
      p50: v.optional(margin),
      p90: v.optional(margin),
      p99: v.optional(margin),
    }),
  ),
  errors: v.optional(share),
  agreement: v.optional(share),
  numbers: v.optional(
    v.strictObject({
      tolerance: v.optional(v.pipe(v.number(), v.minValue(0, 'must not be negative'))),
      share: v.optional(share),
    }),
  ),
  slices: v.optional(share),
  fields: v.optional(
    v.strictObject({
      ignore: v.optional(v.array(path)),
      tolerance: v.optional(v.record(path, v.pipe(v.number(), v.minValue(0, 'must not be negative')))),
    }),
  ),
  distances: v.optional(
    v.strictObject({
      ks: v.optional(margin),
      wasserstein: v.optional(margin),
      psi: v.optional(
        v.pipe(margin, v.maxValue(LARGEST_INDEX, `must be at most ${LARGEST_INDEX}: its bounds hold no further`)),
      ),
      jensenShannon: v.optional(margin),
    }),
  ),
  truth: v.optional(margin),
  tasks: v.optional(v.strictObject({ regression: task, scores: task, binary: task, multiclass: task, json: task })),
  unparsed: v.optional(share),
  effect: v.optional(
    v.strictObject({ latency: v.optional(margin), overhead: v.optional(margin), errors: v.optional(share) }),
  ),
  decide: v.optional(v.array(v.pipe(v.string(), v.nonEmpty()))),
  inform: v.optional(v.array(v.pipe(v.string(), v.nonEmpty()))),
});

/**
 * The policy of a YAML section, with defaults for what it does not say.
 *
 * @param section as parsed; undefined or null for none
 * @throws Problem (usage) naming file, key and wrong value
 */
export function readPolicy(section: unknown, file: string): Policy {
  const checked = v.safeParse(SCHEMA, section ?? {});
  if (!checked.success) {
    const issue = checked.issues[0];
    const where = v.getDotPath(issue) ?? 'the section itself';
    throw usage(
      `${file}: policy: ${where}: ${issue.message} (it is ${JSON.stringify(issue.input)}).`,
      `Known keys: ${Object.keys(SCHEMA.entries).join(', ')}. Shares and margins are fractions: 0.1 is ten percent.`,
    );
  }
  const given = checked.output;
  const defined = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<Policy>;
  return {
    ...DEFAULT_POLICY,
    ...defined,
    latency: { ...DEFAULT_POLICY.latency, ...given.latency },
    numbers: { ...DEFAULT_POLICY.numbers, ...given.numbers },
    // What is said for all tasks is meant for all.
    tasks: { ...(given.agreement === undefined ? DEFAULT_POLICY.tasks : {}), ...given.tasks },
    fields: { ...DEFAULT_POLICY.fields, ...given.fields },
    effect: { ...DEFAULT_POLICY.effect, ...given.effect },
  };
}

import * as v from 'valibot';

/** The file, in the folder of the records, that holds who answers and how it came to that. */
export const ROUTER_FILE = 'router.json';

const SCHEMA = 'shadowctl-mirror-router/1';
const text = v.pipe(v.string(), v.nonEmpty());
/** Milliseconds since the epoch. */
const moment = v.pipe(v.number(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** How requests are divided, in the words of the configuration. */
const division = v.object({
  shadow: text,
  /** What stood under that name when it was decided, as `sideText` writes it: a name may be given to another server. */
  side: v.optional(text),
  /** Of the requests that are in no slice. */
  share,
  by: text,
  slices: v.array(text),
});
export type DivisionWords = v.InferOutput<typeof division>;

/** A step of a rollout: what is the candidate's from then on. */
const step = v.object({
  share,
  /** All slices up to this step. */
  slices: v.array(text),
  /** As it was asked for: `10%`, or a slice. */
  words: text,
});
export type RolloutStep = v.InferOutput<typeof step>;

/** What a rollout is judged by beside the records and the project's policy, as it was typed: enough to go on with the same. */
const judgedBy = v.object({
  /** Where it was typed: its paths begin there. */
  folder: text,
  /** The shadowctl.yaml whose policy it was, where none was named; null: there is none. Missing where an older version began. */
  project: v.optional(v.nullable(text)),
  from: v.optional(text),
  labels: v.optional(text),
  policy: v.optional(text),
  expect: v.optional(text),
  prediction: v.optional(text),
  waive: v.optional(v.array(text)),
  reason: v.optional(text),
});
export type JudgedBy = v.InferOutput<typeof judgedBy>;

const rollout = v.object({
  id: text,
  /** The command that began it. */
  command: v.picklist(['rollout', 'promote']),
  shadow: text,
  /** The two sides, as `sideText` writes them. */
  candidate: text,
  production: text,
  /** The last one is the end: the candidate becomes production. */
  steps: v.pipe(v.array(step), v.minLength(1)),
  by: text,
  bakeSeconds: v.number(),
  /**
   * What lets a step go on: `policy`, a pass; `accepted`, also what the policy accepts of one window; `forced`, anything but a limit.
   */
  judging: v.picklist(['policy', 'accepted', 'forced']),
  judgedBy: v.optional(judgedBy),
  /** The step under way, since when; and when the first one began. Undefined before it. */
  step: v.optional(v.number()),
  since: v.optional(moment),
  began: v.optional(moment),
  /** Limits beside the policy, shares of the requests of a minute and milliseconds. */
  limits: v.object({
    rate5xx: v.optional(v.number()),
    rate4xx: v.optional(v.number()),
    latency: v.optional(v.object({ statistic: text, milliseconds: v.number(), minutes: v.number() })),
  }),
});
/** A rollout on a mirror: enough to go on after a crash. */
export type MirrorRollout = v.InferOutput<typeof rollout>;

const waived = v.array(
  v.object({ gate: text, outcome: text, reason: text, owner: v.optional(text), until: v.optional(text) }),
);

const entry = v.object({
  at: moment,
  /** Who on which machine; of what a configuration said, the mirror itself. */
  by: text,
  command: text,
  /** Id of the rollout that it is a part of. */
  rollout: v.optional(text),
  /**
   * - `began`, `step`, `ended`: of a rollout
   * - `divided`: a share was set otherwise, as by the configuration; `returned`: all requests are the live side's again
   * - `promoted`, `undone`: the sides were swapped; `kept`: the shadow is sent nothing any more
   * - `passed`: what callers logged, whose requests nothing here can move
   * - `judged`: a verdict by which gates failed, or pass that had failed before
   */
  what: v.picklist(['began', 'step', 'ended', 'divided', 'returned', 'promoted', 'undone', 'kept', 'passed', 'judged']),
  /** Up to when the records were judged. */
  until: v.optional(moment),
  shadow: v.optional(text),
  /** What answers, or is to, as `sideText` writes it; and what answered before. */
  side: v.optional(text),
  before: v.optional(text),
  share: v.optional(share),
  slices: v.optional(v.array(text)),
  /** Of a rollout that has ended. */
  outcome: v.optional(text),
  verdict: v.optional(
    v.object({ outcome: text, summary: v.optional(text), forced: v.boolean(), accepted: v.optional(text) }),
  ),
  waived: v.optional(waived),
  /** By what that verdict was asked for, as it was typed; the gates that failed, and those that pass and had failed before. */
  asked: v.optional(
    v.object({
      labels: v.optional(text),
      policy: v.optional(text),
      expect: v.optional(text),
      prediction: v.optional(text),
    }),
  ),
  failed: v.optional(v.array(v.object({ gate: text, reason: text }))),
  passed: v.optional(v.array(text)),
  reason: v.optional(text),
});
/** One thing that happened to who answers. */
export type RouterEntry = v.InferOutput<typeof entry>;

const stateSchema = v.object({
  schema: v.literal(SCHEMA),
  /** Grows with each change: whoever changes says which one they saw. */
  revision: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /**
   * The side that was promoted, and the one that was live before, as `sideText` writes them, and the name that it had as a shadow;
   * absent: as configured. `undone`: a promotion was taken back, and what was live before is a candidate, not a way back.
   */
  promoted: v.optional(
    v.object({ side: text, before: text, at: moment, shadow: v.optional(text), undone: v.optional(v.boolean()) }),
  ),
  /** Absent: the live side answers everything. */
  division: v.optional(division),
  /** The canary of the configuration that was taken over last, as JSON: one that stays the same is not taken over again. */
  configured: v.optional(text),
  /** Shadows that were ended: they get nothing, as long as the configuration names the same. */
  ended: v.array(v.object({ name: text, side: text })),
  rollout: v.optional(rollout),
  /** Oldest first; of very many the newest. */
  history: v.array(entry),
});
/** Who answers, and how it came to that: one file, written whole or not at all. */
export type RouterState = v.InferOutput<typeof stateSchema>;

/** Where nothing was ever decided. */
export const NO_STATE: RouterState = { schema: SCHEMA, revision: 0, ended: [], history: [] };

/** @returns undefined where it is none that this version can read */
export function readRouterState(content: string): RouterState | undefined {
  try {
    const found = v.safeParse(stateSchema, JSON.parse(content));
    return found.success ? found.output : undefined;
  } catch {
    return undefined;
  }
}

const changeSchema = v.variant('kind', [
  /** A share of zero and no slices give all requests back. */
  v.object({ kind: v.literal('divide'), division }),
  v.object({ kind: v.literal('rollout-begin'), rollout }),
  /** Division and position change together: what was recorded last is what serves. */
  v.object({ kind: v.literal('rollout-step'), id: text, step: v.number() }),
  v.object({ kind: v.literal('rollout-return'), id: text }),
  v.object({ kind: v.literal('rollout-end'), id: text, outcome: text }),
  /** By the rollout of this id, as its last step; without one, by itself. */
  v.object({ kind: v.literal('promote'), shadow: text, id: v.optional(text) }),
  /** Takes the promotion back. */
  v.object({ kind: v.literal('undo') }),
  v.object({ kind: v.literal('end'), shadow: text }),
  /** Nothing changes but the history. */
  v.object({ kind: v.literal('note') }),
]);
/** What a command asks for. */
export type RouterChange = v.InferOutput<typeof changeSchema>;

const requestSchema = v.object({
  /** The revision that was seen; absent: whatever stands. */
  expect: v.optional(v.number()),
  change: changeSchema,
  entry: v.omit(entry, ['at']),
});
/** A change, and how the history tells it. */
export type RouterRequest = v.InferOutput<typeof requestSchema>;

/** Reads what a command sent; undefined where it is none. */
export function readRouterRequest(content: string): RouterRequest | undefined {
  try {
    const found = v.safeParse(requestSchema, JSON.parse(content));
    return found.success ? found.output : undefined;
  } catch {
    return undefined;
  }
}

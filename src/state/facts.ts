import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import type { CreateEndpointConfigCommandInput } from '@aws-sdk/client-sagemaker';
import * as v from 'valibot';
import type { NoiseFloor } from '../base/noise-floor.ts';
import { resourceRef } from './resource-ref.ts';

/*
 * What a journal records besides resources. Fields that version 0.1 did not always write are optional. Sets that may
 * grow (strategies, outcomes) are read as text, so that a journal of a newer version can still be read.
 */

const text = v.string('a text');
const name = v.pipe(text, v.nonEmpty('a name'));
const number = v.number('a number');
/** Milliseconds since the epoch. */
const time = number;
const names = v.pipe(v.array(text, 'list of names'), v.readonly());

/** An input of CreateEndpointConfig, as this program wrote it. */
const configInput = v.custom<CreateEndpointConfigCommandInput>(
  (input) => isObject(input) && typeof input.EndpointConfigName === 'string' && Array.isArray(input.ProductionVariants),
  'the input of CreateEndpointConfig',
);

const alarmInput = v.custom<PutMetricAlarmCommandInput>(isAlarmInput, 'the input of PutMetricAlarm');

const latencyLimit = v.object({ statistic: text, milliseconds: number, minutes: number });

/** JSON has no word for a number that is not finite: a measurement with one is none. */
function finite<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.fallback(v.optional(v.object(entries)), undefined);
}

/** Gates that did not pass and did not decide, and who answers for that. */
const waivers = v.array(
  v.object({ gate: text, outcome: text, reason: text, owner: v.optional(text), until: v.optional(text) }),
  'list of waivers',
);

const noiseFloor: v.GenericSchema<unknown, NoiseFloor> = v.object({
  model: text,
  window: v.object({ from: time, to: time }),
  pairs: number,
  sampling: v.optional(number),
  prediction: v.optional(text),
  labels: finite({ differing: number, n: number, factor: number }),
  others: finite({ differing: number, n: number, factor: number, tolerance: number }),
  numbers: finite({ beyond: number, n: number, factor: number, tolerance: number, mae: number }),
  scores: finite({
    digest: text,
    of: v.array(v.object({ name: text, missing: number, n: number, factor: number })),
  }),
});

/** What a release is of; sets that may grow are read as text. */
const releaseSource = v.object({
  /** `artifact` (in S3), `file`, `model`, `model-package`. */
  kind: text,
  /** An S3 URI, a path, the name of a model, an ARN. */
  name,
  /** What tells one content from another: the ETag of an object, the SHA-256 of a file. */
  etag: v.optional(text),
  version: v.optional(text),
  bytes: v.optional(number),
});

/** What a release was begun with and keeps, whatever settings become. Times in milliseconds. */
const releaseTerms = v.object({
  timeBox: number,
  /** Rising shares of the requests that the shadow sees. */
  sampling: v.pipe(v.array(number, 'list of shares'), v.readonly()),
  /** `ask` or `auto`. */
  approve: text,
  /** Who may approve, as ARNs; empty: whoever may run commands, or has the link. */
  approvers: names,
  /** `excluded`: whoever began it may not approve it. */
  author: text,
  /** How long an answer is waited for, and what then: `keep` or `wait`. */
  answer: number,
  unanswered: text,
  /** Of older releases; it is read when the candidate is production. */
  settle: v.optional(number),
  /** What to do where SageMaker refuses guardrails beside a shadow: `canary` or `none`. */
  fallback: text,
  /** What an approval in the Model Registry does: `starts` (also where it is absent) or `answers`. */
  registry: v.optional(text),
  /** What its evidence comes from: `batch`, days of recorded inputs; absent: a shadow. */
  evidence: v.optional(text),
});

const releaseVerdict = {
  outcome: text,
  summary: text,
  /** A sentence for each gate that decides and did not pass. */
  reasons: names,
};

/** The value of every fact, by the fact's name. */
export const FACTS = {
  /** A resource that existed before us is now changed like our own; cleanup never deletes it. */
  adopted: resourceRef,
  /** A resource that no journal named, and whose tags say that this run of shadowctl created it. */
  found: v.object({ ...resourceRef.entries, run: name }),
  /** What was adopted is given back: nothing of it is managed any more; what shadowctl created for it stays its own. */
  disowned: v.object({}),
  /** Cleanup has proven that nothing is left. */
  clean: v.object({}),
  /** The endpoint is about to be told, without guardrails, to run a config in place of another. */
  replaces: v.object({ requested: name, previous: name }),
  /** A guarded update is about to be asked for: enough for another process to watch it. */
  'update-started': v.object({
    /** The command that asked for it. */
    command: text,
    endpoint: name,
    variant: text,
    /** The config asked for, and the one that ran before. */
    requested: name,
    previous: text,
    models: v.object({ previous: text, requested: text }),
    /** Alarms that guard the update, and those among them that shadowctl made. */
    alarms: names,
    ownAlarms: names,
    strategy: text,
    /** When UpdateEndpoint was called. */
    startedAt: time,
    /** LastModifiedTime before it: an endpoint that still has it has not begun. */
    modifiedBefore: v.optional(time),
    /** FailureReason before it, which may stay visible (facts 4.2). */
    reasonBefore: v.optional(text),
    maxSeconds: v.optional(number),
    /** Findings that `--unguarded` overruled, by what they are about and their check; absent where there was none. */
    overruled: v.optional(names),
  }),
  /** What a config was made of when it was in service: what is behind these names later may be something else. */
  ran: v.object({
    config: name,
    parts: v.pipe(
      v.array(
        v.object({
          model: text,
          role: v.optional(text),
          artifacts: v.array(v.object({ uri: text, etag: v.optional(text) })),
          /** As the model names them, and by the digest that ran. */
          images: v.array(v.object({ image: text, digest: v.optional(text) })),
        }),
        'list of models',
      ),
      v.readonly(),
    ),
  }),
  /** How an endpoint stood when it was seen in service: what differs later was changed by somebody else. */
  stands: v.object({
    config: name,
    /** By production variant: instances it is scaled to, and its weight where there are several variants. */
    instances: v.record(text, number),
    weights: v.record(text, number),
    /** Rules of alarms of shadowctl's that were taken over as somebody else has changed them; null: it was deleted. */
    alarms: v.optional(v.record(text, v.nullable(text))),
  }),
  /** Somebody else gave the endpoint this config in place of another, and that was taken over. */
  'taken-over': v.object({ config: name, previous: name }),
  /** How a change of the config ended: of a guarded update with all fields, of any other with the first three. */
  'update-ended': v.object({
    requested: name,
    /** `updated`, `created`, `rolled-back-by-alarm`, … */
    kind: text,
    /** In AWS's words. */
    reason: v.optional(v.nullable(text)),
    previous: v.optional(text),
    sentence: v.optional(text),
    /** Alarms that rolled it back. */
    alarms: v.optional(names),
    /** What the new fleet answered while it was watched. */
    served: v.optional(v.object({ requests: number, errors4xx: number, errors5xx: number })),
    startedAt: v.optional(time),
    endedAt: v.optional(time),
  }),
  /** An abort makes an alarm of ours fire; `alarm` is the rule that it had and gets back. */
  'update-aborted': v.object({ requested: name, at: time, alarm: v.optional(alarmInput) }),
  /** The alarm has its own rule again. */
  'alarm-restored': v.object({ alarm: name }),
  /** A shadow is about to be attached. */
  shadow: v.object({
    config: name,
    /** The config to return to when the shadow is detached. */
    before: v.optional(name),
    /** Share of the requests that the shadow sees. */
    sample: number,
    variant: name,
    /** When it is to end, where that was said. */
    until: v.optional(time),
    /** The model, where production's own model is the shadow: a calibration. */
    calibrates: v.optional(name),
  }),
  /** How much two copies of one model differ. */
  'noise-floor': noiseFloor,
  /** A shadow is about to become production. */
  promoted: v.object({
    model: text,
    artifact: v.optional(v.nullable(text)),
    images: v.optional(names),
    verdict: text,
    summary: v.optional(text),
    /** Against the verdict, by --force. */
    forced: v.boolean('true or false'),
    /** `window`: inconclusive, and the policy accepts what holds in the window that was judged. */
    accepted: v.optional(text),
    /** Gates that did not pass and did not decide. */
    waived: v.optional(waivers),
    wayBack: v.optional(text),
  }),
  /** A report let gates be that did not pass; `config`: what the endpoint ran, as far as the journal knows. */
  waived: v.object({ verdict: text, waivers, config: v.optional(name) }),
  /**
   * A verdict on the shadow that `config` has: which gates decided and failed, which had failed before and pass; and by what it was
   * asked for, as it was typed.
   */
  judged: v.object({
    config: name,
    verdict: text,
    asked: v.object({
      labels: v.optional(text),
      policy: v.optional(text),
      expect: v.optional(text),
      prediction: v.optional(text),
    }),
    failed: v.array(v.object({ gate: text, reason: text }), 'list of gates'),
    passed: names,
  }),
  /** A shadow was ended, and production kept. */
  kept: v.object({ model: text, production: text, reason: v.optional(v.nullable(text)) }),
  /** What a keep has decided, before the call: should the command be killed, the next `keep` knows what was decided. `config` has the shadow. */
  'keep-decided': v.object({ model: text, production: text, reason: v.optional(v.nullable(text)), config: name }),
  /** A rollout begins: enough to go on after a crash. */
  'rollout-begun': v.object({
    previous: text,
    /** The config with both variants, and the one that remains when all steps have passed. */
    config: name,
    final: name,
    model: text,
    previousModel: text,
    /** Names of the two variants. */
    production: text,
    candidate: text,
    /** Rising shares of the requests. */
    steps: v.pipe(v.array(number, 'list of shares'), v.readonly()),
    bakeSeconds: number,
    /** What the config at the end will hold: production with the new model. */
    finalInput: configInput,
    /** What returns all requests at once; absent in journals of earlier versions. */
    limits: v.optional(
      v.object({
        /** Shares of the requests of a minute. */
        rate5xx: v.optional(number),
        rate4xx: v.optional(number),
        latency: v.optional(latencyLimit),
        /** Alarms of the team's own. */
        alarms: names,
      }),
    ),
  }),
  'rollout-step': v.object({ step: number, share: v.optional(number), since: time }),
  'rollout-ended': v.object({ outcome: text, model: v.optional(text), at: v.optional(time) }),
  /** Callers send a candidate slice after slice: which variants, what they ran then, and in which order. */
  'slices-begun': v.object({
    by: name,
    production: name,
    candidate: name,
    config: name,
    models: v.object({ production: text, candidate: text }),
    order: names,
    at: time,
  }),
  /** A slice was judged: `pass` or `fail`. `moved`: when the candidate answered its first request. */
  'slice-judged': v.object({ slice: text, outcome: text, requests: number, moved: time, reasons: names, at: time }),
  /** No further slice belongs to them; the next begins anew. */
  'slices-ended': v.object({ at: time }),
  /** The journal is about to be copied here; `from` and `to` are places of all journals, a folder or an `s3://` URI. */
  'state-moving': v.object({ from: text }),
  /** All of it has come. */
  'state-arrived': v.object({ from: text }),
  /** From now on it is kept elsewhere: nothing follows here, unless it comes back. */
  'state-moved': v.object({ to: text }),
  /** A release begins: everything by which any machine can go on with it. */
  'release-begun': v.object({
    release: name,
    source: releaseSource,
    /** `hand` or `watch`. */
    from: text,
    /** How its model is made, where not as production's. */
    image: v.optional(text),
    algorithm: v.optional(text),
    allowMismatch: v.optional(v.boolean('true or false')),
    /** Older candidates that start none, since this one came. */
    over: v.optional(v.pipe(v.array(releaseSource, 'list of sources'), v.readonly())),
    terms: releaseTerms,
    at: time,
  }),
  /** Its artifact lies where it never changes. */
  'release-copied': v.object({ release: name, uri: name }),
  /**
   * Its shadow is about to be attached, or given another share of the requests. By a batch: its model is about to be made, beside
   * what runs with this config.
   */
  'release-attaching': v.object({
    release: name,
    step: number,
    sample: number,
    model: name,
    config: name,
    at: time,
  }),
  /** The shadow runs, with the share of this step. */
  'release-gathering': v.object({ release: name, step: number, at: time }),
  /** A day of its batch was run: rows that were delivered, and those that were judged. */
  'release-day': v.object({ release: name, day: name, rows: number, judged: number, at: time }),
  /** A day of its batch could not be run. `settings` tells those with which that was tried from others. */
  'release-day-failed': v.object({ release: name, day: name, what: text, settings: text, at: time }),
  /** People are asked, or `--approve auto` answers. `about`: `pass` or `inconclusive`. */
  'release-asked': v.object({
    release: name,
    ask: number,
    about: text,
    ...releaseVerdict,
    /** Where the report of then is kept, an `s3://` URI. */
    report: v.optional(text),
    /** The status in the Model Registry at that moment, where an approval there answers. */
    registry: v.optional(text),
    /** By which settings it was judged, and would be promoted, as a hash. */
    settings: v.optional(text),
    at: time,
  }),
  /** A link by which a question can be answered once, as the SHA-256 of its token. */
  'release-link': v.object({ release: name, ask: number, sha256: name, until: time }),
  /** Somebody has answered: `approve`, `reject` or `cancel`. `how`: `command`, `link`, `registry`, `auto`. */
  'release-answered': v.object({
    release: name,
    ask: number,
    answer: text,
    by: text,
    how: text,
    reason: v.optional(text),
    at: time,
  }),
  /** The verdict was another when the approval came to be carried out: nothing was changed. */
  'release-turned': v.object({ release: name, ask: number, ...releaseVerdict, at: time }),
  /** Its model is about to become production, beside the shadow or after that was taken away. */
  'release-promoting': v.object({
    release: name,
    model: name,
    config: name,
    beside: v.boolean('true or false'),
    at: time,
  }),
  /** SageMaker takes no guardrails beside a shadow. */
  'release-unguardable': v.object({ release: name, words: text, at: time }),
  /** Its model is production, and is watched on. */
  'release-settling': v.object({ release: name, config: name, until: time, at: v.optional(time) }),
  /** Its shadow is about to be taken away. `why` is a word for machines, `reason` for people. */
  'release-detaching': v.object({ release: name, why: text, reason: text, at: time }),
  /** People were told, or could not be; `about` is a word for machines. */
  'release-told': v.object({ release: name, about: text, at: time }),
  /** Something unforeseen stopped it for now. */
  'release-trouble': v.object({
    release: name,
    what: text,
    /** Another place has what this one lacks: the time that a look takes. */
    elsewhere: v.optional(v.boolean('true or false')),
    at: time,
  }),
  'release-ended': v.object({ release: name, outcome: text, reason: text, at: time }),
  /** An artifact that starts no release, and why. */
  'release-passed-over': v.object({ source: releaseSource, why: text, at: time }),
  /** A pipeline is about to be installed for the endpoint, or brought up to date; `watch`: what starts releases there. */
  'pipeline-installing': v.object({ stack: name, code: text, settings: text, watch: v.optional(text), at: time }),
  /** The bucket of uploads is about to send its events to EventBridge; `before`: it did so already. */
  'pipeline-events': v.object({ bucket: name, before: v.boolean('true or false'), at: time }),
  'pipeline-installed': v.object({ stack: name, at: time }),
  'pipeline-removing': v.object({ stack: name, at: time }),
  /** `off`: buckets that send no events to EventBridge any more, as before. */
  'pipeline-removed': v.object({ stack: name, off: names, at: time }),
  /** What a batch judges, from its first day on: another candidate is another batch. `against`: a word for machines. */
  'batch-begun': v.object({ candidate: text, model: name, production: v.optional(text), against: text, at: time }),
  /** A day is about to be run: for the first time, or anew; `digest`: of what was delivered; `folder`: its own. */
  'batch-attempt': v.object({ day: name, attempt: number, digest: text, folder: name, at: time }),
  /** A transform job of a day is about to begin, of so many objects. `side`: `candidate` or `production`. */
  'batch-job': v.object({ day: name, attempt: number, side: text, job: name, output: name, objects: number, at: time }),
  /** A job was seen to have ended; `status` as SageMaker says. */
  'batch-job-ended': v.object({ job: name, status: text, at: time }),
  /** What a day came to is kept. */
  'batch-day': v.object({ day: name, attempt: number, at: time }),
  /** Requests are divided anew among the variants. */
  shifted: v.object({ weights: v.record(text, number), counts: v.optional(v.record(text, number)) }),
} as const;

export type FactName = keyof typeof FACTS;

/** The value of the fact of this name. */
export type FactValue<Name extends FactName> = v.InferOutput<(typeof FACTS)[Name]>;

/** A gate that did not pass and did not decide. */
export type RecordedWaiver = FactValue<'waived'>['waivers'][number];

/** One fact: its name decides the type of its value. */
export type JournalFact = { [Name in FactName]: { name: Name; value: FactValue<Name> } }[FactName];

/** A fact with the run that recorded it, and when (ISO 8601). */
export type RecordedFact<Name extends FactName = FactName> = Extract<JournalFact, { name: Name }> & {
  run: string;
  at: string;
};

/** Is this the name of a kind of fact? */
export function isFactName(candidate: string): candidate is FactName {
  return Object.hasOwn(FACTS, candidate);
}

/** The facts of one name, oldest first. */
export function factsNamed<Name extends FactName>(facts: readonly RecordedFact[], wanted: Name): RecordedFact<Name>[] {
  return facts.filter((fact): fact is RecordedFact<Name> => fact.name === wanted);
}

/** Is this what PutMetricAlarm was given, as the journal keeps it? */
export function isAlarmInput(input: unknown): input is PutMetricAlarmCommandInput {
  return (
    isObject(input) &&
    typeof input.AlarmName === 'string' &&
    typeof input.ComparisonOperator === 'string' &&
    typeof input.EvaluationPeriods === 'number'
  );
}

function isObject(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

import * as v from 'valibot';
import { parsedJson } from '../../base/json.ts';
import { mistakes } from '../../base/schema.ts';
import type { Observations } from '../observations.ts';
import { restoreObservations } from '../saved.ts';

/** Version of what is kept of a day. */
const SCHEMA = 'shadowctl-batch-day/1';

/** What production's side of a day is: another model's answers, production's captured ones, or what a table says was decided. */
const AGAINST = ['model', 'captures', 'decisions'] as const;

const text = v.string('a text');
const whole = v.pipe(v.number('a number'), v.integer('a whole number'), v.minValue(0, 'zero or more'));
const time = v.number('a time');
const side = v.picklist(['candidate', 'production'], 'candidate or production');

const rowAccount = v.pipe(
  v.object({
    /** Rows in the day's objects, as they lay there when it was run, and what came since. */
    delivered: whole,
    /** In a pair that was compared. */
    judged: whole,
    /** The model answered, and nothing stands on the other side: or nobody can say what, as an id repeats. */
    withoutCounterpart: whole,
    /** The row, or one of its answers, could not be read. */
    unreadable: whole,
    /** In an object for which a transform job has no output. */
    inFailedObject: whole,
    /** In an object that came after the day was run. */
    late: whole,
  }),
  v.check(
    ({ delivered, judged, withoutCounterpart, unreadable, inFailedObject, late }) =>
      delivered === judged + withoutCounterpart + unreadable + inFailedObject + late,
    'an account whose rows add up to those delivered',
  ),
);

const batchModel = v.object({
  /** Name of the model in SageMaker. */
  model: text,
  /** `s3://` URI; missing where the model has none, or several containers. */
  artifact: v.optional(text),
  image: v.optional(text),
});

const failedObject = v.object({
  side,
  /** `s3://` URI of the object. */
  key: text,
  /** Why, as the container or SageMaker says. */
  reason: text,
  rows: whole,
  /** From 1: the first row that the model refuses, where it was looked for. */
  line: v.optional(whole),
});

const batchJob = v.object({
  name: text,
  side,
  /** As SageMaker says: Completed, Failed, Stopped. */
  status: text,
  /** Milliseconds since the epoch; missing where it never began, or has not ended. */
  start: v.optional(time),
  end: v.optional(time),
  instances: whole,
  instanceType: text,
});

const run = v.object({
  /** 1, 2, … */
  attempt: whole,
  digest: text,
  at: time,
});

/** Everything of a day but its observations, which are kept as `report --save` keeps them. */
const batchDay = v.object({
  schema: v.literal(SCHEMA),
  /** Name of the batch. */
  batch: text,
  /** `2026-11-29`, in `zone`; of an hour `2026-11-29T05`. */
  day: text,
  /** IANA: `Europe/Berlin`. */
  zone: text,
  /** Milliseconds since the epoch; a day has 23, 24 or 25 hours. `to` is exclusive. */
  from: time,
  to: time,
  /** Reruns replace a day: 1, 2, … of them this is the newest. */
  attempt: whole,
  /** Those that it replaces, oldest first. */
  earlier: v.pipe(v.array(run, 'list of runs'), v.readonly()),
  /** When it was summed, milliseconds since the epoch. */
  at: time,
  /** SHA-256 of the contents delivered (ETags and sizes, whatever the keys): the same under two days was delivered twice. */
  digest: text,
  /** Objects that were delivered, and bytes in them. */
  objects: whole,
  bytes: v.number('a number'),
  candidate: batchModel,
  /** The model on production's side, where there is one and it is known. */
  production: v.optional(batchModel),
  against: v.picklist(AGAINST, `one of ${AGAINST.join(', ')}`),
  rows: rowAccount,
  failedObjects: v.pipe(v.array(failedObject, 'list of objects'), v.readonly()),
  /** What the reader must know of how this day came about, in sentences. */
  notes: v.pipe(v.array(text, 'list of texts'), v.readonly()),
  jobs: v.pipe(v.array(batchJob, 'list of jobs'), v.readonly()),
  /** US dollars, estimated from the jobs' seconds; missing where no price is known. */
  cost: v.optional(v.number('a number')),
  /**
   * Where both sides' records lie, as captures, in the order of their rows: `s3://` URIs of gzipped JSON Lines. Labels that come
   * later are joined with these. Missing where no row has a counterpart.
   */
  pairs: v.optional(v.object({ production: text, candidate: text })),
});

/** What became of the rows of a day: each is in exactly one place, and they add up to `delivered`. */
export type RowAccount = v.InferOutput<typeof rowAccount>;
/** A model on one side of a batch. */
export type BatchModel = v.InferOutput<typeof batchModel>;
/** An object of which a model answered nothing. */
export type FailedObject = v.InferOutput<typeof failedObject>;
/** A transform job of a day. */
export type BatchJob = v.InferOutput<typeof batchJob>;

/**
 * One day of a batch: what `batch run` keeps, and `batch report` judges. The answers are in `observations`: their predictions
 * have one block, whose minute is the first of the day; there are no metrics.
 */
export type BatchDay = v.InferOutput<typeof batchDay> & { observations: Observations };

/** Times at which a batch is judged by days: `batch`, `day` and so on are given; the schema's version is added. */
export function newBatchDay(of: Omit<BatchDay, 'schema'>): BatchDay {
  return { schema: SCHEMA, ...of };
}

/** A day as it is kept. */
export function batchDayText(day: BatchDay): string {
  return `${JSON.stringify(day)}\n`;
}

/** A day that was kept, or what is wrong with it: the end of a sentence. */
export function readBatchDay(content: string): BatchDay | { wrong: string } {
  const value = parsedJson(content);
  if (value === undefined) return { wrong: 'it is not JSON' };
  const parsed = v.safeParse(batchDay, value);
  if (!parsed.success) return { wrong: mistakes(parsed.issues) };
  const observations = restoreObservations((value as { observations?: unknown }).observations);
  if (observations === undefined) return { wrong: 'observations: missing, or of another version' };
  return { ...parsed.output, observations };
}

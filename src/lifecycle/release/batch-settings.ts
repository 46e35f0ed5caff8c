import * as v from 'valibot';
import { checkZone, hasDate } from '../../analysis/batch/period.ts';
import { usageError } from '../../base/errors.ts';
import { HOUR, parseDuration } from '../../base/units.ts';
import type { DaySettings } from '../batch/day-settings.ts';

/** The section `batch` of a release: days of recorded inputs are its evidence, in place of a shadow. Times in milliseconds. */
export interface ReleaseBatch extends DaySettings {
  /** `production`: the model that the endpoint runs; else as `--against` takes it. */
  against: string;
  /** How long after its end a day is run: what belongs to it may come late. */
  delay: number;
  /** How many days before the release began count, too. */
  daysBefore: number;
}

const TEXT = 'a text';
const text = v.pipe(v.string(TEXT), v.nonEmpty(TEXT));
const S3 = 'a place in S3 like s3://bucket/prefix/';
const place = v.pipe(v.string(S3), v.startsWith('s3://', S3));
const whole = (words: string, least: number) => v.pipe(v.number(words), v.integer(words), v.minValue(least, words));
const yes = v.boolean('true or false');
const DELAY = 'a length of time like 30m or 6h';
const DOLLARS = 'dollars a day, more than 0';

/** As shadowctl.yaml has it. */
export const RELEASE_BATCH = v.strictObject({
  input: place,
  output: place,
  against: v.optional(text),
  captures: v.optional(yes),
  zone: v.optional(text),
  delay: v.optional(
    v.pipe(
      v.string(DELAY),
      v.check((words) => parseDuration(words) !== undefined, DELAY),
    ),
  ),
  daysBefore: v.optional(whole('a whole number of days from 0', 0)),
  id: v.optional(text),
  withoutId: v.optional(yes),
  header: v.optional(yes),
  contentType: v.optional(text),
  accept: v.optional(text),
  inputFilter: v.optional(text),
  instances: v.optional(whole('a whole number from 1', 1)),
  instanceType: v.optional(text),
  maxPayload: v.optional(whole('megabytes from 1', 1)),
  maxConcurrent: v.optional(whole('a whole number from 1', 1)),
  maxCost: v.optional(v.pipe(v.number(DOLLARS), v.gtValue(0, DOLLARS))),
});

/** @throws Problem (usage) where the parts do not fit together */
export function readReleaseBatch(written: v.InferOutput<typeof RELEASE_BATCH>): ReleaseBatch {
  const against = written.against ?? 'production';
  const read: ReleaseBatch = {
    input: written.input,
    output: written.output,
    against,
    captured: written.captures === true || against === 'captures',
    zone: checkZone(written.zone ?? 'UTC'),
    delay: parseDuration(written.delay ?? '1h') ?? HOUR,
    daysBefore: written.daysBefore ?? 0,
    id: written.id,
    withoutId: written.withoutId === true,
    header: written.header,
    contentType: written.contentType,
    accept: written.accept,
    inputFilter: written.inputFilter,
    instances: written.instances ?? 1,
    instanceType: written.instanceType ?? 'ml.m5.large',
    maxPayloadMb: written.maxPayload,
    maxConcurrent: written.maxConcurrent,
    maxCost: written.maxCost,
  };
  if (against === 'model:')
    throw usageError('release.batch.against: model: names no model.', 'Write it like model:churn-1, or production.');
  if (!read.captured && !hasDate(read.input))
    throw usageError(
      `release.batch.input: ${read.input} is the same every day.`,
      'Put the day into it: s3://bucket/prefix/{yyyy}/{MM}/{dd}/; or say captures: true, where it holds those of a variant.',
    );
  return read;
}

/** Where decisions lie, `FILE:COLUMN`; undefined: production's side is something else. Pure. */
export function decisionsOf({ against }: Pick<ReleaseBatch, 'against'>): string | undefined {
  return against === 'captures' || against === 'production' || against.startsWith('model:') ? undefined : against;
}

import { s3Place } from '../../aws/s3-uri.ts';
import { checkPattern } from '../../analysis/batch/period.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import { usageError } from '../../base/errors.ts';
import type { CandidateSpec } from '../candidate.ts';
import type { LabelSource } from '../labels.ts';
import type { DaySettings } from './day-settings.ts';

/** What stands on production's side of a batch. */
export type Against =
  /** What production answered, as the capture files say that are the input. */
  | { kind: 'captures' }
  /** Another model, which is run over the same inputs. */
  | { kind: 'model'; model: string }
  /** What a table says was decided. */
  | { kind: 'decisions'; source: LabelSource };

/** Everything that `batch run` is told. */
export interface BatchSettings extends DaySettings {
  batch: string;
  candidate: CandidateSpec;
  against: Against;
  policy: Policy;
  labels: LabelSource | undefined;
  /** Memory bound of the comparison, like `1GB`. */
  memory: string;
  /** Look for the rows because of which objects fail: by jobs of their own. */
  findBadRows: boolean;
  /** Run a day anew that has been run. */
  rerun: boolean;
}

/** SageMaker's limit on what a container is sent at once (API reference of CreateTransformJob, MaxPayloadInMB). */
const MAX_IN_FLIGHT_MB = 100;

/** Where SageMaker splits lines, and puts answers together by lines. */
const LINE_TYPES = ['text/csv', 'application/jsonlines', 'application/json'] as const;

/** Refuses what does not fit together, before anything is asked of AWS. @throws Problem (usage) */
export function checkSettings(settings: BatchSettings): void {
  const { input, output, captured, against, maxPayloadMb = 6, maxConcurrent = 1 } = settings;
  const target = s3Place(output);
  if (target === undefined || target.bucket === '' || /[{}]/.test(output))
    throw usageError(
      `--output: "${output}" is not a place in S3.`,
      'Give a prefix like s3://my-bucket/batches; every day gets a folder of its own there.',
    );
  const place = s3Place(input);
  if (place === undefined) {
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(input))
      throw usageError(`--input: "${input}" is neither in S3 nor a file.`, 'Give an s3:// prefix, or a path.');
    if (captured)
      throw usageError(
        `--input: ${input} is a file; captures are read where SageMaker writes them.`,
        'Give the s3:// prefix of a variant: s3://bucket/prefix/endpoint/AllTraffic/',
      );
  } else checkPattern(input, '--input');
  if (place !== undefined && under(place, target))
    throw usageError(
      `--output ${output} lies below --input ${input}: what a day makes would be the input of the next run.`,
      'Name an output beside the input.',
    );
  if (against.kind === 'captures' && !captured)
    throw usageError('--against captures: the input holds no captures.', 'Add --captures.');
  if (settings.withoutId && settings.id === undefined)
    throw usageError('--without-id leaves out what --id names, and no --id was given.', 'Add --id COLUMN.');
  for (const [option, value] of [
    ['--content-type', settings.contentType],
    ['--accept', settings.accept],
  ] as const)
    if (value !== undefined && !(LINE_TYPES as readonly string[]).includes(value))
      throw usageError(
        `${option}: rows are told apart by lines, and ${value} has none.`,
        `Use one of ${LINE_TYPES.join(', ')}.`,
      );
  if (maxConcurrent * maxPayloadMb > MAX_IN_FLIGHT_MB)
    throw usageError(
      `--max-concurrent ${maxConcurrent} × --max-payload ${maxPayloadMb} MB is ${maxConcurrent * maxPayloadMb} MB; SageMaker permits ${MAX_IN_FLIGHT_MB} MB together.`,
      `With --max-payload ${maxPayloadMb}, at most --max-concurrent ${Math.floor(MAX_IN_FLIGHT_MB / maxPayloadMb)}.`,
    );
  if ((settings.inputFilter?.length ?? 0) > 63)
    throw usageError('--input-filter: SageMaker permits at most 63 characters.');
}

function under(input: { bucket: string; key: string }, output: { bucket: string; key: string }): boolean {
  if (input.bucket !== output.bucket) return false;
  const fixed = input.key.replace(/\{.*$/s, '');
  return output.key.startsWith(fixed) && (fixed === '' || fixed.endsWith('/') || output.key[fixed.length] === '/');
}

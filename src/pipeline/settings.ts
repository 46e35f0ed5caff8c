import { join } from 'node:path';
import * as v from 'valibot';
import type { Policy } from '../analysis/policy/policy.ts';
import { type Project, projectOf } from '../base/project.ts';
import { usageError } from '../base/errors.ts';
import { checked } from '../base/schema.ts';
import { shown, shownStart, text } from '../base/text.ts';
import { decisionsOf } from '../lifecycle/release/batch-settings.ts';
import type { ReleaseSettings } from '../lifecycle/release/settings.ts';

/**
 * What the function is told, as an object in the bucket of the state: its environment takes 4 KB, is shown to whoever may list
 * functions, and stands in the template; and an object that is named by its content goes back with a stack that rolls back.
 */
export interface FunctionSettings {
  version: 1;
  /** Of the project, for tags. */
  name: string;
  /** The endpoint that is released to. */
  endpoint: string;
  /** What starts a release by itself: `s3://bucket/prefix/`, or the ARN of a group of the Model Registry; undefined: nothing. */
  watch?: string | undefined;
  /** Take an endpoint under management that shadowctl did not create. */
  adopt: boolean;
  /** How long the former model and its config stay after a promotion, in milliseconds. */
  wayBack: number;
  /** As a shadowctl.yaml: what holds for this endpoint, with no file of another machine in it. */
  project: Record<string, unknown>;
}

const TEXT = 'a text';
const name = v.pipe(v.string(TEXT), v.nonEmpty(TEXT));
const SCHEMA = v.strictObject({
  version: v.literal(1, '1: these settings are of another version of shadowctl'),
  name,
  endpoint: name,
  watch: v.optional(name),
  adopt: v.boolean('true or false'),
  wayBack: v.pipe(v.number('milliseconds'), v.minValue(0, 'milliseconds')),
  project: v.record(name, v.unknown()),
});

/** @throws Problem (usage) where that is not what an installation wrote */
export function readFunctionSettings(content: unknown, where: string): FunctionSettings {
  return checked(SCHEMA, content, where, text`Install the pipeline again: ${shownStart('pipeline install')}`);
}

/** shadowctl.yaml as the function has it. */
export function projectOfFunction(settings: FunctionSettings, folder: string): Project {
  return projectOf(settings.project, join(folder, settings.name), 'the settings of the pipeline');
}

/** What a release is judged by, and where it was written. */
interface Judged {
  /** As a policy file has it: its keys, not yet checked. */
  written: unknown;
  policy: Policy;
}

/**
 * What holds for an endpoint, for a function that has no files: the policy stands in it, and a variable that names who is told
 * has become the value.
 *
 * @param release the settings as they are read
 * @param named every target of `notify`, with `env:NAME` replaced
 * @throws Problem (usage) for what a function cannot do, with the reason
 */
export function projectForFunction(
  project: Project,
  endpoint: string,
  { release, judged, named }: { release: ReleaseSettings; judged: Judged; named: { own: string[]; project: string[] } },
): Record<string, unknown> {
  refuseOutside(release, judged.policy);
  const own = Object.hasOwn(project.endpoints, endpoint) ? project.endpoints[endpoint] : undefined;
  const withoutPolicy = (section: unknown) =>
    Object.fromEntries(Object.entries(object(section)).filter(([key]) => key !== 'policy'));
  // What is said of its answers stands in the policy already.
  const { policy: _, answers: __, notify: ___, ...defaults } = own ?? {};
  return withoutUndefined({
    role: project.role,
    tags: project.tags,
    prices: project.prices,
    notify: named.project,
    policy: judged.written,
    release: withoutPolicy(project.release),
    // Which stands over which stays as it was.
    endpoints: { [endpoint]: { ...defaults, release: { ...withoutPolicy(own?.release), notify: named.own } } },
  });
}

/** @throws Problem (usage) for what works only where somebody's files and programs are */
function refuseOutside({ labels, policy: file, batch }: ReleaseSettings, policy: Policy): void {
  const decisions = batch && decisionsOf(batch);
  if (decisions !== undefined && !decisions.startsWith('s3://'))
    throw usageError(
      `batch.against: ${decisions} is a file of this machine, which a function of AWS Lambda cannot read.`,
      'Keep what was decided in S3, and write against: s3://bucket/prefix/:COLUMN.',
    );
  if (labels !== undefined && !labels.startsWith('s3://'))
    throw usageError(
      `labels: ${labels} is a file of this machine, which a function of AWS Lambda cannot read.`,
      'Keep labels in S3, and write labels: s3://bucket/prefix/.',
    );
  if (policy.answers.command !== undefined)
    throw usageError(
      `The policy${file === undefined ? '' : ` ${file}`} names a comparator of your own (answers.command), and a function of AWS Lambda has only what shadowctl brings.`,
      text`Judge without it, or run the release where the program is: ${shown('release', { endpoint: '…' })}`,
    );
  if (policy.reference !== undefined)
    throw usageError(
      'The policy names a file of expected numbers (reference), which a function of AWS Lambda cannot read.',
      text`Judge without it, or run the release where the file is: ${shown('release', { endpoint: '…' })}`,
    );
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
}

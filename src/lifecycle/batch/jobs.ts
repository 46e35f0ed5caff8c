import type { CreateTransformJobCommandInput, Tag } from '@aws-sdk/client-sagemaker';
import { s3Place, s3Uri } from '../../aws/s3-uri.ts';
import { putObject } from '../../aws/s3-text.ts';
import { describeTransformJob, type TransformJob } from '../../aws/transform-jobs.ts';
import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { Problem } from '../../base/errors.ts';
import { HOUR } from '../../base/units.ts';
import { dollars, hourlyPrice, type PriceList } from '../../guard/prices.ts';
import { apply, type JournaledRun } from '../../resources/apply.ts';
import { chooseName } from '../../resources/naming.ts';
import { recordFact } from '../../state/journal.ts';
import type { RecordedBatchJob } from '../../state/batches.ts';
import { replay } from '../../state/replay.ts';
import type { Session, TaskReporter } from '../session.ts';
import { doTask } from '../session.ts';
import { jobOutputs } from './folder.ts';
import type { BatchSettings } from './settings.ts';

/** Which model a job runs. */
export type Side = 'candidate' | 'production';

/** How often a job is looked at, milliseconds. */
const LOOK = 15_000;
/** A look that AWS refuses for now is repeated so often, one after the other. */
const MAX_TROUBLE = 20;

/** What a job is to do. */
export interface JobRequest {
  side: Side;
  model: string;
  contentType: string;
  gzip: boolean;
  accept: string;
  /** `s3://` URIs of the objects, all of one bucket. */
  objects: readonly string[];
}

/**
 * What SageMaker is asked for. Pure.
 * @param folder in which everything of the attempt lies; ends with a slash
 */
function jobInput(
  name: string,
  request: JobRequest,
  settings: Pick<BatchSettings, 'instances' | 'instanceType' | 'maxPayloadMb' | 'maxConcurrent' | 'inputFilter'>,
  { folder, tags }: { folder: string; tags: Tag[] },
): CreateTransformJobCommandInput {
  const { maxPayloadMb, maxConcurrent, inputFilter } = settings;
  type Resources = NonNullable<CreateTransformJobCommandInput['TransformResources']>;
  return {
    TransformJobName: name,
    ModelName: request.model,
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: 'ManifestFile', S3Uri: `${folder}manifests/${name}.json` } },
      ContentType: request.contentType,
      SplitType: 'Line',
      CompressionType: request.gzip ? 'Gzip' : 'None',
    },
    TransformOutput: { S3OutputPath: jobOutputs(folder, name), Accept: request.accept, AssembleWith: 'Line' },
    TransformResources: {
      InstanceType: settings.instanceType as Resources['InstanceType'],
      // An object is worked on by one instance: further ones would have nothing to do (facts 16.2).
      InstanceCount: Math.min(settings.instances, request.objects.length),
    },
    // A document that answers several rows could not be taken apart by lines.
    BatchStrategy: [request.accept, request.contentType].includes('application/json') ? 'SingleRecord' : 'MultiRecord',
    ...(maxPayloadMb === undefined ? {} : { MaxPayloadInMB: maxPayloadMb }),
    ...(maxConcurrent === undefined ? {} : { MaxConcurrentTransforms: maxConcurrent }),
    ...(inputFilter === undefined ? {} : { DataProcessing: { InputFilter: inputFilter } }),
    Tags: tags,
  };
}

/** A list of objects as SageMaker takes it: what their URIs have in common, then the rest of each. Pure. */
export function manifestOf(objects: readonly string[]): string {
  const [first = ''] = objects;
  let common = first.slice(0, first.lastIndexOf('/') + 1);
  while (!objects.every((one) => one.startsWith(common)))
    common = common.slice(0, common.lastIndexOf('/', common.length - 2) + 1);
  return JSON.stringify([{ prefix: common }, ...objects.map((one) => one.slice(common.length))]);
}

/**
 * Begins a job: its name is chosen and written down first, with what it is for, so that a command that is killed meanwhile can
 * be gone on with.
 */
export async function beginJob(
  run: JournaledRun,
  request: JobRequest,
  {
    settings,
    day,
    attempt,
    folder,
    tags,
  }: {
    settings: BatchSettings;
    day: string;
    attempt: number;
    folder: string;
    tags: Tag[];
  },
): Promise<string> {
  const taken = replay(run.journal.events()).resources.map(({ ref }) => ref.name);
  const name = chooseName(settings.batch, `${request.side}-${day.replaceAll('-', '')}`, run.clock.now(), taken);
  const input = jobInput(name, request, settings, { folder, tags });
  const manifest = input.TransformInput?.DataSource?.S3DataSource?.S3Uri ?? '';
  await putObject(run.aws, manifest, { body: manifestOf(request.objects), type: 'application/json' }, run.signal);
  await recordFact(run, {
    name: 'batch-job',
    value: {
      day,
      attempt,
      side: request.side,
      job: name,
      output: `${jobOutputs(folder, name)}/`,
      objects: request.objects.length,
      at: run.clock.now(),
    },
  });
  await apply(run, { action: 'create', kind: 'transform-job', name, input });
  return name;
}

/** What these jobs have cost until now, in US dollars; undefined where a price is not known. Pure. */
export function costOf(jobs: readonly TransformJob[], prices: PriceList, now: number): number | undefined {
  let sum = 0;
  for (const { instanceType, instances, started, ended } of jobs) {
    if (started === undefined) continue;
    const price = hourlyPrice(prices, instanceType);
    if (price === undefined) return undefined;
    sum += (price * instances * Math.max(0, (ended ?? now) - started)) / HOUR;
  }
  return sum;
}

/** Jobs go on, and nobody waits for them. */
export class StillRunning extends Error {
  /** How many. */
  readonly jobs: number;
  constructor(jobs: number) {
    super(`${jobs} transform jobs are running`);
    this.jobs = jobs;
  }
}

/** Whether a job has not ended. */
export function isOpen({ status }: Pick<TransformJob, 'status'>): boolean {
  return status === 'InProgress' || status === 'Stopping';
}

/** Jobs that were written down, as AWS has them: one that it does not know was never begun. */
export async function lookAtJobs(
  aws: Aws,
  recorded: readonly Pick<RecordedBatchJob, 'job'>[],
  signal: AbortSignal,
): Promise<TransformJob[]> {
  const found: TransformJob[] = [];
  for (const { job } of recorded) found.push(...[(await describeTransformJob(aws, job, signal)) ?? []].flat());
  return found;
}

/**
 * Waits until these jobs have ended, and writes down how. One that nobody finds was never begun.
 * @param limits.spent jobs of the same day that have ended before: their costs count
 * @param limits.waits false: looks once
 * @throws Problem (no) where they were stopped because they cost too much
 * @throws StillRunning where nobody waits for them
 */
export async function followJobs(
  session: Session,
  run: JournaledRun,
  names: readonly string[],
  {
    maxCost,
    prices,
    spent,
    waits,
  }: { maxCost: number | undefined; prices: PriceList; spent: readonly TransformJob[]; waits: boolean },
): Promise<TransformJob[]> {
  if (names.length === 0) return [];
  const ended = await doTask(session, { name: 'transform', jobs: names.length }, async (report) => {
    let stopped = false;
    for (;;) {
      const jobs = await look(session, run, names, report);
      const open = jobs.filter(isOpen);
      report.progress({ kind: 'jobs', jobs });
      if (open.length === 0) {
        await recordEnds(run, jobs);
        if (stopped) throw tooDear(jobs, maxCost ?? 0);
        return jobs;
      }
      const cost = costOf([...spent, ...jobs], prices, session.clock.now());
      if (maxCost !== undefined && cost !== undefined && cost > maxCost && !stopped) {
        stopped = true;
        for (const job of open.filter(({ status }) => status === 'InProgress'))
          await apply(run, { action: 'delete', kind: 'transform-job', name: job.name });
      }
      if (!waits && !stopped) return open.length;
      await session.clock.sleep(LOOK, session.signal);
    }
  });
  if (typeof ended === 'number') throw new StillRunning(ended);
  return ended;
}

async function look(
  session: Session,
  { aws }: JournaledRun,
  names: readonly string[],
  report: TaskReporter,
): Promise<TransformJob[]> {
  const jobs: TransformJob[] = [];
  for (const name of names) {
    for (let tries = 1; ; tries += 1) {
      try {
        const job = await describeTransformJob(aws, name, session.signal);
        if (job !== undefined) jobs.push(job);
        break;
      } catch (error) {
        if (!(error instanceof AwsProblem) || !error.transient || tries >= MAX_TROUBLE) throw error;
        report.progress({ kind: 'trouble', problem: error });
        await session.clock.sleep(LOOK, session.signal);
      }
    }
  }
  return jobs;
}

async function recordEnds(run: JournaledRun, jobs: readonly TransformJob[]): Promise<void> {
  const known = new Set(
    replay(run.journal.events()).facts.flatMap((fact) => (fact.name === 'batch-job-ended' ? [fact.value.job] : [])),
  );
  for (const { name, status } of jobs)
    if (!known.has(name))
      await recordFact(run, { name: 'batch-job-ended', value: { job: name, status, at: run.clock.now() } });
}

function tooDear(jobs: readonly TransformJob[], maxCost: number): Problem {
  const stopped = jobs.filter(({ status }) => status === 'Stopped').map(({ name }) => name);
  return new Problem(
    'no',
    `The jobs cost more than ${dollars(maxCost)} (--max-cost): ${stopped.join(', ')} ${stopped.length === 1 ? 'was' : 'were'} stopped. What a stopped job was working on has no output.`,
    { next: 'Give the command again with a higher --max-cost: what has an output is not run again.' },
  );
}

/** `bucket/key`, as a data log names an object. */
export function logName(uri: string): string {
  const place = s3Place(uri);
  return place === undefined ? uri : s3Uri(place).slice('s3://'.length);
}

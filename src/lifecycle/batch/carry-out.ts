import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Tag } from '@aws-sdk/client-sagemaker';
import { accountRows } from '../../analysis/batch/account.ts';
import { type BatchDay, type BatchJob, type FailedObject, newBatchDay } from '../../analysis/batch/day.ts';
import type { RemoteObject } from '../../aws/s3-download.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { s3Place } from '../../aws/s3-uri.ts';
import { readObject } from '../../aws/s3.ts';
import { describeTransformJob, type TransformJob } from '../../aws/transform-jobs.ts';
import { environmentError, type Problem } from '../../base/errors.ts';
import { parsedJson } from '../../base/json.ts';
import { lines, shown, text } from '../../base/text.ts';
import { counted } from '../../base/units.ts';
import type { PriceList } from '../../guard/prices.ts';
import { apply, type JournaledRun } from '../../resources/apply.ts';
import { batchOwner, tagList } from '../../resources/tags.ts';
import { attemptsOf, begunBatch, type RecordedBatchJob } from '../../state/batches.ts';
import { recordFact } from '../../state/journal.ts';
import { trackedResource } from '../../state/replay.ts';
import { pricesOf } from '../prices.ts';
import { applySteps, doTask, openRun } from '../session.ts';
import { findBadRows } from './bad-rows.ts';
import { explainFailures } from './failures.ts';
import { attemptFolder } from './folder.ts';
import { uploadPieces } from './inputs.ts';
import { beginJob, costOf, followJobs, type Side } from './jobs.ts';
import type { BatchOn, BatchRun, Decision } from './decision.ts';
import { isRewritten, rewrite, rewrittenUri } from './look.ts';
import { acceptOf, againstWords, modelFacts } from './models.ts';
import { lookNotes, twiceDelivered } from './notes.ts';
import { groupsOf, type RunObject } from './objects.ts';
import { outputsOf } from './outputs.ts';
import { putOutput } from './put.ts';
import { type ObjectFate, writeRecords } from './records.ts';

import { decidedRecords, observationsOf, observeDay } from './sum.ts';

/** A side that is run: its model, and what it answers as. */
interface RunSide {
  side: Side;
  model: string;
  image: string | undefined;
}

/** What the work on one attempt at a day needs. */
interface Work {
  on: BatchOn;
  run: JournaledRun;
  decision: Decision;
  /** `s3://` URI in which everything of it lies; ends with a slash. */
  folder: string;
  tags: Tag[];
  prices: PriceList;
  /** On this machine, gone afterwards. */
  spool: string;
}

/** Does what was decided; needs the lock of the batch. */
export async function carryOut(on: BatchOn, decision: Decision, spool: string): Promise<BatchRun> {
  const { session, store, aws } = on;
  const { settings, period, candidate, attempt, resumed, inputs } = decision;
  const run = await openRun(on, 'batch run', candidate.run);
  await beginBatch(on, run, decision);
  await applySteps(session, run, candidate.steps);
  const { batch, output } = settings;
  const folder = resumed?.folder ?? attemptFolder(output, { batch, day: period.day, attempt, run: run.id });
  if (resumed === undefined) {
    await apply(run, { action: 'create', kind: 'batch-outputs', name: folder });
    const at = aws.lastTime?.() ?? session.clock.now();
    await recordFact(run, {
      name: 'batch-attempt',
      value: { day: period.day, attempt, digest: inputs.digest, folder, at },
    });
  }
  const project = await session.project();
  const tags = tagList(
    { project: project.name, endpoint: batchOwner(settings.batch), run: run.id },
    { ...project.tags, ...settings.candidate.tags },
  );
  const prices = await pricesOf(session, [{ instanceType: settings.instanceType }]);
  const work: Work = { on, run, decision, folder, tags, prices, spool };
  const objects = await prepare(work);
  const sides = sidesOf(decision);
  const answered = new Map<Side, Map<string, RemoteObject>>();
  const jobs: { side: Side; job: TransformJob }[] = [];
  await askModels(work, sides, objects, answered, jobs);
  const failed = await failures(work, sides, objects, answered, jobs);
  const day = await sumUp(work, objects, answered, failed, jobs);
  await store.write(day);
  await recordFact(run, { name: 'batch-day', value: { day: period.day, attempt, at: session.clock.now() } });
  return { kind: 'done', day, path: store.path };
}

/** Writes down what the batch judges, before its first model is made. */
async function beginBatch(
  { state, session }: BatchOn,
  run: JournaledRun,
  { candidate, settings }: Decision,
): Promise<void> {
  if (begunBatch(state()) !== undefined) return;
  const { against } = settings;
  await recordFact(run, {
    name: 'batch-begun',
    value: {
      candidate: candidate.identity,
      model: candidate.model,
      ...(against.kind === 'model' && { production: against.model }),
      against: againstWords(against),
      at: session.clock.now(),
    },
  });
}

function sidesOf({ candidate, settings, productionImage }: Decision): RunSide[] {
  const { against } = settings;
  return [
    { side: 'candidate', model: candidate.model, image: candidate.image },
    ...(against.kind === 'model'
      ? [{ side: 'production' as const, model: against.model, image: productionImage }]
      : []),
  ];
}

/** Puts everything where the models can be asked: pieces of a file, requests of captures, rows without their header. */
async function prepare({ on, run, decision, folder, spool }: Work): Promise<RunObject[]> {
  const { session } = on;
  const looked = await uploadPieces(run, decision.inputs, decision.looked, folder);
  const objects = looked.map((one, index) => ({
    ...one,
    asked: isRewritten(one) ? rewrittenUri(folder, index, one) : one.uri,
  }));
  for (const object of objects)
    if (object.asked !== object.uri && object.scan.asked > 0) await rewrite(session, run, object, spool);
  return objects;
}

/**
 * Lets every side answer every object: follows the jobs of an earlier try that are still running, and begins jobs for what has no
 * output then. What a job of this very command had no output of is not asked again.
 */
async function askModels(
  work: Work,
  sides: readonly RunSide[],
  objects: readonly RunObject[],
  answered: Map<Side, Map<string, RemoteObject>>,
  jobs: { side: Side; job: TransformJob }[],
): Promise<void> {
  const { on, run, decision, prices, folder } = work;
  const { session, aws } = on;
  const { settings } = decision;
  const { waits } = decision.how;
  const limits = { maxCost: settings.maxCost, prices, waits };
  const asked = objects.filter(({ scan }) => scan.asked > 0);
  const uris = asked.map((one) => one.asked);
  const collect = async (ended: readonly TransformJob[], sideOf: (name: string) => Side) => {
    for (const job of ended) {
      const side = sideOf(job.name);
      jobs.push({ side, job });
      const outputs = answered.get(side) ?? new Map<string, RemoteObject>();
      answered.set(side, outputs);
      for (const [uri, output] of await outputsOf(aws, job.output, uris, session.signal)) outputs.set(uri, output);
    }
  };
  const follow = async (names: readonly string[], sideOf: (name: string) => Side) => {
    const spent = jobs.map(({ job }) => job);
    await collect(await followJobs(session, run, names, { ...limits, spent }), sideOf);
  };
  const earlier = recordedJobs(work);
  const earlierSide = (name: string) => (earlier.find(({ job }) => job === name)?.side ?? 'candidate') as Side;
  const [running, over] = [earlier.filter(({ ended }) => ended === undefined), earlier.filter(({ ended }) => ended)];
  for (const { job } of over) {
    const found = await describeTransformJob(aws, job, session.signal);
    if (found !== undefined) await collect([found], earlierSide);
  }
  await follow(
    running.map(({ job }) => job),
    earlierSide,
  );
  const tried = new Set<string>();
  // Who comes every few minutes asks nothing twice.
  if (!waits)
    for (const one of earlier) for (const uri of await listedIn(work, one.job)) tried.add(`${one.side} ${uri}`);
  // What was stopped was stopped for a reason that is over: the command was given again.
  const wereStopped = new Set(jobs.flatMap(({ job }) => (job.status === 'Stopped' ? [job.name] : [])));
  for (const { side, job } of running)
    if (!wereStopped.has(job)) for (const uri of await listedIn(work, job)) tried.add(`${side} ${uri}`);
  const begun = new Map<string, Side>();
  const followBegun = async () => {
    const names = [...begun.keys()];
    await follow(names, (name) => begun.get(name) ?? 'candidate');
    begun.clear();
  };
  const place = { ...work, settings, day: decision.period.day, attempt: decision.attempt };
  for (const { side, model, image } of sides) {
    const outputs = answered.get(side) ?? new Map<string, RemoteObject>();
    answered.set(side, outputs);
    const open = asked.filter((one) => !outputs.has(one.asked) && !tried.has(`${side} ${one.asked}`));
    for (const group of groupsOf(open)) {
      const accept = acceptOf(settings, group.contentType, image);
      const request = { side, model, ...group, accept, objects: group.objects.map((one) => one.asked) };
      const name = await beginJob(run, request, place).catch(async (error: unknown) => {
        if (!isAtLimit(error)) throw withRoleAdvice(error, folder);
        if (begun.size === 0) throw beyondLimit(error, settings);
        // The instances of the jobs that run already are what the quota permits: this one's turn comes after them.
        session.emit({ kind: 'jobs-limited', words: error.words });
        await followBegun();
        return beginJob(run, request, place);
      });
      begun.set(name, side);
      session.emit({ kind: 'job-begun', job: name, side, model, objects: group.objects.length });
    }
  }
  await followBegun();
}

/** Whether SageMaker permits no more instances, or jobs, at this moment. */
function isAtLimit(error: unknown): error is AwsProblem {
  return error instanceof AwsProblem && error.code.startsWith('ResourceLimitExceeded');
}

/** SageMaker reads inputs and writes outputs as the model's role: what that lacks is in its own words, and here where to look. */
function withRoleAdvice(error: unknown, folder: string): unknown {
  if (!(error instanceof AwsProblem) || error.code !== 'ValidationException' || !error.words.includes('role "arn:'))
    return error;
  const bucket = s3Place(folder)?.bucket;
  return environmentError(
    error.message,
    text`What the role needs, in a policy: ${shown('iam-policy', { 'execution-role': true, bucket })}`,
    error,
  );
}

/** No job runs, and one is more than the account may have. */
function beyondLimit(error: AwsProblem, { instances, instanceType }: Decision['settings']): Problem {
  return environmentError(
    error.message,
    lines(
      `Ask for more of "${instanceType} for transform job usage" in Service Quotas: it is apart from that of endpoints.`,
      instances > 1
        ? 'Or give fewer --instances, or another --instance-type; the same command goes on.'
        : 'Or give another --instance-type; the same command goes on.',
    ),
    error,
  );
}

/** The jobs of earlier tries at this attempt that AWS has: what was written down and never begun is left out. */
function recordedJobs({ on, decision }: Work): RecordedBatchJob[] {
  const { day } = decision.period;
  const attempt = attemptsOf(on.state(), day).find((one) => one.attempt === decision.attempt);
  return (attempt?.jobs ?? []).filter(
    ({ job }) => trackedResource(on.state(), { kind: 'transform-job', name: job })?.state === 'exists',
  );
}

/** The objects that a job was given. */
async function listedIn({ on, folder }: Work, job: string): Promise<string[]> {
  const content = await readObject(on.aws, `${folder}manifests/${job}.json`, MAX_MANIFEST, on.session.signal);
  const [first, ...rest] = parsedJson(Buffer.from(content).toString('utf8')) as [{ prefix: string }, ...string[]];
  return rest.map((one) => `${first.prefix}${one}`);
}

const MAX_MANIFEST = 64 * 1024 * 1024;

/** Every object that a side has no answer to, and why; where that was asked for, the line because of which. */
async function failures(
  work: Work,
  sides: readonly RunSide[],
  objects: readonly RunObject[],
  answered: ReadonlyMap<Side, ReadonlyMap<string, RemoteObject>>,
  jobs: { side: Side; job: TransformJob }[],
): Promise<FailedObject[]> {
  const { on, run, decision, prices, tags, folder, spool } = work;
  const { session, aws } = on;
  const found: FailedObject[] = [];
  // What was found out of the very same content.
  const known = await on.store.read(decision.period.day);
  const before = known?.digest === decision.inputs.digest ? known.failedObjects : [];
  for (const { side, model, image } of sides) {
    const failed = objects.filter((one) => one.scan.asked > 0 && answered.get(side)?.has(one.asked) !== true);
    if (failed.length === 0) continue;
    const reasons = new Map<string, string>();
    // The last job that was given an object says why.
    for (const { job } of jobs.filter((one) => one.side === side)) {
      const given = new Set(await listedIn(work, job.name));
      const own = failed.map((one) => one.asked).filter((uri) => given.has(uri));
      for (const [uri, reason] of await explainFailures(session, aws, job, own)) reasons.set(uri, reason);
    }
    const lines = new Map(
      before.flatMap((one) => (one.side === side && one.line !== undefined ? [[one.key, one.line]] : [])),
    );
    if (decision.settings.findBadRows)
      for (const { contentType, objects: some } of groupsOf(failed.filter(({ scan }) => scan.asked > 1))) {
        const accept = acceptOf(decision.settings, contentType, image);
        const { day } = decision.period;
        const search = {
          session,
          run,
          settings: decision.settings,
          prices,
          tags,
          day,
          attempt: decision.attempt,
          folder,
          spool,
          spent: jobs.map(({ job }) => job),
        };
        const looked = await findBadRows(
          search,
          { side, model, accept },
          some.filter(({ uri }) => !lines.has(uri)),
        );
        for (const [uri, line] of looked.lines) lines.set(uri, line);
        for (const job of looked.jobs) jobs.push({ side, job });
      }
    for (const one of failed) {
      const line = lines.get(one.uri);
      const reason = reasons.get(one.asked) ?? 'no job has an output of it';
      found.push({ side, key: one.uri, reason, rows: one.scan.rows, ...(line !== undefined && { line }) });
    }
  }
  return found;
}

/** Pairs, compares and sums. */
async function sumUp(
  work: Work,
  objects: readonly RunObject[],
  answered: ReadonlyMap<Side, ReadonlyMap<string, RemoteObject>>,
  failed: readonly FailedObject[],
  ran: readonly { side: Side; job: TransformJob }[],
): Promise<BatchDay> {
  const { on, decision, spool, prices } = work;
  const { session, aws, store } = on;
  const { settings, period, candidate, productionImage, attempt, inputs } = decision;
  const { against } = settings;
  const records = join(spool, 'records');
  await mkdir(records, { recursive: true });
  const files = {
    candidate: join(records, 'candidate.jsonl.gz'),
    production: against.kind === 'decisions' ? undefined : join(records, 'production.jsonl.gz'),
  };
  const none = new Map<string, RemoteObject>();
  const side = (of: Side, image: string | undefined) => ({
    outputs: answered.get(of) ?? none,
    accept: (contentType: string) => acceptOf(settings, contentType, image),
  });
  const models = {
    candidate: await modelFacts(aws, candidate.model, session.signal),
    production: against.kind === 'model' ? await modelFacts(aws, against.model, session.signal) : undefined,
  };
  const task = { name: 'read-objects', day: period.day, objects: objects.length, phase: 'answers' } as const;
  return doTask(session, task, async (report) => {
    const fates = await writeRecords(
      { session, aws, folder: spool },
      objects,
      {
        candidate: side('candidate', candidate.image),
        production:
          against.kind === 'model'
            ? side('production', productionImage)
            : against.kind === 'captures'
              ? 'captured'
              : undefined,
      },
      period.from,
      files,
      (read) => report.progress({ kind: 'objects', read }),
    );
    const decided = await decidedRecords(session, settings, files.candidate, records);
    const production = files.production ?? decided.file;
    const handed = fates.some((one) => one.fate === 'compared' && one.rows > one.unreadable);
    const observations =
      handed && production !== undefined
        ? await observeDay(
            session,
            settings,
            period,
            { candidate: files.candidate, production },
            models,
            { spill: spool, store },
            report,
          )
        : observationsOf(settings.batch, period, models, against.kind, { predictions: undefined, notes: [] });
    const pairs = handed && production !== undefined ? await keepPairs(work, files.candidate, production) : undefined;
    const known = await store.read(period.day);
    const replaced = known !== undefined && known.attempt !== attempt;
    const cost = costOf(
      ran.map(({ job }) => job),
      prices,
      session.clock.now(),
    );
    return newBatchDay({
      batch: settings.batch,
      day: period.day,
      zone: period.zone,
      from: period.from,
      to: period.to,
      attempt,
      earlier: [
        ...(known?.earlier ?? []),
        ...(replaced ? [{ attempt: known.attempt, digest: known.digest, at: known.at }] : []),
      ],
      at: session.clock.now(),
      digest: inputs.digest,
      objects: objects.length,
      bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
      candidate: models.candidate,
      ...(models.production !== undefined && { production: models.production }),
      against: against.kind,
      rows: accountRows(fates, observations.predictions),
      failedObjects: failed,
      notes: [
        ...inputs.notes,
        ...lookNotes(decision.looked, settings),
        ...(await twiceDelivered(on, decision)),
        ...unevenNotes(fates),
        ...decided.notes,
      ],
      jobs: ran.map(({ side: of, job }) => jobFacts(of, job)),
      ...(cost !== undefined && { cost }),
      ...(pairs !== undefined && { pairs }),
      observations,
    });
  });
}

function unevenNotes(fates: readonly ObjectFate[]): string[] {
  const uneven = fates.filter((one) => one.uneven !== undefined);
  const [first] = uneven;
  if (first === undefined) return [];
  const rows = uneven.reduce((sum, one) => sum + one.rows, 0);
  return [
    `${counted(rows, 'rows')} of ${counted(uneven.length, 'objects')} have no counterpart, because a model gave more or fewer answers than it was asked for: ${first.uneven} of ${first.uri}.`,
  ];
}

function jobFacts(side: Side, job: TransformJob): BatchJob {
  const { name, status, started, ended, instances, instanceType } = job;
  return {
    name,
    side,
    status,
    ...(started !== undefined && { start: started }),
    ...(ended !== undefined && { end: ended }),
    instances,
    instanceType,
  };
}

/** Keeps both sides' records, so that labels that come later can be laid beside them. */
async function keepPairs(
  { run, folder }: Work,
  candidate: string,
  production: string,
): Promise<{ production: string; candidate: string }> {
  const keep = async (path: string, name: string) => {
    const packed = path.endsWith('.gz') ? path : `${path}.gz`;
    if (packed !== path) await pipeline(createReadStream(path), createGzip(), createWriteStream(packed));
    const uri = `${folder}pairs/${name}.jsonl.gz`;
    await putOutput(run, uri, packed);
    return uri;
  };
  return { production: await keep(production, 'production'), candidate: await keep(candidate, 'candidate') };
}

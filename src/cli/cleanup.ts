import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { Problem, usageError } from '../base/errors.ts';
import { type CommandLine, shown as shownCommand } from '../base/text.ts';
import type { Session } from '../lifecycle/session.ts';
import type { BatchCleanup } from '../lifecycle/batch/cleanup.ts';
import type { EndpointCleanup } from '../lifecycle/cleanup.ts';
import { nameOf } from '../resources/steps.ts';
import { commonFlags, type CommonFlags, type CommonOptions, commonOptions } from './flags/common.ts';
import { writeJson } from './views/json.ts';

export interface CleanupOptions extends CommonOptions {
  /** Undefined: every endpoint that has a journal here. */
  endpoint: string | undefined;
  /** What a batch made, in place of endpoints. */
  batch: string | undefined;
  byTag: boolean;
  keepUploads: boolean;
  keepCaptures: boolean;
  keepLogs: boolean;
}

interface Flags extends CommonFlags {
  endpoint?: string;
  batch?: string;
  all?: boolean;
  byTag?: boolean;
  keepUploads?: boolean;
  keepCaptures?: boolean;
  keepLogs?: boolean;
}

const HELP = `
Works from the journal in .shadowctl/, even if a command was killed at any moment. Deletes only what the journal lists
and what carries shadowctl's tag; adopted resources are never deleted. From an adopted endpoint it takes shadowctl's shadow
away first; production stays as it is.

Example:
  $ shadowctl cleanup --endpoint weather --plan`;

export function cleanupCommand(host: Host, start: Run<CleanupOptions> = run): Command {
  return commonFlags(
    new Command('cleanup')
      .option('--endpoint <name>', 'the endpoint')
      .option('--batch <name>', 'a batch: its models, uploads and outputs; what its days came to stays')
      .option('--all', 'every endpoint and every batch with a journal here, in this account and region')
      .option(
        '--by-tag',
        "without its journal: also what carries shadowctl's tag of this endpoint or batch, whatever its name; says what tags cannot tell",
      )
      .option('--keep-uploads', 'keep the uploaded model artifacts')
      .option('--keep-captures', 'keep the captured requests and answers')
      .option('--keep-logs', "keep the endpoint's log group"),
  )
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(start, parse(flags)));
}

function parse(flags: Flags): CleanupOptions {
  if ([flags.endpoint, flags.batch, flags.all].filter((one) => one !== undefined).length !== 1)
    throw usageError('Give either --endpoint NAME, --batch NAME or --all.');
  if (flags.byTag === true && flags.all === true)
    throw usageError(
      '--by-tag looks for the tag of one endpoint, or of one batch.',
      'Give --endpoint NAME or --batch NAME.',
    );
  return {
    endpoint: flags.endpoint,
    batch: flags.batch,
    byTag: flags.byTag === true,
    keepUploads: flags.keepUploads === true,
    keepCaptures: flags.keepCaptures === true,
    keepLogs: flags.keepLogs === true,
    ...commonOptions(flags),
  };
}

/** Deletes what shadowctl created, and shows what AWS still holds at the end. */
export async function run(app: App, options: CleanupOptions): Promise<Outcome> {
  const cleaned: string[] = [];
  try {
    return await cleanUp(app, options, cleaned);
  } catch (error) {
    if (!(error instanceof Problem) || (error.kind !== 'interrupted' && error.kind !== 'no')) throw error;
    const { cleanupStopped } = await import('../lifecycle/interrupt.ts');
    throw cleanupStopped(error, cleaned, again(options));
  }
}

function again({ endpoint, batch, byTag, keepUploads, keepCaptures, keepLogs }: CleanupOptions): CommandLine {
  return shownCommand('cleanup', {
    endpoint,
    batch,
    all: endpoint === undefined && batch === undefined ? true : undefined,
    'by-tag': byTag ? true : undefined,
    'keep-uploads': keepUploads ? true : undefined,
    'keep-captures': keepCaptures ? true : undefined,
    'keep-logs': keepLogs ? true : undefined,
  });
}

/** @param cleaned is given the endpoints and batches of which something was deleted, one after the other */
async function cleanUp(app: App, options: CleanupOptions, cleaned: string[]): Promise<Outcome> {
  const { cleanup, refusedProblem } = await import('../lifecycle/cleanup.ts');
  const { sessionOf } = await import('./session.ts');
  const { wrap } = await import('../ui/wrap.ts');
  const { cleanupLines, cleanupJson } = await import('./views/cleanup.ts');
  const { io } = app;
  const text = options.format === 'text';
  const session = sessionOf(app, {
    yes: options.yes,
    onEvent(event) {
      if (event.kind === 'deleted' && text)
        for (const line of wrap(`deleted ${nameOf(event.step)}`, io.columns, '  ')) io.out(line);
    },
  });
  const keep = { uploads: options.keepUploads, captures: options.keepCaptures, logs: options.keepLogs };
  if (options.batch !== undefined) {
    const { cleanBatch } = await import('../lifecycle/batch/cleanup.ts');
    const { batchCleanupJson, batchCleanupLines } = await import('./views/batch-cleanup.ts');
    const one = await cleanBatch(session, options.batch, { keep, plan: options.plan, byTag: options.byTag });
    if (text) for (const line of batchCleanupLines(io, one)) io.out(line);
    else writeJson(io, 'cleanup', batchCleanupJson(one));
    return outcomeOf(one);
  }
  const shown: object[] = [];
  const show = (one: EndpointCleanup) => {
    if (one.kind === 'done' && one.deleted.length > 0) cleaned.push(one.endpoint);
    if (text) for (const line of cleanupLines(io, one)) io.out(line);
    else shown.push(cleanupJson(one));
  };
  const { endpoint, byTag, plan } = options;
  const { damagedProblem } = await import('../lifecycle/session.ts');
  // Models that an endpoint runs with stay: batches come after the endpoints.
  const named = endpoint === undefined ? await standingBatches(session) : [];
  const { endpoints, journaled, damaged, refused } = await cleanup(
    session,
    { endpoint, byTag, keep, plan, others: named.length > 0 },
    show,
  );
  const batches: BatchCleanup[] = [];
  for (const batch of named) {
    const { cleanBatch } = await import('../lifecycle/batch/cleanup.ts');
    const { batchCleanupJson, batchCleanupLines } = await import('./views/batch-cleanup.ts');
    const one = await cleanBatch(session, batch, { keep, plan });
    batches.push(one);
    if (one.kind === 'done' && one.deleted.length > 0) cleaned.push(`batch ${batch}`);
    if (text) for (const line of batchCleanupLines(io, one)) io.out(line);
    else shown.push(batchCleanupJson(one));
  }
  const [first] = shown;
  if (!text) writeJson(io, 'cleanup', endpoint !== undefined && first !== undefined ? first : shown);
  else if (endpoints.length === 0 && refused.length === 0 && journaled.length > 0)
    io.out(`Nothing is left of these endpoints: ${journaled.join(', ')}.`);
  const problem = refusedProblem(refused) ?? damagedProblem(damaged);
  if (problem !== undefined) throw problem;
  const outcomes = [...endpoints, ...batches].map(outcomeOf);
  return outcomes.find((outcome) => outcome === 'no') ?? outcomes.find((outcome) => outcome !== 'done') ?? 'done';
}

/** Batches that have not been cleaned up since they began, or since something of them was found. */
async function standingBatches(session: Session): Promise<string[]> {
  const { listBatches } = await import('../lifecycle/batch/status.ts');
  return (await listBatches(session)).flatMap(({ batch, candidate, clean }) =>
    candidate === undefined && clean ? [] : [batch],
  );
}

function outcomeOf(one: EndpointCleanup | BatchCleanup): Outcome {
  if (one.kind === 'planned')
    return one.plan.steps.length === 0 && !('shadow' in one.plan && one.plan.shadow !== undefined) ? 'done' : 'pending';
  return one.clean ? 'done' : 'no';
}

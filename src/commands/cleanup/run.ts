import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { App, Outcome } from '../../app.ts';
import { cannotRun } from '../../base/errors.ts';
import { startRun } from '../../resources/apply.ts';
import { nameOf } from '../../resources/steps.ts';
import type { Deletion, Remainder, ResourceCheck } from '../../resources/teardown.ts';
import { replay, existing } from '../../state/replay.ts';
import { journaledEndpoints } from '../../state/journals.ts';
import { withProgress } from '../../ui/progress.ts';
import { confirm } from '../../cli/confirm.ts';
import { describeStep } from '../../cli/views/steps.ts';
import { type Ground, onEndpoint } from '../shared/on-endpoint.ts';
import type { CleanupOptions } from './command.ts';
import { type Neighbours, planCleanup } from './plan.ts';
import { tearDown } from './tear-down.ts';
import { inventory } from '../../resources/inventory.ts';

/** Deletes what shadowctl created, and ends by looking in AWS. */
export async function run(app: App, options: CleanupOptions): Promise<Outcome> {
  const journaled = await journaledHere(app);
  const endpoints = options.endpoint === undefined ? await everyEndpoint(app, journaled) : [options.endpoint];
  if (endpoints.length === 0) app.io.out(`Nothing stands of the endpoints that were: ${journaled.join(', ')}.`);
  const outcomes: Outcome[] = [];
  for (const endpoint of endpoints) {
    if (endpoints.length > 1) app.io.err(`endpoint ${endpoint}:`);
    const words = { endpoint, command: 'cleanup', readOnly: options.plan };
    outcomes.push(
      await onEndpoint(app, words, (ground) => {
        const others = journaled.filter((other) => other !== endpoint);
        const going = others.filter((other) => endpoints.includes(other));
        return cleanEndpoint(app, options, ground, {
          going,
          staying: others.filter((other) => !going.includes(other)),
        });
      }),
    );
  }
  return outcomes.find((outcome) => outcome === 'no') ?? outcomes.find((outcome) => outcome !== 'done') ?? 'done';
}

async function journaledHere(app: App): Promise<string[]> {
  const aws = await app.aws();
  return journaledEndpoints((await app.project()).stateDir, await aws.account(), aws.target.region);
}

/** Those of which anything may stand; whose journal holds the bucket that others use comes last. */
async function everyEndpoint(app: App, journaled: readonly string[]): Promise<string[]> {
  if (journaled.length === 0) {
    const { stateDir } = await app.project();
    const aws = await app.aws();
    throw cannotRun(
      `There is no journal in ${stateDir} for account ${await aws.account()} in ${aws.target.region}.`,
      'Work from the folder that holds .shadowctl/, with the profile and region the endpoint was created with.',
    );
  }
  const states = await Promise.all(
    journaled.map(async (endpoint) => ({ endpoint, state: replay((await app.journal(endpoint)).events()) })),
  );
  const standingOnes = states.filter(({ state }) => !state.clean);
  const holds = ({ state }: (typeof states)[number]) => existing(state, 's3-bucket').length;
  return standingOnes.toSorted((a, b) => holds(a) - holds(b)).map(({ endpoint }) => endpoint);
}

async function cleanEndpoint(
  app: App,
  options: CleanupOptions,
  ground: Ground,
  neighbours: Neighbours,
): Promise<Outcome> {
  const { journal } = ground;
  const { endpoint } = journal;
  if (journal.events().length === 0) {
    throw cannotRun(
      `There is no journal of endpoint "${endpoint}" in account ${ground.account}, ${journal.region}: ${journal.path} does not exist.`,
      `Work from the folder that holds its .shadowctl/, with the profile and region it was created with.\nWhat shadowctl created carries the tag shadowctl:endpoint=${endpoint}; AWS finds it with:\n  aws resourcegroupstaggingapi get-resources --tag-filters Key=shadowctl:endpoint,Values=${endpoint}`,
    );
  }
  const keep = { uploads: options.keepUploads, captures: options.keepCaptures, logs: options.keepLogs };
  const plan = await planCleanup(ground, keep, neighbours);
  if (options.plan) {
    tell(app, options, endpoint, { deleted: [], planned: plan.steps, left: plan.left });
    return plan.steps.length === 0 ? 'done' : 'pending';
  }
  if (plan.steps.length > 0) {
    for (const line of plan.steps.flatMap((step) => describeStep(step, app.io.columns))) app.io.err(line);
    for (const { ref, why } of plan.left) app.io.err(`= ${nameOf(ref)}  (stays: ${why})`);
    const question = plan.steps.length === 1 ? 'Delete this' : `Delete these ${plan.steps.length}`;
    await confirm(app, question, options.yes, `nothing of endpoint "${endpoint}" was deleted`);
  }
  const run = await startRun({ aws: ground.aws, journal, clock: app.clock, signal: app.signal }, 'cleanup');
  const { deleted, left } = await tearDown(app, ground, run, plan, keep, neighbours, (step) => {
    if (options.format === 'text') app.io.out(`deleted ${nameOf(step)}`);
  });
  // What report had downloaded of the captures goes with them.
  if (!options.keepCaptures) await rm(join((await app.project()).stateDir, 'cache'), { recursive: true, force: true });
  const unexpected = await verify(app, ground, left);
  tell(app, options, endpoint, { deleted, planned: [], left: [...left, ...unexpected] });
  if (left.length + unexpected.length === 0)
    await journal.append({ type: 'fact', run: run.id, name: 'clean', value: {} });
  return unexpected.length === 0 ? 'done' : 'no';
}

/** Looks once more for everything the journal ever named; gives what is still there and was to go. */
async function verify(app: App, ground: Ground, expected: readonly Remainder[]): Promise<Remainder[]> {
  const still = await withProgress(app.io, 'looking for what is left', () => inventory(ground));
  return still
    .filter((one) => isLeft(one, expected))
    .map(({ tracked }) => ({ ref: tracked.ref, why: 'it is still there' }));
}

function isLeft({ tracked, exists, ours }: ResourceCheck, expected: readonly Remainder[]): boolean {
  return exists && ours && !expected.some(({ ref }) => ref.kind === tracked.ref.kind && ref.name === tracked.ref.name);
}

function tell(
  app: App,
  options: CleanupOptions,
  endpoint: string,
  result: { deleted: readonly Deletion[]; planned: readonly Deletion[]; left: readonly Remainder[] },
): void {
  const { io } = app;
  const { deleted, planned, left } = result;
  if (options.format === 'json') {
    const refs = (steps: readonly Deletion[]) => steps.map(({ kind, name }) => ({ kind, name }));
    io.out(JSON.stringify({ endpoint, deleted: refs(deleted), planned: refs(planned), left }, undefined, 2));
    return;
  }
  for (const line of planned.flatMap((step) => describeStep(step, io.columns))) io.out(line);
  for (const { ref, why } of left) io.out(`left: ${nameOf(ref)} (${why})`);
  if (options.plan && planned.length === 0 && left.length === 0) io.out(`Nothing of endpoint ${endpoint} is left.`);
  if (options.plan || left.length > 0) return;
  io.out(
    deleted.length === 0
      ? `Nothing of endpoint ${endpoint} was left.`
      : `Looked: nothing of endpoint ${endpoint} is left.`,
  );
}

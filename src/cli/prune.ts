import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import type { EndpointPruning } from '../lifecycle/prune.ts';
import { nameOf } from '../resources/steps.ts';
import { commonFlags, type CommonFlags, type CommonOptions, commonOptions } from './flags/common.ts';
import { wholeNumber } from './flags/values.ts';
import { writeJson } from './views/json.ts';

export interface PruneOptions extends CommonOptions {
  /** Undefined: every endpoint that has a journal here. */
  endpoint: string | undefined;
  /** Releases before the one that runs that the endpoint must be able to go back to; undefined: as many as usual. */
  keep: number | undefined;
}

interface Flags extends CommonFlags {
  endpoint?: string;
  all?: boolean;
  keep?: number;
}

const HELP = `
Only what shadowctl created goes: configs and models that no endpoint of the
account runs with, and uploads that none of these models reads. What is adopted
stays. To delete everything of an endpoint: shadowctl cleanup.

Example:
  $ shadowctl prune --endpoint weather --keep 3 --plan`;

export function pruneCommand(host: Host, start: Run<PruneOptions> = run): Command {
  const command = new Command('prune')
    .option('--endpoint <name>', 'the endpoint')
    .option('--all', 'every endpoint with a journal here, in this account and region')
    .option(
      '--keep <count>',
      'keep this many earlier releases that the endpoint can go back to (default: 3)',
      wholeNumber('--keep', 1),
    );
  return commonFlags(command)
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(start, parse(flags)));
}

function parse(flags: Flags): PruneOptions {
  const { endpoint, all, keep } = flags;
  if ((endpoint === undefined) === (all !== true)) throw usageError('Give either --endpoint NAME or --all.');
  return { endpoint, keep, ...commonOptions(flags) };
}

/** Deletes what no endpoint and no way back needs. */
export async function run(app: App, options: PruneOptions): Promise<Outcome> {
  const { prune } = await import('../lifecycle/prune.ts');
  const { sessionOf } = await import('./session.ts');
  const { prunePlanLines, keptLines } = await import('./views/plan.ts');
  const { io } = app;
  const text = options.format === 'text';
  const session = sessionOf(app, {
    yes: options.yes,
    onEvent(event) {
      if (event.kind === 'deleted' && text) io.out(`deleted ${nameOf(event.step)}`);
    },
  });
  const show = (one: EndpointPruning) => {
    if (one.kind === 'refused') {
      io.alert(`${one.endpoint} is not pruned: ${one.problem.message}`);
      if (one.problem.next !== undefined) io.alert(one.problem.next);
      return;
    }
    if (!text) return;
    if (one.kind === 'planned' && one.plan.steps.length > 0)
      return prunePlanLines(io, one.plan).forEach((line) => io.out(line));
    const endpoint = one.kind === 'planned' ? one.plan.endpoint : one.endpoint;
    const kept = one.kind === 'planned' ? one.plan.kept : [...one.denied, ...one.kept];
    if (one.kind === 'planned' || one.deleted.length === 0) io.out(`Endpoint ${endpoint}: there is nothing to prune.`);
    for (const line of keptLines(io, kept)) io.out(line);
  };
  const pruned = await prune(session, options, show);
  if (!text) writeJson(io, 'prune', { endpoints: pruned.map(pruningJson) });
  else if (pruned.length === 0) io.out('No endpoint with a journal here has anything to prune.');
  const outcomes = pruned.map(outcomeOf);
  return outcomes.find((outcome) => outcome === 'no') ?? outcomes.find((outcome) => outcome !== 'done') ?? 'done';
}

function outcomeOf(one: EndpointPruning): Outcome {
  if (one.kind === 'refused') return 'no';
  if (one.kind === 'planned') return one.plan.steps.length === 0 ? 'done' : 'pending';
  return one.denied.length === 0 ? 'done' : 'no';
}

/** For machines; stable names. */
function pruningJson(one: EndpointPruning) {
  const refs = (steps: readonly { kind: string; name: string }[]) => steps.map(({ kind, name }) => ({ kind, name }));
  switch (one.kind) {
    case 'refused':
      return { endpoint: one.endpoint, planned: [], deleted: [], kept: [], denied: [], refused: one.problem.message };
    case 'planned':
      return {
        endpoint: one.plan.endpoint,
        planned: refs(one.plan.steps),
        deleted: [],
        kept: one.plan.kept.map(({ ref, why }) => ({ ...ref, why })),
        denied: [],
        refused: null,
      };
    case 'done':
      return {
        endpoint: one.endpoint,
        planned: [],
        deleted: refs(one.deleted),
        kept: one.kept.map(({ ref, why }) => ({ ...ref, why })),
        denied: one.denied.map(({ ref, why }) => ({ kind: ref.kind, name: ref.name, why })),
        refused: null,
      };
  }
}

import type { Outcome } from '../../app.ts';
import { brokenAdvice } from '../../base/broken-endpoint.ts';
import { type CommandLine, shown, text } from '../../base/text.ts';
import type { DeployPlan, PlainUpdatePlan } from '../../lifecycle/plans.ts';
import type { PlainUpdateResult } from '../../lifecycle/plain-update.ts';
import type { DetachesFirst } from '../../lifecycle/shadow/time-box.ts';
import type { Trial } from '../../lifecycle/traffic/test.ts';
import { shortName, type Step } from '../../resources/steps.ts';
import type { Settled } from '../../resources/wait.ts';
import { type Io, plain } from '../../ui/io.ts';
import { layout } from '../../ui/wrap.ts';
import { costJson, modelWords, updatePlanLines } from './plan.ts';
import { writeJson } from './json.ts';
import { stepsJson } from './steps.ts';

type Format = 'text' | 'json';

/** What a plan that was only asked for comes to: exit 4 where there is something to do. */
export function reportPlan(io: Io, format: Format, plan: DeployPlan | PlainUpdatePlan): Outcome {
  if (format === 'json') {
    const { endpoint, steps } = plan;
    const way = plan.kind === 'plain-update' ? { from: plan.from, models: plan.models } : {};
    const cost = plan.notes.flatMap((note) => (note.kind === 'cost' ? [costJson(note.cost)] : []))[0];
    writeJson(io, plan.kind === 'plain-update' ? plan.command : 'deploy', {
      endpoint,
      ...way,
      steps: stepsJson(steps),
      cost: cost ?? null,
    });
  } else if (plan.steps.length === 0) io.out(nothingToDo(plan));
  else for (const line of updatePlanLines(io, plan)) io.out(line);
  return plan.steps.length === 0 ? 'done' : 'pending';
}

function nothingToDo({ endpoint, ...plan }: DeployPlan | PlainUpdatePlan): string {
  return plan.kind === 'plain-update' && plan.command === 'shadow'
    ? `Nothing to do: this candidate is the shadow of endpoint ${endpoint} already.`
    : `Nothing to do: endpoint ${endpoint} is as asked for.`;
}

/** What an update all at once came to, to standard output. */
export function reportPlainUpdate(io: Io, format: Format, result: PlainUpdateResult): Outcome {
  const { plan } = result;
  if (result.kind === 'planned') return reportPlan(io, format, plan);
  const { settled } = result;
  if (format === 'json') {
    const live = endpointOf(settled);
    writeJson(io, plan.command, {
      endpoint: plan.endpoint,
      outcome: settled?.kind ?? 'started',
      status: live?.EndpointStatus,
      config: live?.EndpointConfigName,
      asked: plan.config,
      from: plan.from,
      models: plan.models,
      reason: reasonOf(settled),
      created: createdBy(plan.steps),
    });
  } else if (plan.steps.length === 0) io.out(nothingToDo(plan));
  else if (settled?.kind === 'running')
    write(
      io,
      plan.models === undefined
        ? `Endpoint ${plan.endpoint} runs ${plan.config}; before, it ran ${plan.from}.`
        : `Endpoint ${plan.endpoint} runs ${modelWords(plan.models.to)} again (${plan.config}); before, it ran ${modelWords(plan.models.from)} (${plan.from}).`,
    );
  else writeNotRunning(io, plan, settled);
  if (format === 'text' && settled?.kind === 'running') writeNext(io, NEXT[plan.command]?.(plan.endpoint));
  return settled === undefined || settled.kind === 'running' ? 'done' : 'no';
}

/** The detachment of a shadow whose time is over, with which a command ended that had more to do. */
export function reportDetachesFirst(io: Io, format: Format, { detached }: DetachesFirst): Outcome {
  const outcome = reportPlainUpdate(io, format, detached);
  if (detached.kind === 'planned') io.err('What follows is planned when the shadow is detached.');
  return outcome;
}

interface NextStep {
  words: string;
  command: CommandLine;
}

/** What usually follows a change all at once, by its command. */
const NEXT: Readonly<Record<string, (endpoint: string) => NextStep>> = {
  'shadow detach': (endpoint) => ({ words: 'See what stands now:', command: shown('status', { endpoint }) }),
  keep: (endpoint) => ({ words: 'See what stands now:', command: shown('status', { endpoint }) }),
  undo: (endpoint) => ({
    words: 'See what else it can go back to:',
    command: shown('undo', { endpoint, to: true }),
  }),
};

/** On standard error: what comes next is no result. The command stands alone, to be copied. */
function writeNext(io: Io, next: NextStep | undefined): void {
  if (next === undefined) return;
  io.err(next.words);
  io.err(text`  ${next.command}`);
}

/** What a deployment came to, to standard output; `settled` is undefined where nobody waited. */
export function reportDeployment(
  io: Io,
  format: Format,
  plan: DeployPlan,
  settled: Settled | undefined,
  trial: Trial | undefined,
): void {
  const created = createdBy(plan.steps).filter(({ kind }) => kind !== 'log-group');
  if (format === 'json') {
    const live = endpointOf(settled);
    const test = trial && { sent: trial.sent, answered: trial.answered, sample: trial.sample, error: trial.error };
    writeJson(io, 'deploy', {
      endpoint: plan.endpoint,
      status: live?.EndpointStatus,
      outcome: settled?.kind ?? 'started',
      config: live?.EndpointConfigName ?? plan.config,
      asked: { config: plan.config, model: plan.model },
      reason: reasonOf(settled),
      created,
      test,
    });
    return;
  }
  if (created.length > 0) {
    io.out('Created:');
    const width = Math.max(...created.map(({ kind }) => kind.length));
    // No table: that would break a name which is too long, and a broken name cannot be copied.
    for (const { kind, name } of created) io.out(`  ${kind.padEnd(width)}  ${shortName(name)}`);
  }
  if (settled?.kind === 'running') {
    const fleets = (settled.endpoint.ProductionVariants ?? []).map(
      (variant) =>
        `${variant.VariantName}, ${variant.CurrentInstanceCount} ${variant.CurrentInstanceCount === 1 ? 'instance' : 'instances'}`,
    );
    write(io, `Endpoint ${plan.endpoint} is in service on ${plan.config} (${fleets.join('; ')}).`);
  } else {
    writeNotRunning(io, plan, settled);
    if (settled?.kind === 'failed') write(io, brokenAdvice(plan.endpoint, settled.endpoint.EndpointStatus));
    if (settled?.kind === 'rolled-back') write(io, 'Callers are still served by the previous config.');
  }
  if (trial?.sample !== undefined) write(io, `First answer: ${bounded(plain(trial.sample), 300)}`);
  if (trial?.error !== undefined) write(io, `First refusal: ${bounded(plain(trial.error), 400)}`);
}

/** What usually follows a deployment that is in service. */
export function writeAfterDeployment(io: Io, { endpoint, steps }: DeployPlan): void {
  const updated = steps.some((step) => step.action === 'update');
  if (updated) writeNext(io, { words: 'To go back:', command: shown('undo', { endpoint }) });
  else writeNext(io, { words: 'Next, see what stands:', command: shown('status', { endpoint }) });
}

/** An endpoint that does not run what was asked for, or does not yet. */
function writeNotRunning(
  io: Io,
  plan: DeployPlan | PlainUpdatePlan,
  settled: Exclude<Settled, { kind: 'running' }> | undefined,
): void {
  const { endpoint, config } = plan;
  if (settled === undefined) {
    const from = plan.kind === 'plain-update' ? ` from ${plan.from}` : '';
    write(io, `Endpoint ${endpoint} is being updated${from} to ${config}. Follow it with:`);
    io.out(text`  ${shown('status', { endpoint, watch: true })}`);
  } else if (settled.kind === 'gone') io.out(`Endpoint ${endpoint} was deleted during the wait.`);
  else {
    const { EndpointStatus: status, EndpointConfigName: runs } = settled.endpoint;
    write(io, `Endpoint ${endpoint} does not run ${config}: it is ${status} on ${runs}.`);
    write(io, `Reason: ${plain(settled.reason ?? 'AWS gave no reason')}`);
  }
}

function write(io: Io, words: Parameters<typeof layout>[0]): void {
  for (const line of layout(words, io.columns, '  ', io.command)) io.out(line);
}

function createdBy(steps: readonly Step[]): { kind: string; name: string }[] {
  return steps.filter((step) => step.action === 'create').map(({ kind, name }) => ({ kind, name }));
}

function endpointOf(settled: Settled | undefined) {
  return settled === undefined || settled.kind === 'gone' ? undefined : settled.endpoint;
}

function reasonOf(settled: Settled | undefined): string | undefined {
  return settled?.kind === 'failed' || settled?.kind === 'rolled-back' ? settled.reason : undefined;
}

function bounded(words: string, most: number): string {
  return words.length <= most ? words : `${words.slice(0, most - 1)}…`;
}

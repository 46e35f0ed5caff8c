import type { App, Outcome } from '../../app.ts';
import { startRun, type JournaledRun } from '../../resources/apply.ts';
import { type Live, ownership } from '../../resources/live.ts';
import type { Step } from '../../resources/steps.ts';
import type { Settled } from '../../resources/wait.ts';
import { plain } from '../../ui/io.ts';
import { wrap } from '../../ui/wrap.ts';
import { applySteps } from './apply-steps.ts';
import { awaitEndpoint, showContainerLines } from './await-endpoint.ts';
import { confirm } from '../../cli/confirm.ts';
import { describeStep } from '../../cli/views/steps.ts';
import { noteEnding } from './note-ending.ts';
import type { Ground } from './on-endpoint.ts';

/** An update of a live endpoint, planned: its last step tells the endpoint to run `config`. */
export interface PlannedUpdate {
  command: string;
  run: string;
  live: Live;
  config: string;
  steps: readonly Step[];
  /** Record the endpoint as adopted. */
  adopt: boolean;
  /** Lines to show with the plan. */
  notes: readonly string[];
}

export interface CarryOptions {
  plan: boolean;
  yes: boolean;
  wait: boolean;
  format: 'text' | 'json';
}

/** True where `--adopt` was given and the endpoint is not yet ours. */
export function adopts(live: Live, ground: Ground, asked: boolean): boolean {
  return asked && ['foreign', 'unknown-here'].includes(ownership(live, ground.state()));
}

/** Shows the plan, asks, applies it, waits, and tells how it ended; `record` may write facts before the first step. */
export async function carryUpdate(
  app: App,
  ground: Ground,
  update: PlannedUpdate,
  options: CarryOptions,
  record: (run: JournaledRun) => Promise<void> = async () => undefined,
): Promise<Outcome> {
  const { aws, journal } = ground;
  const endpoint = update.live.name;
  const before = update.live.endpoint.EndpointConfigName;
  const say = options.plan ? app.io.out : app.io.err;
  if (options.plan && options.format === 'json')
    app.io.out(JSON.stringify({ endpoint, from: before, steps: update.steps }, undefined, 2));
  else {
    for (const line of update.steps.flatMap((step) => describeStep(step, app.io.columns))) say(line);
    if (update.adopt) say(`~ endpoint ${endpoint}  (adopted: cleanup will not delete it)`);
    for (const note of update.notes) for (const line of wrap(note, app.io.columns, '  ')) say(line);
  }
  if (options.plan) return 'pending';
  await confirm(app, 'Do this', options.yes);
  const began = app.clock.now();
  const run = await startRun({ aws, journal, clock: app.clock, signal: app.signal }, update.command, update.run);
  if (update.adopt)
    await journal.append({
      type: 'fact',
      run: update.run,
      name: 'adopted',
      value: { kind: 'endpoint', name: endpoint },
    });
  await record(run);
  await applySteps(app, run, update.steps);
  const settled = options.wait
    ? await awaitEndpoint(app, aws, endpoint, update.config, update.live.endpoint.LastModifiedTime)
    : undefined;
  if (settled !== undefined) await noteEnding(ground, update.config, settled);
  if (settled !== undefined && settled.kind !== 'running') await showContainerLines(app, aws, endpoint, began);
  tell(app, update, settled, options.format);
  return settled === undefined || settled.kind === 'running' ? 'done' : 'no';
}

function tell(app: App, update: PlannedUpdate, settled: Settled | undefined, format: 'text' | 'json'): void {
  const { io } = app;
  const say = (...texts: string[]) =>
    texts.flatMap((text) => wrap(text, io.columns, '  ')).forEach((line) => io.out(line));
  const endpoint = update.live.name;
  const from = update.live.endpoint.EndpointConfigName;
  const live = settled === undefined || settled.kind === 'gone' ? undefined : settled.endpoint;
  const reason = settled?.kind === 'failed' || settled?.kind === 'rolled-back' ? settled.reason : undefined;
  if (format === 'json') {
    const created = update.steps.filter((step) => step.action === 'create').map(({ kind, name }) => ({ kind, name }));
    io.out(
      JSON.stringify(
        {
          endpoint,
          outcome: settled?.kind ?? 'started',
          status: live?.EndpointStatus,
          config: live?.EndpointConfigName,
          asked: update.config,
          from,
          reason,
          created,
        },
        undefined,
        2,
      ),
    );
  } else if (settled === undefined)
    say(
      `Endpoint ${endpoint} is on its way from ${from} to ${update.config}. Follow it with:`,
      `  shadowctl status --endpoint ${endpoint} --watch`,
    );
  else if (settled.kind === 'running') say(`Endpoint ${endpoint} runs ${update.config}; before, it ran ${from}.`);
  else if (settled.kind === 'gone') io.out(`Endpoint ${endpoint} was deleted while it was waited for.`);
  else {
    say(
      `Endpoint ${endpoint} does not run ${update.config}: it is ${live?.EndpointStatus} on ${live?.EndpointConfigName}.`,
      `Reason: ${plain(reason ?? 'AWS gives none')}`,
    );
  }
}

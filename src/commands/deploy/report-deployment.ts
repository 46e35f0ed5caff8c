import type { App } from '../../app.ts';
import { shortName } from '../../resources/steps.ts';
import type { Settled } from '../../resources/wait.ts';
import { plain } from '../../ui/io.ts';
import { wrap } from '../../ui/wrap.ts';
import type { Trial } from './try-inference.ts';

/** What a deployment came to. */
export interface Deployment {
  endpoint: string;
  config: string;
  model: string;
  created: readonly { kind: string; name: string }[];
  /** Undefined where nobody waited. */
  settled: Settled | undefined;
  trial: Trial | undefined;
}

/** Writes the result to standard output. */
export async function reportDeployment(app: App, format: 'text' | 'json', deployment: Deployment): Promise<void> {
  const { io } = app;
  const { endpoint, config, model, created, settled, trial } = deployment;
  const say = (...texts: string[]) =>
    texts.flatMap((text) => wrap(text, io.columns, '  ')).forEach((line) => io.out(line));
  const live = settled === undefined || settled.kind === 'gone' ? undefined : settled.endpoint;
  if (format === 'json') {
    const test = trial && { sent: trial.sent, answered: trial.answered, sample: trial.sample, error: trial.error };
    const reason = settled?.kind === 'failed' || settled?.kind === 'rolled-back' ? settled.reason : undefined;
    io.out(
      JSON.stringify(
        {
          endpoint,
          status: live?.EndpointStatus,
          outcome: settled?.kind ?? 'started',
          config: live?.EndpointConfigName ?? config,
          asked: { config, model },
          reason,
          created,
          test,
        },
        undefined,
        2,
      ),
    );
    return;
  }
  if (created.length > 0) {
    io.out('Created:');
    const width = Math.max(...created.map(({ kind }) => kind.length));
    // No table: that would break a name which is too long, and a broken name cannot be copied.
    for (const { kind, name } of created) io.out(`  ${kind.padEnd(width)}  ${shortName(name)}`);
  }
  if (settled === undefined)
    say(
      `Endpoint ${endpoint} is on its way to ${config}. Follow it with:`,
      `  shadowctl status --endpoint ${endpoint} --watch`,
    );
  else if (settled.kind === 'running') {
    const fleets = (settled.endpoint.ProductionVariants ?? []).map(
      (variant) =>
        `${variant.VariantName}, ${variant.CurrentInstanceCount} ${variant.CurrentInstanceCount === 1 ? 'instance' : 'instances'}`,
    );
    say(`Endpoint ${endpoint} is in service on ${config} (${fleets.join('; ')}).`);
  } else if (settled.kind === 'gone') io.out(`Endpoint ${endpoint} was deleted while it was waited for.`);
  else {
    say(
      `Endpoint ${endpoint} does not run ${config}: it is ${settled.endpoint.EndpointStatus} on ${settled.endpoint.EndpointConfigName}.`,
    );
    say(`Reason: ${plain(settled.reason ?? 'AWS gives none')}`);
    say(
      settled.kind === 'failed'
        ? `It can only be deleted: shadowctl cleanup --endpoint ${endpoint}`
        : 'Callers are still served by the previous config.',
    );
  }
  if (trial?.sample !== undefined) say(`First answer: ${bounded(plain(trial.sample), 300)}`);
  if (trial?.error !== undefined) say(`First refusal: ${bounded(plain(trial.error), 400)}`);
}

function bounded(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

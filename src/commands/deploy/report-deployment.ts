import type { App } from '../../app.ts';
import { shortName } from '../../resources/steps.ts';
import type { Settled } from '../../resources/wait.ts';
import { plain } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';
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
    io.out(
      await table(
        io,
        ['', ''],
        created.map(({ kind, name }) => [kind, shortName(name)]),
        { indent: '  ' },
      ),
    );
  }
  if (settled === undefined)
    io.out(`Endpoint ${endpoint} is on its way to ${config}. Follow it with: shadowctl status --endpoint ${endpoint}`);
  else if (settled.kind === 'running') {
    const fleets = (settled.endpoint.ProductionVariants ?? []).map(
      (variant) => `${variant.VariantName}, ${variant.CurrentInstanceCount} instances`,
    );
    io.out(`Endpoint ${endpoint} is in service on ${config} (${fleets.join('; ')}).`);
  } else if (settled.kind === 'gone') io.out(`Endpoint ${endpoint} was deleted while it was waited for.`);
  else {
    io.out(
      `Endpoint ${endpoint} does not run ${config}: it is ${settled.endpoint.EndpointStatus} on ${settled.endpoint.EndpointConfigName}.`,
    );
    io.out(`Reason: ${plain(settled.reason ?? 'AWS gives none')}`);
    io.out(
      settled.kind === 'failed'
        ? `It can only be deleted: shadowctl cleanup --endpoint ${endpoint}`
        : 'Callers are still served by the previous config.',
    );
  }
  if (trial?.sample !== undefined) io.out(`First answer: ${plain(trial.sample).slice(0, 300)}`);
  if (trial?.error !== undefined) io.out(`First refusal: ${plain(trial.error).slice(0, 400)}`);
}

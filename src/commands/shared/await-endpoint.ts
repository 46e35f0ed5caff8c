import type { App } from '../../app.ts';
import type { Aws } from '../../aws/clients.ts';
import { endpointLogGroup, logLines } from '../../aws/logs.ts';
import { describeProgress, type Settled, waitForEndpoint } from '../../resources/wait.ts';
import { plain } from '../../ui/io.ts';
import { withProgress } from '../../ui/progress.ts';
import { duration } from '../../base/units.ts';

/** Waits, with progress, until an endpoint has settled after it was told to run `config`; says how that ended. */
export async function awaitEndpoint(
  app: App,
  aws: Aws,
  endpoint: string,
  config: string,
  since?: Date,
): Promise<Settled> {
  const began = app.clock.now();
  return withProgress(app.io, `waiting for endpoint ${endpoint}`, async (progress) => {
    const settled = await waitForEndpoint(aws, app.clock, {
      endpoint,
      config,
      since,
      signal: app.signal,
      onLook: (seen) => progress.update(`endpoint ${endpoint}: ${describeProgress(seen)}`),
      onTrouble: (problem) => progress.update(`endpoint ${endpoint}: ${problem.message}; asking again`),
    });
    const took = duration(app.clock.now() - began);
    if (settled.kind === 'running') progress.done(`endpoint ${endpoint} is in service on ${config} after ${took}`);
    else progress.fail(`endpoint ${endpoint}: ${ending(settled, config).replace(/\.+$/, '')} (after ${took})`);
    return settled;
  });
}

function ending(settled: Exclude<Settled, { kind: 'running' }>, config: string): string {
  if (settled.kind === 'gone') return 'it was deleted meanwhile';
  const reason = settled.reason === undefined ? '' : `: ${settled.reason}`;
  if (settled.kind === 'failed') return `${settled.endpoint.EndpointStatus}${reason}`;
  return `rolled back to ${settled.endpoint.EndpointConfigName}, it does not run ${config}${reason}`;
}

/** The last lines the endpoint's containers printed since a moment, as chatter: where it did not come up, they say why. */
export async function showContainerLines(
  app: App,
  aws: Aws,
  endpoint: string,
  since: number,
  count = 10,
): Promise<void> {
  const lines = await logLines(aws, { group: endpointLogGroup(endpoint), start: since, limit: 10_000 }, app.signal);
  if (lines.length === 0) return;
  app.io.err(`The last lines of its containers (log group ${endpointLogGroup(endpoint)}):`);
  const told = collapsed(lines.map((line) => `${plain(line.stream)}: ${plain(line.message).slice(0, 400)}`));
  for (const { text, times } of told.slice(-count)) app.io.err(`  ${text}${times === 1 ? '' : `  × ${times}`}`);
}

/** The same line said several times, by whichever instance: once, at its last place, with how often. */
export function collapsed(lines: readonly string[]): { text: string; times: number }[] {
  const counts = new Map<string, { text: string; times: number }>();
  for (const text of lines) {
    const key = text.replace(/^\S+: /, '');
    const times = (counts.get(key)?.times ?? 0) + 1;
    counts.delete(key);
    counts.set(key, { text, times });
  }
  return [...counts.values()];
}

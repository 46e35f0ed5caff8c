import { endingOf } from '../../state/updates.ts';
import type { Settled } from '../../resources/wait.ts';
import type { Ground } from './on-endpoint.ts';

const KINDS = { running: 'updated', 'rolled-back': 'rolled-back', failed: 'failed', gone: 'deleted' } as const;

/**
 * Writes down how an update that was waited for has ended, for the history: once for each change of the config. Needs
 * the journal's lock.
 * @param config the one the endpoint was told to run
 */
export async function noteEnding({ journal, state }: Ground, config: string, settled: Settled): Promise<void> {
  const { configs, resources } = state();
  const change = configs.findLast((one) => one.config === config);
  if (change === undefined || endingOf(state(), change) !== undefined) return;
  const first =
    configs[0] === change && resources.some((tracked) => tracked.ref.kind === 'endpoint' && !tracked.adopted);
  const reason = settled.kind === 'failed' || settled.kind === 'rolled-back' ? (settled.reason ?? null) : null;
  await journal.append({
    type: 'fact',
    run: change.run,
    name: 'update-ended',
    value: { requested: config, kind: first && settled.kind === 'running' ? 'created' : KINDS[settled.kind], reason },
  });
}

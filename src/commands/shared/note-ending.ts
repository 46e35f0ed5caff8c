import type { Settled } from '../../resources/wait.ts';
import type { Ground } from './on-endpoint.ts';

/** The name that guarded updates write their endings under too. */
const ENDED = 'update-ended';

const KINDS = { running: 'updated', 'rolled-back': 'rolled-back', failed: 'failed', gone: 'deleted' } as const;

/**
 * Writes down how an update that was waited for has ended, for the history: once for each change of the config. Needs
 * the journal's lock.
 * @param config the one the endpoint was told to run
 */
export async function noteEnding({ journal, state }: Ground, config: string, settled: Settled): Promise<void> {
  const { configs, facts, resources } = state();
  const change = configs.findLast((one) => one.config === config);
  if (change === undefined) return;
  const known = facts.some(
    (fact) => fact.name === ENDED && fact.run === change.run && fact.value.requested === change.config,
  );
  if (known) return;
  const first =
    configs[0] === change && resources.some((tracked) => tracked.ref.kind === 'endpoint' && !tracked.adopted);
  const reason = settled.kind === 'failed' || settled.kind === 'rolled-back' ? (settled.reason ?? null) : null;
  await journal.append({
    type: 'fact',
    run: change.run,
    name: ENDED,
    value: { requested: config, kind: first && settled.kind === 'running' ? 'created' : KINDS[settled.kind], reason },
  });
}

import { recordEnd } from '../../lifecycle/plain-update.ts';
import type { Settled } from '../../resources/wait.ts';
import { type Ground, locked } from './on-endpoint.ts';

/** For commands that have not moved to the lifecycle yet. */
export function noteEnding(ground: Ground, config: string, settled: Settled): Promise<void> {
  return recordEnd(locked(ground), config, settled);
}

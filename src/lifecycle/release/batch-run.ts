import type { Policy } from '../../analysis/policy/policy.ts';
import { type Against, type BatchSettings, checkSettings } from '../batch/settings.ts';
import type { LabelSource } from '../labels.ts';
import type { ReleaseBatch } from './batch-settings.ts';

/** What a batch needs beside its settings. */
interface BatchOf {
  batch: string;
  /** The candidate's model. */
  model: string;
  /** The model that production runs. */
  production: string;
  policy: Policy;
  /** Where decisions lie, where they stand on production's side. */
  decisions: LabelSource | undefined;
}

/**
 * The settings of `batch run` for a day of a release.
 * @throws Problem (usage) for what does not fit together
 */
export function batchSettingsOf(read: ReleaseBatch, of: BatchOf): BatchSettings {
  const { against, delay: _, daysBefore: __, ...day } = read;
  const { batch, model, production, policy, decisions } = of;
  const named = /^model:(.+)$/.exec(against)?.[1];
  const beside: Against =
    against === 'captures'
      ? { kind: 'captures' }
      : decisions === undefined
        ? { kind: 'model', model: named ?? production }
        : { kind: 'decisions', source: decisions };
  const settings: BatchSettings = {
    ...day,
    batch,
    candidate: { model },
    against: beside,
    policy,
    // Read at each look at all days.
    labels: undefined,
    memory: '1GB',
    findBadRows: false,
    rerun: false,
  };
  checkSettings(settings);
  return settings;
}

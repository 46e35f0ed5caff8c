import { isByBatch, type Release } from '../../state/releases.ts';
import type { Session } from '../session.ts';
import { batchEvidence } from './batch-evidence.ts';
import { type EvidencePort, type ReleaseJudging, shadowEvidence } from './evidence.ts';
import type { ReleaseSettings } from './settings.ts';

/** Where each release's evidence comes from: as it was said when it began. */
export function releaseEvidence(
  session: Session,
  endpoint: string,
  parts: { settings: ReleaseSettings; judging: ReleaseJudging },
): EvidencePort {
  const shadow = shadowEvidence(session, endpoint, parts);
  const batch = batchEvidence(session, endpoint, parts);
  const of = (release: Release) => (isByBatch(release) ? batch : shadow);
  return {
    attach: (on, release, ...rest) => of(release).attach(on, release, ...rest),
    gather: async (release, signal) =>
      (await of(release).gather?.(release, signal)) ?? { days: [], missing: [], failed: [] },
    look: (release, signal) => of(release).look(release, signal),
    // Only a shadow is taken away.
    detach: shadow.detach,
    cost: (on, release) => {
      const byBatch = release === undefined ? parts.settings.batch !== undefined : isByBatch(release);
      return (byBatch ? batch : shadow).cost(on, release);
    },
    close: async (release) => of(release).close?.(release),
  };
}

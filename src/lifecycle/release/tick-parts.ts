import { Problem } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import type { State } from '../../state/replay.ts';
import type { Target } from '../events.ts';
import type { EvidencePort } from './evidence.ts';
import type { ReportShelf } from './reports.ts';
import type { ReleaseSettings } from './settings.ts';

/** What a tick works with. */
export interface TickParts {
  endpoint: string;
  settings: ReleaseSettings;
  evidence: EvidencePort;
  targets: readonly Target[];
  /** Of what a verdict and a promotion rest on in the settings: written down with each question. */
  digest?: string | undefined;
  /** Where the report of a question is kept; undefined: nowhere. */
  reports?: ReportShelf | undefined;
  /** The longest that a look at the evidence may take, in milliseconds; undefined: as long as it takes. */
  lookWithin?: number | undefined;
  /** Before this moment (ms since the epoch) nothing is looked at that no deadline asks for. */
  lookAgain?: number | undefined;
  /** Is told how long a look took, in milliseconds. */
  looked?: ((took: number) => void) | undefined;
}

/** A look takes more time or room than there is here: another place may have it. */
export class NotDecidedHere extends Problem {
  constructor(endpoint: string, why: string) {
    super('cannot-run', `Not decided here: ${why}.`, {
      next: text`Decide it where there is more time and room: ${shown('release', { endpoint, once: true })}`,
    });
  }
}

/** Where the journal stood when it was looked at, as far as a release is concerned. */
export function markOf({ facts, lifetimes }: Pick<State, 'facts' | 'lifetimes'>): string {
  const told = facts.filter(({ name }) => name.startsWith('release-') || name === 'clean').length;
  return `${told}/${lifetimes.flat().length}`;
}

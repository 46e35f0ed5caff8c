import type { Failure } from './live.ts';
import type { SideMetrics } from './metrics.ts';
import type { RemovedEvent } from './record/retention.ts';
import type { RouterState } from './router/state.ts';

/** What happens beside requests. */
export type MirrorEvent =
  | { kind: 'records-lost'; why: 'disk' | 'memory'; error: string | undefined }
  | { kind: 'records-resumed' }
  | RemovedEvent
  /** The machine's clock was put on, or back, by so many milliseconds; the records' times never go back. */
  | { kind: 'clock-jumped'; by: number }
  /** For the first time, and at most once a minute: copies that a shadow did not answer, since the last such event. */
  | { kind: 'shadow-failing'; shadow: string; outcome: string; count: number }
  /** For the first time, and at most once a minute: copies to a shadow that could not be signed, or that AWS refused the mirror. */
  | { kind: 'credentials-failing'; shadow: string; count: number }
  /** For the first time, and at most once a minute: requests that the candidate failed, and that the live side answered. */
  | { kind: 'fell-back'; shadow: string; how: string; count: number }
  /** Who answers is another from now on: the shadow that answers, and its share, slices apart; undefined: none does. */
  | { kind: 'divided'; live: string; division: RouterState['division'] }
  | { kind: 'reloaded' }
  | { kind: 'draining'; underWay: number }
  | { kind: 'stopped'; lost: number };

const REPORT_FAILURES_EVERY = 60_000;

/** Tells now and then that a shadow leaves copies unanswered. */
export function failureReports(now: () => number, onEvent: (event: MirrorEvent) => void) {
  const last = new Map<string, { at: number; counts: Record<string, number> }>();
  return (shadow: string, { outcomes, losses }: SideMetrics) => {
    const before = last.get(shadow);
    if (before !== undefined && now() - before.at < REPORT_FAILURES_EVERY) return;
    const counts: Record<string, number> = { ...outcomes, credentials: losses.credentials };
    let any = false;
    for (const outcome of ['timeout', 'refused', 'broken', 'too-large', 'too-slow'] as const) {
      const more = outcomes[outcome] - (before?.counts[outcome] ?? 0);
      if (more === 0) continue;
      any = true;
      onEvent({ kind: 'shadow-failing', shadow, outcome, count: more });
    }
    const denied = losses.credentials - (before?.counts.credentials ?? 0);
    if (denied > 0) onEvent({ kind: 'credentials-failing', shadow, count: denied });
    if (any || denied > 0) last.set(shadow, { at: now(), counts });
  };
}

/** Tells now and then that the live side answers what the candidate failed. */
export function fallReports(
  now: () => number,
  fallbacks: Record<Failure, number>,
  onEvent: (event: MirrorEvent) => void,
) {
  let last: { at: number; counts: Record<string, number> } | undefined;
  return (shadow: string) => {
    if (last !== undefined && now() - last.at < REPORT_FAILURES_EVERY) return;
    let any = false;
    for (const [how, n] of Object.entries(fallbacks)) {
      const more = n - (last?.counts[how] ?? 0);
      if (more === 0) continue;
      any = true;
      onEvent({ kind: 'fell-back', shadow, how, count: more });
    }
    if (any) last = { at: now(), counts: { ...fallbacks } };
  };
}

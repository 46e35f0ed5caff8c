import { lines, shown, type Text, text } from '../../base/text.ts';
import { count } from '../../base/units.ts';
import type { RoutedResult } from '../../lifecycle/routed/rollout.ts';
import type { StepVerdict } from '../../lifecycle/rollout/judge-step.ts';
import { type Io, plain } from '../../ui/io.ts';
import { wrap } from '../../ui/wrap.ts';
import { decidedLines } from './rollout.ts';

type ViewIo = Pick<Io, 'color' | 'columns' | 'command'>;

/** A slice is decided. */
export function sliceVerdictLines(io: ViewIo, slice: string, verdict: StepVerdict, at: number): string[] {
  const words = `slice ${plain(slice)}: ${verdict.outcome}, ${count(verdict.requests)} captured requests of it on the candidate`;
  return decidedLines(io, words, verdict, at);
}

const STATES = { passed: 'passed', failed: 'failed', answered: 'with the candidate', open: 'with production' } as const;

/** How every slice stands, and what callers are to do. */
export function slicesLines(io: ViewIo, result: RoutedResult): string[] {
  const { by, routed, slices, ended, verdict, notes } = result;
  const say = (words: string, indent = '  ') => wrap(plain(words), io.columns, indent);
  const reasons = ended === 'paused' || ended === 'planned' ? (verdict?.reasons ?? []) : [];
  return [
    ...say(
      `Slices by ${by}: ${routed.candidate.name} (${routed.candidate.model}) beside ${routed.production.name} (${routed.production.model})`,
    ),
    ...slices.flatMap(({ slice, production, candidate, state }) =>
      say(
        `  ${slice}  ${STATES[state]}  (${count(production)} requests captured of production, ${count(candidate)} of the candidate)`,
        '    ',
      ),
    ),
    ...notes.flatMap((note) => say(`note: ${note}`)),
    ...reasons.flatMap((reason) => say(`  ${reason}`, '    ')),
    ...say(endWords(result)),
  ];
}

/** What is done next, in words and as a command. */
export function slicesNext({ endpoint, by, ended, next }: RoutedResult, labels: string | undefined): Text | undefined {
  if (ended === 'done' || ended === 'failed')
    return text`To begin anew with another candidate: ${shown('rollout', { endpoint, by, cancel: true })}`;
  return next === undefined
    ? undefined
    : lines('Then, or when more has been captured:', text`  ${shown('rollout', { endpoint, by, labels })}`);
}

function endWords({ ended, slice, next, routed, verdict }: RoutedResult): string {
  const { candidate, production } = routed;
  const send = `Have your callers send ${next ?? ''} to ${candidate.name} (TargetVariant).`;
  switch (ended) {
    case 'waiting':
      return `The candidate has answered no captured request of ${next ?? ''} yet; captures come some minutes late. ${send}`;
    case 'passed':
      return `${slice ?? ''} passed. Next: ${send}`;
    case 'done':
      return `All slices have passed. ${candidate.model} can become production.`;
    case 'failed':
      return `${slice ?? ''} failed. Have your callers send it back to ${production.name}: shadowctl cannot, they choose the variant.`;
    case 'paused':
      return `${slice ?? ''} is not decided yet. It may stay where it is.`;
    case 'planned':
      return verdict === undefined
        ? `Nothing was written down. ${next === undefined ? '' : send}`
        : `${slice ?? ''}: ${verdict.outcome}. Nothing was written down.`;
  }
}

/** How slices stand, as JSON; stable names. */
export function slicesFacts({ endpoint, by, routed, slices, ended, slice, verdict, next, notes }: RoutedResult) {
  const { production, candidate, config } = routed;
  return {
    endpoint,
    by,
    config,
    production,
    candidate,
    ended,
    slices,
    slice: slice ?? null,
    verdict:
      verdict === undefined
        ? null
        : {
            outcome: verdict.outcome,
            requests: verdict.requests,
            reasons: verdict.reasons,
            gates: (verdict.gates ?? []).map(({ id, outcome, gating, estimate, interval, margin, n, reason }) => ({
              id,
              outcome,
              gating,
              estimate: estimate ?? null,
              interval: interval === undefined ? null : [...interval],
              margin: margin ?? null,
              n,
              reason,
            })),
          },
    next: next ?? null,
    notes,
  };
}

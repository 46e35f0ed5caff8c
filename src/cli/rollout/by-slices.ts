import type { App, Outcome } from '../../app.ts';
import type { RoutedOptions, RoutedResult } from '../../lifecycle/routed/rollout.ts';
import { plain } from '../../ui/io.ts';
import type { CommonOptions } from '../flags/common.ts';
import { writeJson } from '../views/json.ts';

/** What `rollout --endpoint --by` is told: callers choose the variant, and are told which slice goes next. */
export interface SlicesFlags extends CommonOptions, Omit<RoutedOptions, 'from' | 'labels' | 'policy'> {
  from: string | undefined;
  labels: string | undefined;
  policy: string | undefined;
  go: 'start' | 'cancel';
}

const OUTCOMES: Record<RoutedResult['ended'], Outcome> = {
  waiting: 'inconclusive',
  passed: 'done',
  done: 'done',
  failed: 'no',
  paused: 'inconclusive',
  planned: 'pending',
};

/** Judges the slice that callers have sent to the candidate, or ends the slices that are under way. */
export async function runSlices(app: App, options: SlicesFlags): Promise<Outcome> {
  const { judgeRoutedSlices, endRoutedSlices } = await import('../../lifecycle/routed/rollout.ts');
  const { loadReportPolicy } = await import('../flags/judging.ts');
  const { labelSource } = await import('../flags/labels.ts');
  const { readMoment } = await import('../flags/moment.ts');
  const { sessionOf } = await import('../session.ts');
  const { slicesFacts, slicesLines, slicesNext } = await import('../views/slices.ts');
  const { endpoint, format, labels, from } = options;
  const { io } = app;
  const session = sessionOf(app, options);
  if (options.go === 'cancel') {
    const passed = await endRoutedSlices(session, options);
    const { by, plan } = options;
    if (format === 'json') writeJson(io, 'rollout', { endpoint, by, ended: plan ? 'planned' : 'cancelled', passed });
    else {
      const what = passed.length === 0 ? 'none had' : plain(passed.join(', '));
      io.out(
        plan
          ? `--cancel would end the slices of ${endpoint} (passed: ${what}).`
          : `The slices of ${endpoint} have ended (passed: ${what}). Which variant answers them your callers say.`,
      );
    }
    return plan ? 'pending' : 'done';
  }
  const { policy } = await loadReportPolicy(app, options.policy, endpoint);
  const result = await judgeRoutedSlices(session, {
    ...options,
    from: from === undefined ? undefined : readMoment(from, '--from'),
    labels: labels === undefined ? undefined : labelSource(labels, app.cwd),
    policy,
  });
  if (format === 'json') writeJson(io, 'rollout', slicesFacts(result));
  else {
    for (const line of slicesLines(io, result)) io.out(line);
    const next = slicesNext(result, labels);
    if (next !== undefined) io.err(next);
  }
  return OUTCOMES[result.ended];
}

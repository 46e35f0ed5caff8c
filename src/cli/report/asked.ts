import type { CommandLine } from '../../base/text.ts';
import type { ReportOptions } from './options.ts';

/** The flags that say what is judged and how, as they were typed, without those that have their defaults: for the next step. */
export function askedFlags(flags: ReportOptions): CommandLine['options'] {
  const typed: CommandLine['options'] = {
    endpoint: flags.endpoint,
    mirror: flags.mirror,
    files: flags.mirror === undefined ? flags.files : undefined,
    line: flags.line,
    variants: flags.variants,
    live: flags.live,
    last: flags.last,
    from: flags.from,
    to: flags.to,
    labels: flags.labels,
    policy: flags.policy,
    expect: flags.expect,
    answers: flags.answers,
    prediction: flags.prediction,
    comparator: flags.comparator,
    'comparator-sample': flags.comparatorSample,
    'comparator-time': flags.comparatorTime,
    'allow-command': flags.allowCommand ? true : undefined,
    task: flags.task,
    source: flags.source === 'captures' ? undefined : flags.source,
    engine: flags.engine,
    'log-pattern': flags.logPattern,
    'logs-query': flags.logsQuery,
    id: flags.id,
    'no-predictions': flags.predictions ? undefined : true,
    waive: flags.waive.length === 0 ? undefined : flags.waive,
    reason: flags.reason,
    redact: flags.redact ? true : undefined,
  };
  return Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== undefined));
}

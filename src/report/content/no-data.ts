import { type CommandLine, shown, shownStart } from '../../base/text.ts';
import type { UnderWay } from '../../analysis/observations.ts';
import type { Predictions, SideCounts } from '../../analysis/predictions.ts';
import type { Report } from '../report.ts';
import { firstMinute } from '../../analysis/first-minute.ts';
import { count, counted, MINUTE, timeOfDay } from '../../base/units.ts';

/** Why a report has nothing to compare, and what to do about it. */
export interface NoData {
  why: string;
  next: string;
  /** A command that `next` leads to. */
  command?: CommandLine;
}

/** Undefined where both variants had requests, or answers of both were found. */
export function noData({ observations, summaries, created }: Report): NoData | undefined {
  const { endpoint, shadow, predictions, since, window, metrics, underWay } = observations;
  if (shadow === undefined) {
    if (underWay !== undefined)
      return { why: underWayText(endpoint, underWay), next: 'Watch it:', command: shown('watch', { endpoint }) };
    return {
      why: `${endpoint} has no shadow variant.`,
      next: 'Attach one (with --adopt, if shadowctl did not create the endpoint):',
      command: shownStart('shadow', { endpoint }),
    };
  }
  const asked = summaries.production.invocations;
  if ((summaries.shadow?.invocations ?? 0) > 0 || (predictions?.pairs ?? 0) > 0) return undefined;
  // Captures alone hold no metrics.
  if (metrics.times.length === 0 && (predictions?.production.records ?? 0) + (predictions?.shadow.records ?? 0) > 0)
    return undefined;
  if (metrics.times.length === 0 && predictions !== undefined)
    return observations.replayed !== undefined && metrics.paired !== undefined
      ? noAnswers(endpoint)
      : noRecords(endpoint, predictions, metrics.paired !== undefined);
  if (underWay !== undefined)
    return {
      why: `${underWayText(endpoint, underWay)} Nothing of this shadow lies in the window before that.`,
      next: 'Watch it:',
      command: shown('watch', { endpoint }),
    };
  const first = since === undefined ? undefined : firstMinute(since);
  if (first !== undefined && first.counts + MINUTE > window.to) {
    const { counts, readable } = first;
    const runs = `of what ${endpoint} runs now, with this shadow, evidence counts from ${timeOfDay(counts)} UTC on`;
    return created < readable
      ? {
          why: `${runs}.`,
          next: `That first minute can be read from ${clock(readable)} on: look again then, or add --watch.`,
        }
      : {
          why: `${runs}; this window ends before the end of that minute.`,
          next: `Choose a later one: --from ${new Date(counts).toISOString().slice(0, 16)}Z`,
        };
  }
  if (first !== undefined && asked === 0 && window.from === first.counts) {
    return {
      why: `No request to ${endpoint} has been seen since it started running with this shadow (${timeOfDay(first.counts)} UTC).`,
      next: 'Look again when there is traffic. Send requests with:',
      command: shown('invoke', { endpoint, data: '…' }),
    };
  }
  if (asked > 0) {
    return {
      why: `The shadow received none of production's ${counted(asked, 'requests')} in this window.`,
      next: 'Check that it is in service:',
      command: shown('status', { endpoint }),
    };
  }
  return {
    why: `${endpoint} received no requests in this window.`,
    next: 'Choose another window with --last, or with --from and --to. Send requests with:',
    command: shown('invoke', { endpoint, data: '…' }),
  };
}

/** `a promote of churn is under way since 14:24:29 UTC, to churn-config.` */
export function underWayText(endpoint: string, { what, to, since }: UnderWay): string {
  const began = since === undefined ? '' : ` since ${clock(since)}`;
  return `${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what} of ${endpoint} has been under way${began}, to ${to}.`;
}

/** A replay of which no pair is left: its recording holds no answers, or what was sent was lost. */
function noAnswers(name: string): NoData {
  return {
    why: `No request of the replay in ${name} has an answer of then and of now.`,
    next: 'Where the recording holds no answers, what answers now can be held against labels: --live none.',
  };
}

/** Files in which no record could be read: nothing that is sent to an endpoint changes them. */
function noRecords(
  name: string,
  { production, shadow }: Pick<Predictions, 'production' | 'shadow'>,
  ofMirror: boolean,
): NoData {
  const sum = (of: (side: SideCounts) => number) => of(production) + of(shadow);
  const [outside, lines, files] = [
    sum((side) => side.outside),
    sum((side) => side.unreadable),
    sum((side) => side.files),
  ];
  if (outside > 0)
    return {
      why: `None of the ${counted(outside, 'records')} in ${name} lies in this window.`,
      next: 'Choose another with --from and --to, or leave both out.',
    };
  if (ofMirror && lines === 0)
    return {
      why: `No whole minute of requests has been recorded in ${name} yet.`,
      next: 'A minute counts once it has ended: look again in a minute or two, or add --watch.',
    };
  const [first] = [...(production.unreadableBy ?? []), ...(shadow.unreadableBy ?? [])];
  const because = first === undefined ? '' : ` (${first.why})`;
  return {
    why:
      lines > 0
        ? `${lines === 1 ? 'The one line' : `None of the ${count(lines)} lines`} of the files in ${name} is ${lines === 1 ? 'no' : 'a'} record of a capture${because}.`
        : `The ${counted(files, 'files')} in ${name} hold no record of a capture.`,
    next: 'Name a folder of captures with --files, as SageMaker writes them: AllTraffic/…/*.jsonl and shadow/…/*.jsonl. Logs are read with --line.',
  };
}

function clock(ms: number): string {
  return `${timeOfDay(ms, 'seconds')} UTC`;
}

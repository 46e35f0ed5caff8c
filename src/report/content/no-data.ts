import { type CommandLine, shown, shownStart } from '../../base/text.ts';
import type { Report } from '../report.ts';
import { counted, MINUTE, timeOfDay } from '../../base/units.ts';

/** Metrics of a minute are published after its end. */
const SETTLE_MS = 30_000;

/** Why a report has nothing to compare, and what to do about it. */
export interface NoData {
  why: string;
  next: string;
  /** A command that `next` leads to. */
  command?: CommandLine;
}

/** Undefined where both variants had requests, or answers of both were found. */
export function noData({ observations, summaries, created }: Report): NoData | undefined {
  const { endpoint, shadow, predictions, since, window, metrics } = observations;
  if (shadow === undefined) {
    return {
      why: `${endpoint} has no shadow variant.`,
      next: 'Attach one with:',
      command: shownStart('shadow', { endpoint }),
    };
  }
  const asked = summaries.production.invocations;
  if ((summaries.shadow?.invocations ?? 0) > 0 || (predictions?.pairs ?? 0) > 0) return undefined;
  // Captures alone hold no metrics.
  if (metrics.times.length === 0 && (predictions?.production.records ?? 0) + (predictions?.shadow.records ?? 0) > 0)
    return undefined;
  const firstMinute = since === undefined ? undefined : Math.ceil(since / MINUTE) * MINUTE;
  if (since !== undefined && firstMinute !== undefined && firstMinute + MINUTE > window.to) {
    const readable = firstMinute + MINUTE + SETTLE_MS;
    const runs = `${endpoint} has run as it does now, with this shadow, since ${clock(since)}`;
    return created < readable
      ? {
          why: `${runs}.`,
          next: `Its first whole minute can be read from ${clock(readable)} on: look again then, or add --watch.`,
        }
      : {
          why: `${runs}; this window ends before its first whole minute.`,
          next: `Choose a later one: --from ${new Date(firstMinute).toISOString().slice(0, 16)}Z`,
        };
  }
  if (since !== undefined && asked === 0 && window.from === firstMinute) {
    return {
      why: `No request to ${endpoint} has been seen since it started running with this shadow (${clock(since)}).`,
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

function clock(ms: number): string {
  return `${timeOfDay(ms, 'seconds')} UTC`;
}

import { Problem } from '../../base/errors.ts';
import { MINUTE } from '../../base/units.ts';
import type { MetricTable } from '../../analysis/observations.ts';
import type { Report } from '../../report/report.ts';
import type { MetricsMinute } from '../guarded-update/fleet-metrics.ts';
import type { JudgeSession } from '../judge.ts';
import { judgeShadowOf, type MirrorJudging } from './judge.ts';
import type { MirrorName } from './look.ts';
import { type MirrorStatus, mirrorStatus } from './status.ts';

/** A side of a mirror as it is watched. */
export interface WatchedSide {
  name: string;
  /** Its address, or the endpoint. */
  side: string;
  role: 'live' | 'candidate' | 'shadow' | 'way back';
  /** Share of the mirrored requests that it answers, slices apart; of a shadow that answers nothing: of which it gets copies. */
  share: number;
  /** Requests, by slice, that are its own whatever the share. */
  slices: readonly string[];
  /** Of the last minutes, oldest first, copies among them; of sides that are not judged none. */
  minutes: readonly MetricsMinute[];
}

/** One look at a mirror. */
export interface MirrorLook {
  /** Milliseconds since the epoch. */
  at: number;
  status: MirrorStatus;
  sides: readonly WatchedSide[];
  /** The shadow that is judged; undefined: there is none, or several and none was named. */
  shadow: string | undefined;
  judgement: Report | undefined;
  /** Why there is no newer judgement. */
  trouble: string | undefined;
}

/** How far back the minutes go. */
const HISTORY = 30 * MINUTE;

/** A function that looks each time it is called; it changes nothing, and judges once a minute. @param named a shadow, where there are several */
export function looksAtMirror(
  session: JudgeSession,
  name: MirrorName,
  named: string | undefined,
  judgingOf: (status: MirrorStatus) => Promise<MirrorJudging>,
): () => Promise<MirrorLook> {
  let judged: { of: string; at: number; report: Report | undefined; trouble: string | undefined } | undefined;
  return async () => {
    const status = await mirrorStatus(name);
    const at = session.clock.now();
    const shadow = watchedShadow(status, named);
    const of = `${status.live} ${status.shadows.find((one) => one.name === shadow)?.side}`;
    if (judged?.of !== of) judged = undefined;
    if (shadow !== undefined && (judged === undefined || at - judged.at >= MINUTE))
      judged = {
        of,
        at,
        ...(await judgedNow(session, { folder: name.folder, shadow }, () => judgingOf(status), judged?.report)),
      };
    const { report, trouble } = judged ?? {};
    return { at, status, shadow, judgement: report, trouble, sides: sidesOf(status, shadow, report, at) };
  };
}

async function judgedNow(
  session: JudgeSession,
  sides: { folder: string; shadow: string },
  judgingOf: () => Promise<MirrorJudging>,
  before: Report | undefined,
): Promise<{ report: Report | undefined; trouble: string | undefined }> {
  try {
    return { report: await judgeShadowOf(session, sides, await judgingOf()), trouble: undefined };
  } catch (error) {
    if (!(error instanceof Problem) || session.signal.aborted) throw error;
    return { report: before, trouble: error.message };
  }
}

/** The shadow that answers, or is to; else the one that was named, or the only candidate. Pure. */
function watchedShadow(
  { state, shadows, wayBack }: Pick<MirrorStatus, 'state' | 'shadows' | 'wayBack'>,
  named: string | undefined,
): string | undefined {
  const under = named ?? state.rollout?.shadow ?? state.division?.shadow;
  if (under !== undefined) return shadows.find(({ name }) => name === under)?.name;
  const candidates = shadows.filter(({ name }) => name !== wayBack);
  return candidates.length === 1 ? candidates[0]?.name : undefined;
}

function sidesOf(
  { live, shadows, wayBack, state: { division } }: MirrorStatus,
  judged: string | undefined,
  report: Report | undefined,
  at: number,
): WatchedSide[] {
  const { metrics } = report?.observations ?? {};
  const minutes = (table: MetricTable | undefined) =>
    metrics === undefined || table === undefined ? [] : minutesOf(metrics.times, table, at);
  return [
    {
      ...{ name: 'live', side: live, role: 'live', share: 1 - (division?.share ?? 0), slices: [] },
      minutes: minutes(metrics?.production),
    },
    ...shadows.map(({ name, side, share }): WatchedSide => {
      const answers = division?.shadow === name;
      return {
        name,
        side,
        role: answers ? 'candidate' : name === wayBack ? 'way back' : 'shadow',
        share: answers ? division.share : share,
        slices: answers ? division.slices : [],
        minutes: name === judged ? minutes(metrics?.shadow) : [],
      };
    }),
  ];
}

function minutesOf(times: readonly number[], table: MetricTable, now: number): MetricsMinute[] {
  return times
    .map((at, i) => ({
      at,
      requests: table.invocations[i] ?? 0,
      errors4xx: table.errors4xx[i] ?? 0,
      errors5xx: table.errors5xx[i] ?? 0,
      latencyMs: table.latencyP90[i] ?? undefined,
    }))
    .filter(({ at }) => at >= now - HISTORY);
}

import { withEarlier } from '../earlier.ts';
import { type Judgement, judgementOf } from '../judge.ts';
import type { Session } from '../session.ts';
import { waiversThatCount } from '../waivers.ts';
import { mirrorEarlier, noteJudged } from './earlier.ts';
import { judgeShadowOf } from './judge.ts';
import { openMirrorOf } from './look.ts';
import { type MirrorRolloutOptions, type MirrorRolloutResult, requireMovable, startMirrorRollout } from './rollout.ts';

export interface MirrorPromoteOptions extends MirrorRolloutOptions {
  /** Promotes against the verdict; the history says so. */
  force: boolean;
}

export type MirrorPromoteResult =
  /** The verdict is not pass: nothing was changed. */
  { kind: 'refused'; judgement: Judgement; shadow: string } | MirrorRolloutResult;

/** Shares of failures at which a promotion against the verdict is taken back, where no limits are named: those of any update. */
const FORCED_LIMITS = { rate5xx: 0.01, rate4xx: 0.05 };

/** Judges a shadow of a mirror by its records, and where it passes lets it answer, by steps, until it is the live side. */
export async function promoteMirror(session: Session, options: MirrorPromoteOptions): Promise<MirrorPromoteResult> {
  const { mirror, judging, force } = options;
  const open = await openMirrorOf(mirror);
  const { name: shadow, side } = requireMovable(open, options, 'promote').candidate;
  const judged = { candidate: side, live: open.view.live };
  const report = await judgeShadowOf(session, { folder: mirror.folder, shadow }, judging);
  const asked = judging.asked ?? {};
  const earlier = await mirrorEarlier(mirror, { shadow, side }, report, asked);
  const judgement = withEarlier(judgementOf(report), earlier);
  const { outcome, summary } = judgement;
  session.emit({ kind: 'shadow-judged', model: shadow, judgement, force });
  const of = { candidate: { shadow, side }, command: 'promote', running: open } as const;
  const unwritten = await noteJudged(session.clock, mirror, of, report, asked);
  if (unwritten !== undefined) session.emit({ kind: 'verdict-unwritten', reason: unwritten });
  const { accepted } = judgement;
  if (outcome !== 'pass' && !accepted && !force) return { kind: 'refused', judgement, shadow };
  const waived = waiversThatCount(judgement.waived);
  const forced = outcome !== 'pass' && force;
  return startMirrorRollout(
    session,
    {
      ...options,
      shadow,
      limits: forced && Object.keys(options.limits).length === 0 ? FORCED_LIMITS : options.limits,
    },
    {
      command: 'promote',
      judged,
      judging: forced ? 'forced' : accepted ? 'accepted' : 'policy',
      entry: {
        verdict: { outcome, summary, forced, ...(accepted && !forced ? { accepted: 'window' } : {}) },
        ...(waived.length === 0 ? {} : { waived: [...waived] }),
      },
    },
  );
}

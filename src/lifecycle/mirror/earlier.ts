import {
  type AskedBy,
  type EarlierFailure,
  earlierFailures,
  earlierText,
  type JudgedRecord,
  judgedNow,
} from '../../analysis/judge/earlier.ts';
import { isMirrorFolder } from '../../analysis/observe/mirror/folder.ts';
import type { Clock } from '../../base/clock.ts';
import { fileProblem } from '../../base/disk.ts';
import { environmentError, Problem } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import { noted } from '../../mirror/router/change.ts';
import { NO_STATE, type RouterEntry } from '../../mirror/router/state.ts';
import type { Report } from '../../report/report.ts';
import { whoAmI } from '../../state/lock.ts';
import { withEarlier } from '../earlier.ts';
import { judgementOf } from '../judge.ts';
import type { Session } from '../session.ts';
import { judgeShadowOf, type MirrorJudging } from './judge.ts';
import { lockMirror, type MirrorName, type OpenMirror, openMirrorOf } from './look.ts';
import { fileRouterStore, loadRouterState } from './router-store.ts';

/** A shadow of a mirror; `side`: what stands under its name, as `sideText` writes it, where that is known. */
export interface Candidate {
  shadow: string;
  side: string | undefined;
}

/** What the history of a mirror has of verdicts on this shadow, oldest first. Pure. */
function recordsOf(history: readonly RouterEntry[], { shadow, side }: Candidate): JudgedRecord[] {
  return history.flatMap((entry) => {
    const { what, at, by, command, asked = {}, failed = [], passed = [] } = entry;
    const same = entry.shadow === shadow && (entry.side === undefined || side === undefined || entry.side === side);
    return what === 'judged' && same ? [{ at: new Date(at).toISOString(), by, command, asked, failed, passed }] : [];
  });
}

/** Gates that failed on this shadow, and of which this verdict says nothing. */
export async function mirrorEarlier(
  { folder }: Pick<MirrorName, 'folder'>,
  candidate: Candidate,
  { verdict }: Pick<Report, 'verdict'>,
  asked: AskedBy,
): Promise<EarlierFailure[]> {
  if (verdict === undefined) return [];
  return earlierFailures(recordsOf((await loadRouterState(folder))?.history ?? [], candidate), verdict, asked);
}

/**
 * A rollout asks for no verdict before its first step. So where gates have failed, it is asked whether they are answered.
 * @throws Problem (cannot-run) where they are not: the candidate answers nobody then
 */
export async function requireAnswered(
  session: Session,
  { folder, words }: MirrorName,
  candidate: Candidate,
  judging: MirrorJudging,
): Promise<void> {
  const history = (await loadRouterState(folder))?.history ?? [];
  if (recordsOf(history, candidate).length === 0) return;
  const report = await judgeShadowOf(session, { folder, shadow: candidate.shadow }, judging);
  const earlier = await mirrorEarlier({ folder }, candidate, report, judging.asked ?? {});
  const { outcome, summary } = withEarlier(judgementOf(report), earlier);
  if (earlier.length === 0 || outcome !== 'inconclusive') return;
  const { shadow } = candidate;
  throw environmentError(
    `The verdict on ${shadow} is inconclusive. ${summary} ${earlier.map(earlierText).join(' ')}`,
    lines(
      'Give the same flags again. Or promote it against the verdict, which the history records:',
      text`  ${shown('promote', { mirror: words, shadow, force: true })}`,
    ),
  );
}

/**
 * Writes into the history of a mirror that gates failed on a shadow, or pass that had failed: once for the same gates, asked for by
 * the same. A mirror that runs writes it itself.
 *
 * @param running the mirror, where it is known to run
 * @returns why it could not be written
 */
export async function noteJudged(
  clock: Clock,
  name: MirrorName,
  { candidate, command, running }: { candidate: Candidate; command: 'promote' | 'report'; running?: OpenMirror },
  { verdict }: Pick<Report, 'verdict'>,
  asked: AskedBy,
): Promise<string | undefined> {
  if (verdict === undefined || !(await isMirrorFolder(name.folder))) return undefined;
  const { shadow } = candidate;
  const entryOf = (history: readonly RouterEntry[], side: string | undefined) => {
    const now = judgedNow(recordsOf(history, { shadow, side }), verdict, asked);
    if (now === undefined) return undefined;
    return {
      command,
      what: 'judged' as const,
      shadow,
      ...(side === undefined ? {} : { side }),
      verdict: { outcome: verdict.outcome, summary: verdict.summary, forced: false },
      asked: { ...asked },
      failed: [...now.failed],
      passed: [...now.passed],
    };
  };
  try {
    if (entryOf((await loadRouterState(name.folder))?.history ?? [], candidate.side) === undefined) return undefined;
    const open = running ?? (await openMirrorOf(name).catch(() => undefined));
    if (open !== undefined) {
      const side = open.view.shadows.find((one) => one.name === shadow)?.side;
      const entry = entryOf(open.view.state.history, side);
      if (entry !== undefined) await open.change({ kind: 'note' }, entry);
      return undefined;
    }
    const store = fileRouterStore(name.folder);
    await lockMirror(name, command, clock, async () => {
      const state = (await store.load()) ?? NO_STATE;
      const entry = entryOf(state.history, candidate.side);
      if (entry !== undefined) await store.save(noted(state, { ...entry, by: whoAmI() }, clock.now()));
    });
    return undefined;
  } catch (error) {
    const problem = error instanceof Problem ? error : fileProblem(error);
    if (problem === undefined) throw error;
    return problem.message;
  }
}

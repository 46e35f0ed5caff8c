import { isMirrorFolder } from '../../analysis/observe/mirror/folder.ts';
import type { Clock } from '../../base/clock.ts';
import { fileProblem } from '../../base/disk.ts';
import { Problem } from '../../base/errors.ts';
import { noted } from '../../mirror/router/change.ts';
import { NO_STATE } from '../../mirror/router/state.ts';
import type { Report } from '../../report/report.ts';
import { whoAmI } from '../../state/lock.ts';
import { waiversThatCount } from '../waivers.ts';
import { lockMirror, type MirrorName } from './look.ts';
import { fileRouterStore } from './router-store.ts';

/**
 * Writes into the history of a folder that what callers logged there has passed, once for the same evidence: nothing here can move
 * their requests, so that this is all that is left of the verdict.
 *
 * @returns why it could not be written
 */
export async function notePass(
  clock: Clock,
  name: MirrorName,
  { observations, verdict }: Pick<Report, 'observations' | 'verdict'>,
): Promise<string | undefined> {
  if (verdict?.outcome !== 'pass' || observations.loggedBy !== 'callers') return undefined;
  // Observations that were saved have no history of their own.
  if (!(await isMirrorFolder(name.folder))) return undefined;
  const { to: until } = observations.window;
  const { outcome, summary } = verdict;
  const waived = waiversThatCount(verdict.waivers);
  const store = fileRouterStore(name.folder);
  try {
    await lockMirror(name, 'report', clock, async () => {
      const state = (await store.load()) ?? NO_STATE;
      const last = state.history.at(-1);
      if (last?.what === 'passed' && last.until === until && last.verdict?.summary === summary) return;
      const shadow = observations.shadow?.name;
      await store.save(
        noted(
          state,
          {
            by: whoAmI(),
            command: 'report',
            what: 'passed',
            until,
            ...(shadow === undefined ? {} : { shadow }),
            verdict: { outcome, summary, forced: false },
            ...(waived.length === 0 ? {} : { waived: [...waived] }),
          },
          clock.now(),
        ),
      );
    });
    return undefined;
  } catch (error) {
    const problem = error instanceof Problem ? error : fileProblem(error);
    if (problem === undefined) throw error;
    return problem.message;
  }
}

import { dirname } from 'node:path';
import type { App } from '../../app.ts';
import type { JudgedBy } from '../../mirror/router/state.ts';
import type { JudgeFlags } from '../flags/judge-flags.ts';

/** What decides beside the records, as it was typed, and where: enough to go on with the same from any folder. */
export async function judgedBy(
  { cwd, project }: Pick<App, 'cwd' | 'project'>,
  { from, labels, policy, expect, prediction, waivers }: JudgeFlags,
): Promise<JudgedBy> {
  const { waive, reason } = waivers;
  const typed = { from, labels, policy, expect, prediction, waive: waive.length === 0 ? undefined : waive, reason };
  const given = Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== undefined));
  return { folder: cwd, project: (await project()).file ?? null, ...given };
}

/** What a rollout began with, as if its flags were typed where they were, beside the shadowctl.yaml that counted there. */
export function begunWith(app: App, begun: JudgedBy | undefined): { there: App; report: JudgeFlags } {
  const { folder = app.cwd, project, from, labels, policy, expect, prediction, waive = [], reason } = begun ?? {};
  return {
    there: { ...app, cwd: folder, project: () => projectOf(app, project) },
    report: { from, labels, policy, expect, prediction, allowCommand: false, waivers: { waive, reason } },
  };
}

/** The project of the command, with what another file says of policies; of none, nothing. */
async function projectOf(app: App, file: string | null | undefined) {
  const own = await app.project();
  if (file === undefined || (file ?? undefined) === own.file) return own;
  if (file === null) return { ...own, file: undefined, policy: undefined, endpoints: {} };
  const { loadProject } = await import('../../base/project.ts');
  const { policy, endpoints } = await loadProject(dirname(file), file);
  return { ...own, file, policy, endpoints };
}

import { isAbsolute, relative } from 'node:path';
import { parsePath } from '../../analysis/answers/path.ts';
import { loadPolicy } from '../../analysis/observe/policy-file.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import type { App } from '../../app.ts';
import type { JudgeOptions } from '../../lifecycle/judge.ts';

/** The policy, and where it came from as a report says it. */
export async function loadReportPolicy(
  app: Pick<App, 'cwd' | 'project'>,
  file: string | undefined,
): Promise<{ policy: Policy; policyFrom: string }> {
  const { policy, source } = await loadPolicy(app.cwd, file, () => app.project());
  return { policy, policyFrom: isAbsolute(source) ? relative(app.cwd, source) : source };
}

/** The value of `--prediction`. @throws Problem (usage) where it is not a path */
export function readPrediction(text: string | undefined): JudgeOptions['prediction'] {
  return text === undefined ? undefined : { text, path: parsePath(text) };
}

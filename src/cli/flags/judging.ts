import { isAbsolute, relative } from 'node:path';
import { parsePath } from '../../analysis/answers/path.ts';
import { loadPolicy } from '../../analysis/observe/policy-file.ts';
import { EXPECTATION, parseExpectation } from '../../analysis/policy/expect.ts';
import type { Task } from '../../analysis/predictions.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import { usageError } from '../../base/errors.ts';
import type { App } from '../../app.ts';

/** The policy, and where it came from as a report says it. */
export async function loadReportPolicy(
  app: Pick<App, 'cwd' | 'project' | 'io'>,
  file: string | undefined,
  endpoint?: string,
): Promise<{ policy: Policy; policyFrom: string; commandFile: string | undefined }> {
  const { policy, source, notes, commandFile } = await loadPolicy(app.cwd, file, () => app.project(), endpoint);
  for (const note of notes) app.io.err(`note: ${note}`);
  return { policy, policyFrom: isAbsolute(source) ? relative(app.cwd, source) : source, commandFile };
}

/** What the older `--task` is called now. */
const ANSWERS_OF: Readonly<Record<Task, string>> = {
  regression: 'number',
  scores: 'number',
  binary: 'label, scored-label or scores',
  multiclass: 'label, scored-label or scores',
  json: 'json',
};

/** Says by which option the older `--task` is replaced, where it was given. */
export function noteTask(io: App['io'], task: Task | undefined): void {
  if (task === undefined) return;
  io.err(`note: --task ${task} is called --answers ${ANSWERS_OF[task]} now; it is still accepted.`);
}

/** The policy with what `--expect` says. @throws Problem (usage) where that is none of its words */
export function withExpectation(policy: Policy, words: string | undefined): Policy {
  if (words === undefined) return policy;
  const expect = parseExpectation(words);
  if (expect === undefined) throw usageError(`--expect '${words}' is not known.`, `Write ${EXPECTATION}.`);
  return { ...policy, expect };
}

/** The policy with what the flags say about answers. @throws Problem (usage) where `--prediction` is not a path */
export function withAnswers(
  policy: Policy,
  { prediction, answers }: { prediction: string | undefined; answers: string | undefined },
): Policy {
  if (prediction !== undefined) parsePath(prediction);
  return {
    ...policy,
    answers: {
      ...policy.answers,
      ...(prediction === undefined ? {} : { path: prediction }),
      ...(answers === undefined ? {} : { kind: answers }),
    },
  };
}

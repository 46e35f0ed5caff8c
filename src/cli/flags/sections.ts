import { Problem, usageError } from '../../base/errors.ts';
import { type Project, sectionsOf } from '../../base/project.ts';
import { lines } from '../../base/text.ts';

/** The sections of shadowctl.yaml that single commands read by rules of their own. */
type Sections = Pick<Project, 'file' | 'policy' | 'release' | 'endpoints'>;

/** What is wrong in each section, all of it: else every command would tell of the one that it reads. */
export async function mistakesIn(cwd: string, project: Sections): Promise<Problem[]> {
  const { checkedDefaults } = await import('./endpoint-defaults.ts');
  const { readReleaseSettings } = await import('../../lifecycle/release/settings.ts');
  const { loadPolicy } = await import('../../analysis/observe/policy-file.ts');
  const { file = 'shadowctl.yaml', endpoints } = project;
  const given = async () => project;
  const wrong = new Map<string, Problem>();
  const checks: (() => unknown)[] = [
    () => loadPolicy(cwd, undefined, given),
    () => readReleaseSettings([project.release], file),
    ...Object.entries(endpoints).flatMap(([name, own]) => [
      ...Object.entries(own).map(
        ([key, value]) =>
          () =>
            checkedDefaults(project, name, { [key]: value }),
      ),
      () => checkedDefaults(project, name, own),
      () => loadPolicy(cwd, undefined, given, name),
      () => readReleaseSettings([own.release], `${file}: endpoints.${name}`),
      // What each says may be right, and not both together.
      () => (wrong.size === 0 ? readReleaseSettings([project.release, own.release], file) : undefined),
    ]),
  ];
  for (const check of checks)
    try {
      await check();
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== 'usage') throw error;
      wrong.set(JSON.stringify([error.message, error.next]), error);
    }
  return [...wrong.values()];
}

/** One problem that tells them all; undefined where there is none. */
export function together(file: string, found: readonly Problem[]): Problem | undefined {
  const [first, ...others] = found;
  if (first === undefined || others.length === 0) return first;
  return usageError(
    `${file}: ${found.length} sections are wrong.`,
    lines(...found.flatMap(({ message, next }) => [message, next])),
  );
}

/**
 * What keeps a shadowctl.yaml from being read, and with it what is wrong in its sections, which would be told only once that is mended.
 * @param named the path given with `--config`
 */
export async function withSectionMistakes(problem: Problem, cwd: string, named: string | undefined): Promise<Problem> {
  const sections = await sectionsOf(cwd, named);
  if (sections === undefined) return problem;
  const found = await mistakesIn(cwd, sections).catch(() => []);
  return together(sections.file, [problem, ...found]) ?? problem;
}

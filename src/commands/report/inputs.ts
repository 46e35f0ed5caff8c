import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { App } from '../../app.ts';
import type { Policy } from '../../analysis/policy.ts';
import { readPolicy } from '../../analysis/policy-file.ts';
import { readTruth } from '../../analysis/predictions/truth.ts';
import type { Truth } from '../../analysis/predictions/truth.ts';
import { usage } from '../../errors.ts';

const LABELS_LIMIT = 512 * 1024 * 1024;

/** Labels from `FILE[:COLUMN]`, local or in S3. */
export async function loadTruth(app: App, words: string): Promise<Truth> {
  const { file, column } = splitLabels(words, (path) => path.startsWith('s3://') || existsSync(resolve(app.cwd, path)));
  if (file.startsWith('s3://')) {
    const { readObject } = await import('../../aws/s3.ts');
    const bytes = await readObject(await app.aws(), file, LABELS_LIMIT, app.signal);
    return readTruth(Buffer.from(bytes).toString('utf8'), file, column);
  }
  const path = resolve(app.cwd, file);
  if (!existsSync(path)) throw usage(`There is no labels file ${path}.`, 'Check the path given with --labels.');
  return readTruth(await readFile(path, 'utf8'), file, column);
}

/** `weather.csv:label` is a file and a column, unless a file is really called that. */
export function splitLabels(
  words: string,
  exists: (path: string) => boolean,
): { file: string; column: string | undefined } {
  const colon = words.lastIndexOf(':');
  const column = words.slice(colon + 1);
  const whole = colon <= 0 || column === '' || /[/\\]/.test(column);
  if (whole || (!words.startsWith('s3://') && exists(words))) return { file: words, column: undefined };
  return { file: words.slice(0, colon), column };
}

/** The policy from `--policy`, else from shadowctl.yaml, else the default. */
export async function loadPolicy(app: App, file: string | undefined): Promise<Policy> {
  if (file === undefined) {
    const project = await app.project();
    return readPolicy(project.policy, project.file ?? 'shadowctl.yaml');
  }
  const path = resolve(app.cwd, file);
  if (!existsSync(path)) throw usage(`There is no policy file ${path}.`, 'Check the path given with --policy.');
  const { parse } = await import('yaml');
  let content: unknown;
  try {
    content = parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw usage(
      `${path} is not valid YAML: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Mend the line it names.',
      cause,
    );
  }
  const section = typeof content === 'object' && content !== null && 'policy' in content ? content.policy : content;
  return readPolicy(section, path);
}

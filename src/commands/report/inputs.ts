import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { App } from '../../app.ts';
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

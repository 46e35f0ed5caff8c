import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LabelSource } from '../../lifecycle/labels.ts';

/** The value of `--labels`; a path is taken from `cwd`. */
export function labelSource(words: string, cwd: string): LabelSource {
  const remote = (path: string) => path.startsWith('s3://');
  const { file, column } = splitLabels(words, (path) => remote(path) || existsSync(resolve(cwd, path)));
  return { at: remote(file) ? file : resolve(cwd, file), name: file, column };
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

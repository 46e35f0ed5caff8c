import { parsePath, type Path } from '../../analysis/answers/path.ts';
import { REDACTED } from '../../analysis/mirrored/record.ts';

/** @returns the text with the values replaced, the text itself where it has none of them, undefined where it is no JSON */
export type Redact = (text: string) => string | undefined;

/** Replaces the values at these JSON paths. @throws Problem (usage) for a path that is none */
export function redactor(paths: readonly string[]): Redact | undefined {
  if (paths.length === 0) return undefined;
  const parsed = paths.map(parsePath);
  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return undefined;
    }
    const holder = { value };
    let replaced = 0;
    for (const path of parsed) replaced += replaceAt(holder, ['value', ...path]);
    // A text that has none of them stays as it was written: 1.0 is still 1.0.
    return replaced === 0 ? text : JSON.stringify(holder.value);
  };
}

function replaceAt(value: unknown, [part, ...rest]: Path): number {
  if (typeof value !== 'object' || value === null || part === undefined) return 0;
  const object = value as Record<string | number, unknown>;
  const keys = part === null ? Object.keys(object) : Object.hasOwn(object, part) ? [part] : [];
  let replaced = 0;
  for (const key of keys) {
    if (rest.length > 0) replaced += replaceAt(object[key], rest);
    else {
      object[key] = REDACTED;
      replaced += 1;
    }
  }
  return replaced;
}

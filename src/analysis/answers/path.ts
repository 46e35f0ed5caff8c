import { usageError } from '../../base/errors.ts';

/** Steps into JSON: a member's name, an index, or null for every member. */
export type Path = readonly (string | number | null)[];

/** A path into JSON: `$.predictions[*].score`, `$[0]`, `$['a b'].c`. Shows the wrong part when it is none. */
export function parsePath(path: string): Path {
  const parts: (string | number | null)[] = [];
  const syntax = /\.([A-Za-z_][\w-]*)|\[(\d+)\]|\[(\*)\]|\['([^']+)'\]|\.(\*)/y;
  if (!path.startsWith('$')) throw wrong(path, path);
  syntax.lastIndex = 1;
  while (syntax.lastIndex < path.length) {
    const at = syntax.lastIndex;
    const match = syntax.exec(path);
    if (match === null) throw wrong(path, path.slice(at));
    if (match[2] !== undefined) parts.push(Number(match[2]));
    else parts.push(match[1] ?? match[4] ?? null);
  }
  return parts;
}

/** A path as it is written. */
export function pathText(path: Path): string {
  return `$${path
    .map((part) => {
      if (part === null) return '[*]';
      if (typeof part === 'number') return `[${part}]`;
      return /^[A-Za-z_][\w-]*$/.test(part) ? `.${part}` : `['${part}']`;
    })
    .join('')}`;
}

function wrong(path: string, rest: string): Error {
  return usageError(
    `The path '${path}' cannot be read from '${rest}' on.`,
    "Write it like $.predictions[*].score: names after dots, [n] or [*] for lists, ['a name'] for anything else.",
  );
}

/** Every value the path leads to, in order. Missing members lead nowhere. */
export function follow(value: unknown, path: Path): unknown[] {
  let found: unknown[] = [value];
  for (const part of path) {
    found = found.flatMap((one): unknown[] => {
      if (typeof one !== 'object' || one === null) return [];
      if (part === null) return Array.isArray(one) ? one : Object.values(one);
      if (typeof part === 'number') return Array.isArray(one) && part < one.length ? [one[part]] : [];
      return Object.hasOwn(one, part) ? [(one as Record<string, unknown>)[part]] : [];
    });
  }
  return found;
}

import { usageError } from '../base/errors.ts';

/** Kinds of names SageMaker and CloudWatch let us choose. */
export type NameKind = 'endpoint' | 'endpoint config' | 'model' | 'variant' | 'alarm';

/** SageMaker's own patterns (facts 1.1); an alarm's name may hold anything printable. */
const RULES: Record<NameKind, { pattern: RegExp; length: number; words: string }> = {
  endpoint: sagemaker(),
  'endpoint config': sagemaker(),
  model: { ...sagemaker(), pattern: /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/ },
  variant: sagemaker(),
  alarm: { pattern: /^[\x20-\x7e]+$/, length: 255, words: 'at most 255 printable ASCII characters' },
};

function sagemaker() {
  return {
    pattern: /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/,
    length: 63,
    words: 'at most 63 letters, digits and hyphens, with a letter or digit at both ends; no underscores, no dots',
  };
}

/**
 * Gives the name back where AWS would take it.
 * @param option the flag it came from, for the message
 * @throws Problem (usage) with the rule that is broken
 */
export function checkName(kind: NameKind, name: string, option: string): string {
  const rule = RULES[kind];
  if (isName(kind, name)) return name;
  throw usageError(
    `${option}: "${name}" cannot be the name of ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}.`,
    `AWS accepts ${rule.words}.${name === '' ? '' : ` For example: ${suggest(name, rule.length)}`}`,
  );
}

/** Whether AWS takes this for a name. */
export function isName(kind: NameKind, name: string): boolean {
  const rule = RULES[kind];
  return name.length <= rule.length && rule.pattern.test(name);
}

/** The nearest valid SageMaker name. */
function suggest(name: string, length: number): string {
  return trimmed(name.replace(/[^a-zA-Z0-9-]+/g, '-'), length) || 'weather';
}

function trimmed(name: string, length: number): string {
  return name.slice(0, length).replace(/^-+|-+$/g, '');
}

/**
 * A name of our own choosing: `<endpoint>-<what>-<yyyymmdd>-<hhmmss>`, shortened in the endpoint's part, numbered on
 * where it is taken. The same inputs give the same name.
 * @param at milliseconds since the epoch
 * @param taken names that are in use, as far as we know
 */
export function chooseName(endpoint: string, what: string, at: number, taken: readonly string[] = []): string {
  const stamp = new Date(at).toISOString().replace(/\..*$/, '').replace(/[-:]/g, '').replace('T', '-');
  for (let attempt = 1; ; attempt += 1) {
    const tail = `-${what}-${stamp}${attempt === 1 ? '' : `-${attempt}`}`;
    const name = `${trimmed(endpoint, 63 - tail.length)}${tail}`;
    if (!taken.includes(name)) return name;
  }
}

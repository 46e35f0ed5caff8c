import { readRegex } from './expression.ts';
import type { Row } from './row.ts';
import { malformed, type Reader, type Token } from './tokens.ts';

interface Extraction {
  /** Names of the fields it makes. */
  names: string[];
  /** Sets them where the pattern fits; leaves the row alone where it does not. */
  apply(row: Row): void;
}

/** `parse [field] "user=*, took *" as user, took` or `parse [field] /user=(?<user>\S+)/`; without a field, @message. */
export function readExtraction(reader: Reader): Extraction {
  const first = reader.take();
  const named = first.kind === 'word' || first.kind === 'field';
  const field = named ? first.text : '@message';
  const pattern = named ? reader.take() : first;
  if (pattern.kind === 'regex') return byRegex(field, pattern);
  if (pattern.kind !== 'text')
    throw malformed(`mismatched input '${pattern.text}' expecting a pattern`, pattern.at, pattern.end);
  reader.expect('as');
  return byGlob(
    field,
    pattern,
    reader.list(() => reader.name()),
  );
}

function byRegex(field: string, token: Token): Extraction {
  const regex = readRegex(token);
  const names = [...token.text.matchAll(/\(\?<([A-Za-z_]\w*)>/g)].map((match) => match[1] as string);
  if (names.length === 0) throw malformed('a regular expression of parse needs named groups', token.at, token.end);
  return {
    names,
    apply(row) {
      const groups = regex.exec(row.get(field) ?? '')?.groups;
      if (groups !== undefined) for (const name of names) row.set(name, groups[name]);
    },
  };
}

function byGlob(field: string, token: Token, names: string[]): Extraction {
  const parts = token.text.split('*');
  if (parts.length - 1 !== names.length) {
    throw malformed(`parse has ${parts.length - 1} wildcards for ${names.length} names`, token.at, token.end);
  }
  return {
    names,
    apply(row) {
      const values = glob(parts, row.get(field) ?? '');
      values?.forEach((value, i) => row.set(names[i] as string, value));
    },
  };
}

/** What the wildcards between the parts take, each as little as it can, the last at the very end all the rest. */
function glob(parts: readonly string[], text: string): string[] | undefined {
  const [first, ...rest] = parts as [string, ...string[]];
  const start = text.indexOf(first);
  if (start < 0) return undefined;
  const values: string[] = [];
  let from = start + first.length;
  for (const [i, part] of rest.entries()) {
    const end = part === '' && i === rest.length - 1 ? text.length : text.indexOf(part, from);
    if (end < 0) return undefined;
    values.push(text.slice(from, end));
    from = end + part.length;
  }
  return values;
}

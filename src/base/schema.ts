import { lines as below, type Text } from './text.ts';
import * as v from 'valibot';
import { usageError } from './errors.ts';

/** A mistake in a file, and the key that has it. */
interface Complaint {
  path: readonly string[];
  /** What is wrong with it, as the end of a sentence. */
  words: string;
}

/** Keys of another section, for who wrote them here: as paths, and where the section stands. */
export interface Elsewhere {
  keys: readonly string[];
  /** Of a key of these: where to write it, as the end of a sentence. @param here the path of what holds it now; @param held its keys */
  words: (key: string, here: readonly string[], held: readonly string[]) => string;
}

/** What valibot's schemas have in common, as far as keys are looked for. */
interface Shape {
  type: string;
  entries?: Readonly<Record<string, Shape>>;
  /** Of a record of keys that the user chooses: what each holds. */
  value?: Shape;
  wrapped?: Shape;
}

/**
 * What a file says, checked. The messages of the schema are what is expected: "a share between 0 and 1".
 *
 * @param schema of objects of known keys (`v.strictObject`), however deep
 * @param where begins every complaint: the file, and its section
 * @param others keys that belong into another section
 * @throws Problem (usage) with every wrong value and every unknown key at once, and where that belongs, or the key that is nearest to it
 */
export function checked<S extends v.GenericSchema>(
  schema: S,
  content: unknown,
  where: string,
  advice?: Text,
  others?: Elsewhere,
): v.InferOutput<S> {
  const result = v.safeParse(schema, content);
  if (result.success) return result.output;
  const shape = schema as unknown as Shape;
  const known = { all: keysOf(shape), others };
  const complaints = [...unknownKeys(shape, content, [], known), ...result.issues.flatMap(wrong)];
  const lines = [
    ...new Set(
      complaints.map(
        ({ path, words }) =>
          `${path.length === 0 ? '' : `${path.join('.')}: `}${words}${/[.?]$/.test(words) ? '' : '.'}`,
      ),
    ),
  ];
  const [first, ...more] = lines;
  throw more.length === 0
    ? usageError(`${where}: ${first}`, advice)
    : usageError(`${where}: ${lines.length} mistakes.`, below(...lines, advice));
}

/** What a schema found wrong, as the end of a sentence: `resource.kind: "queue" is not one of model, endpoint`. */
export function mistakes(issues: readonly v.BaseIssue<unknown>[]): string {
  return issues
    .flatMap(wrong)
    .map(({ path, words }) => `${path.length === 0 ? '' : `${path.join('.')}: `}${words}`)
    .join('; ');
}

function wrong(issue: v.BaseIssue<unknown>): Complaint[] {
  // valibot tells the first unknown key only: they are looked for apart.
  if (issue.expected === 'never') return [];
  const path = (issue.path ?? []).map((item) => String((item as { key: unknown }).key));
  const input = issue.input;
  if (issue.input === undefined && issue.type.endsWith('object') && path.length > 0)
    return [{ path, words: 'is missing' }];
  if (issue.type.endsWith('object') || issue.type === 'record')
    return [{ path, words: `${shown(input)} was found where keys with values are expected` }];
  if (issue.type === 'array') return [{ path, words: `${shown(input)} is not a ${issue.message}` }];
  return [{ path, words: `${shown(input)} is not ${issue.message}` }];
}

/** As JSON, short; what YAML reads where nothing is written is null. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function unknownKeys(
  schema: Shape,
  value: unknown,
  path: readonly string[],
  keys: { all: readonly string[]; others: Elsewhere | undefined },
): Complaint[] {
  const { entries, type, value: each } = opened(schema);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  if (type === 'record' && each !== undefined)
    return Object.entries(value).flatMap(([key, inner]) => unknownKeys(each, inner, [...path, key], keys));
  if (entries === undefined) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const known = Object.hasOwn(entries, key) ? entries[key] : undefined;
    const here = [...path, key];
    if (known !== undefined) return unknownKeys(known, inner, here, keys);
    const names = Object.keys(entries);
    const whole = keys.others?.keys.includes(key) === true ? key : undefined;
    const near = whole === undefined ? (nearest(key, names) ?? elsewhere(key, keys.all)) : undefined;
    const other = whole ?? (near === undefined ? elsewhere(key, keys.others?.keys ?? []) : undefined);
    if (other !== undefined && keys.others !== undefined)
      return [{ path: here, words: `there is no such key here; ${keys.others.words(other, path, names)}` }];
    const list = `${path.length === 0 ? 'The keys are' : `The keys of ${path.join('.')} are`} ${names.join(', ')}`;
    const meant = near === undefined ? '.' : meantWords(near, key);
    return [
      {
        path: here,
        words: `there is no such key${meant}${near === undefined || names.length <= FEW ? ` ${list}` : ''}`,
      },
    ];
  });
}

/** So many keys are listed beside the one that was meant. */
const FEW = 10;

function meantWords(near: string, key: string): string {
  return near === key ? `, but there is ${near} at the top level.` : `, did you mean ${near}?`;
}

function opened(schema: Shape): Shape {
  return schema.wrapped === undefined ? schema : opened(schema.wrapped);
}

/** Every key of a schema as a path: `numbers`, `numbers.share`. */
export function pathsOf(schema: v.GenericSchema): string[] {
  return keysOf(schema);
}

/** A key with all that it stands in, as a file has it: `policy: { latency: { p99: … } }`. */
export function nested(path: readonly string[]): string {
  const [first = '', ...rest] = path;
  return rest.length === 0 ? `${first}: …` : `${first}: { ${nested(rest)} }`;
}

function keysOf(schema: Shape, above = ''): string[] {
  return Object.entries(opened(schema).entries ?? {}).flatMap(([key, inner]) => [
    above + key,
    ...keysOf(inner, `${above}${key}.`),
  ]);
}

/** A key that stands one level too high or low: `p99` for `latency.p99`. */
function elsewhere(key: string, all: readonly string[]): string | undefined {
  const last = key.split('.').at(-1);
  return all.find((one) => one === key) ?? all.find((one) => one.includes('.') && one.split('.').at(-1) === last);
}

/** The name that was probably meant: the one with the fewest letters to change, at most a third of them. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((name) => ({ name, changes: changes(word.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.changes - b.changes);
  return best !== undefined && best.changes <= Math.max(word.length, best.name.length) / 3 ? best.name : undefined;
}

/** Letters to put in, to leave out, to change or to swap with their neighbor until one word is the other (Damerau-Levenshtein). */
function changes(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i] === to[j - 1] ? 0 : 1;
      const swapped =
        j > 1 && from[i] === to[j - 2] && from[i - 1] === to[j - 1]
          ? (before[j - 2] ?? 0) + 1
          : Number.POSITIVE_INFINITY;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same, swapped));
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}

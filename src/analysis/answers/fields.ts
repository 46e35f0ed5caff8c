import type { FieldSums } from '../predictions.ts';
import { canonicalJson } from './json.ts';
import { ValueCounter } from './values.ts';

/** Which differences of JSON answers count. */
export interface FieldRules {
  /** Paths left out, like `$.id` or `$.meta.*`; `*` stands for any member, and all below is left out with it. */
  ignore: readonly string[];
  /** Absolute difference of numbers that still counts as equal, by path. */
  tolerance: Readonly<Record<string, number>>;
  /** The same for all numbers; and as a share of production's, in addition. */
  absolute?: number | undefined;
  relative?: number | undefined;
  /** False: lists are equal whatever their order. */
  order?: boolean;
}

/** A model that answers with other names each time must not fill the memory. */
const MAX_FIELDS = 500;
const SHOWN = 60;
const MAX_DEPTH = 32;
/** A field of more words, or of longer ones, is no choice among a few; nor is one of more numbers. */
export const MAX_VALUES = 64;
const MAX_NUMBERS = 12;
const MAX_VALUE_CHARACTERS = 40;

type Leaves = Map<string, unknown[]>;

/** Compares JSON answers field by field, as Diffy does: every path on its own, lists by their members' places. */
export class FieldCounter {
  readonly #rules: FieldRules;
  readonly #fields = new Map<string, FieldSums>();
  readonly #ignored = new Map<string, boolean>();
  /** Production's first value, of fields that have not varied yet; rows compared. */
  readonly #first = new Map<FieldSums, string>();
  /** Rows by value, of fields that have few; of a list by each of its words. */
  readonly #values = new Map<FieldSums, ValueCounter>();
  #rows = 0;
  /** Rows with two kinds of values, by which of the two names comes first. */
  readonly #turned = new Map<FieldSums, { up: number; down: number }>();

  constructor(rules: FieldRules) {
    this.#rules = rules;
  }

  /** Counts what differs in one pair of answers. @returns the number of fields that differ; ignored ones do not count */
  add(production: unknown, shadow: unknown): number {
    this.#rows += 1;
    const inOrder = this.#rules.order !== false;
    const [left, right] = [leaves(production, inOrder), leaves(shadow, inOrder)];
    let differing = 0;
    const paths = new Set([...left.keys(), ...right.keys()]);
    for (const path of paths) {
      const field = this.#field(path);
      this.#look(field, left.get(path));
      const absolute = this.#rules.tolerance[path] ?? this.#rules.absolute ?? 0;
      const { differs, kinds } = compare(field, left.get(path), right.get(path), {
        absolute,
        relative: this.#rules.relative ?? 0,
      });
      if (kinds !== undefined) this.#turn(field, kinds);
      if (differs && !field.ignored) differing += 1;
    }
    for (const path of paths) this.#count(this.#field(path), left.get(path), right.get(path), differing === 0);
    return differing;
  }

  #count(
    field: FieldSums,
    production: readonly unknown[] | undefined,
    shadow: readonly unknown[] | undefined,
    alike: boolean,
  ): void {
    const values = this.#values.get(field) ?? new ValueCounter(MAX_VALUES + 1);
    this.#values.set(field, values);
    const [left, right] = [wordsOf(production), wordsOf(shadow)];
    if (left === undefined || right === undefined) values.stop();
    else {
      values.add(left, right, alike);
      const isNumber = [...left, ...right].some((word) => /^[-\d]/.test(word));
      if (values.size > (isNumber ? MAX_NUMBERS : MAX_VALUES)) values.stop();
    }
  }

  #look(field: FieldSums, production: readonly unknown[] | undefined): void {
    if (field.varies === true) return;
    const value = production === undefined ? '' : JSON.stringify(production);
    const first = this.#first.get(field);
    if (first === undefined) this.#first.set(field, value);
    else if (first !== value) field.varies = true;
  }

  #turn(field: FieldSums, [production, shadow]: readonly [string, string]): void {
    const turned = this.#turned.get(field) ?? { up: 0, down: 0 };
    this.#turned.set(field, turned);
    if (production < shadow) turned.up += 1;
    else turned.down += 1;
    field.otherKindBack = Math.min(turned.up, turned.down);
  }

  #field(path: string): FieldSums {
    const name = this.#fields.has(path) || this.#fields.size < MAX_FIELDS ? path : '…';
    let field = this.#fields.get(name);
    if (field === undefined) {
      const ignored = this.#isIgnored(path);
      field = {
        path: name,
        rows: 0,
        differing: 0,
        missing: 0,
        extra: 0,
        otherKind: 0,
        otherKindBack: 0,
        largest: 0,
        ignored,
        example: undefined,
      };
      this.#fields.set(name, field);
    }
    return field;
  }

  #isIgnored(path: string): boolean {
    const known = this.#ignored.get(path);
    if (known !== undefined) return known;
    const found = isLeftOut(path, this.#rules.ignore);
    this.#ignored.set(path, found);
    return found;
  }

  /** The fields that differ most first. Undefined where nothing was compared. */
  sums(): FieldSums[] | undefined {
    if (this.#fields.size === 0) return undefined;
    return [...this.#fields.values()]
      .map((field) => ({
        ...field,
        varies: field.varies === true || field.rows < this.#rows,
        values: this.#values.get(field)?.values() ?? [],
      }))
      .sort((a, b) => b.differing - a.differing || (a.path < b.path ? -1 : 1))
      .slice(0, SHOWN);
  }
}

/** One value in words, or those of a list of words; undefined where they are none of a few. */
function wordsOf(values: readonly unknown[] | undefined): string[] | undefined {
  if (values === undefined) return [];
  const words = values.map((value) => JSON.stringify(value));
  const isList = words.length > 1;
  return words.some((word) => word.length > MAX_VALUE_CHARACTERS || (isList && !/^["tf]/.test(word)))
    ? undefined
    : words;
}

/** Is a path left out by one of these rules? */
export function isLeftOut(path: string, ignore: readonly string[]): boolean {
  const parts = path.split('.');
  return ignore.some((rule) => {
    const wanted = rule.split('.');
    return wanted.length <= parts.length && wanted.every((part, i) => part === '*' || part === bare(parts[i], part));
  });
}

/** `scores[*]` is left out by a rule for `scores` as well as by one for `scores[*]`. */
function bare(part: string | undefined, wanted: string): string | undefined {
  return wanted.endsWith(']') ? part : part?.replace(/(\[\*\])+$/, '');
}

/** The values at the end of every path, lists' members under one path `[*]` in their order. */
function leaves(value: unknown, inOrder: boolean): Leaves {
  const found: Leaves = new Map();
  const walk = (inner: unknown, path: string, depth: number) => {
    if (depth < MAX_DEPTH && Array.isArray(inner)) {
      for (const one of inOrder ? inner : sorted(inner)) walk(one, `${path}[*]`, depth + 1);
      if (inner.length > 0) return;
    } else if (depth < MAX_DEPTH && typeof inner === 'object' && inner !== null) {
      const members = Object.entries(inner);
      for (const [key, one] of members) walk(one, `${path}.${key}`, depth + 1);
      if (members.length > 0) return;
    }
    const list = found.get(path);
    if (list === undefined) found.set(path, [inner]);
    else list.push(inner);
  };
  walk(value, '$', 0);
  return found;
}

function sorted(list: readonly unknown[]): unknown[] {
  return list
    .map((one) => [canonicalJson(one), one] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, one]) => one);
}

function compare(
  field: FieldSums,
  production: readonly unknown[] | undefined,
  shadow: readonly unknown[] | undefined,
  { absolute, relative }: { absolute: number; relative: number },
): { differs: boolean; kinds: readonly [string, string] | undefined } {
  field.rows += 1;
  let differs = false;
  let kinds: readonly [string, string] | undefined;
  if (production === undefined || shadow === undefined) {
    if (shadow === undefined) field.missing += 1;
    else field.extra += 1;
    differs = true;
  } else if (production.length !== shadow.length) differs = true;
  else {
    for (const [i, one] of production.entries()) {
      const other = shadow[i];
      if (typeof one === 'number' && typeof other === 'number') {
        const distance = Math.abs(other - one);
        field.largest = Math.max(field.largest, distance);
        if (distance > absolute + relative * Math.abs(one)) differs = true;
      } else if (kindOf(one) !== kindOf(other)) {
        kinds ??= [kindOf(one), kindOf(other)];
        differs = true;
      } else if (JSON.stringify(one) !== JSON.stringify(other)) differs = true;
    }
    if (kinds !== undefined) field.otherKind += 1;
  }
  if (differs) {
    field.differing += 1;
    field.example ??= { production: shown(production), shadow: shown(shadow) };
  }
  return { differs, kinds };
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;
}

function shown(values: readonly unknown[] | undefined): string {
  if (values === undefined) return '–';
  return JSON.stringify(values.length === 1 ? values[0] : values).slice(0, 60);
}

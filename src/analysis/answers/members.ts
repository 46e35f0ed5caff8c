import { isObject } from '../../base/json.ts';
import type { LostMember } from '../predictions.ts';
import type { Seen } from './seen.ts';
import { isAbout } from './shapes/shape.ts';

/** A model that answers with other names each time must not fill the memory, nor one that nests deep the stack. */
const MAX_MEMBERS = 500;
const MAX_DEPTH = 12;
/** Of a list its first values show what is in it. */
const MAX_ITEMS = 20;
const SHOWN = 20;

/** A member that production gives in so many of its answers belongs to their form. */
const NEARLY_ALL = 0.99;

/** By path: in how many answers it stands, and as what. */
type Members = Map<string, { answers: number; kinds: Set<string> }>;

/**
 * What nearly all of production's answers hold, and none of the shadow's, or only as another type: a program that reads
 * answers by name breaks on that, however equal the answers are. Ids, times and the like do not count.
 *
 * @param production answers of a few records of production; shadow likewise
 * @returns the outermost first, without what lies below them
 */
export function lostMembers(production: readonly Seen[], shadow: readonly Seen[]): LostMember[] {
  if (production.length === 0 || shadow.length === 0) return [];
  const [ours, theirs] = [membersOf(production), membersOf(shadow)];
  const found: LostMember[] = [];
  for (const [path, { answers, kinds }] of ours) {
    if (answers < NEARLY_ALL * production.length || found.some((one) => isBelow(path, one.path))) continue;
    const other = theirs.get(path);
    const kind = [...kinds].toSorted().join(' or ');
    if (other === undefined) found.push({ path, production: kind, shadow: undefined });
    else if (![...kinds].some((one) => other.kinds.has(one)))
      found.push({ path, production: kind, shadow: [...other.kinds].toSorted().join(' or ') });
  }
  return found.slice(0, SHOWN);
}

const isBelow = (path: string, outer: string) => path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);

/** Outer members come before inner ones: of each answer, and so of all. */
function membersOf(sample: readonly Seen[]): Members {
  const all: Members = new Map();
  for (const seen of sample) {
    const own = new Map<string, Set<string>>();
    if (seen.form === 'json')
      for (const value of seen.values) walk(value, seen.quoted ? '$ (in a string)' : '$', 0, own);
    else own.set('$', new Set([seen.form === 'csv' ? 'CSV' : 'bytes']));
    for (const [path, kinds] of own) {
      const known = all.get(path);
      if (known !== undefined) {
        known.answers += 1;
        for (const kind of kinds) known.kinds.add(kind);
      } else if (all.size < MAX_MEMBERS) all.set(path, { answers: 1, kinds });
    }
  }
  return new Map([...all].toSorted(([a], [b]) => a.length - b.length || (a < b ? -1 : 1)));
}

function walk(value: unknown, path: string, depth: number, found: Map<string, Set<string>>): void {
  // What is null, a program must expect to be missing.
  if (value === null || value === undefined || depth > MAX_DEPTH || found.size > MAX_MEMBERS) return;
  const kind = Array.isArray(value) ? 'list' : isObject(value) ? 'object' : (KINDS[typeof value] ?? typeof value);
  const kinds = found.get(path);
  if (kinds === undefined) found.set(path, new Set([kind]));
  else kinds.add(kind);
  if (Array.isArray(value)) for (const one of value.slice(0, MAX_ITEMS)) walk(one, `${path}[*]`, depth + 1, found);
  else if (isObject(value))
    for (const [key, inner] of Object.entries(value))
      if (!isAbout(key)) walk(inner, `${path}.${key}`, depth + 1, found);
}

const KINDS: Readonly<Record<string, string>> = { string: 'text', boolean: 'true or false' };

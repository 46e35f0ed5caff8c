/** What an event pattern cannot be read as; the message says why. `unbuilt` where AWS knows it and the emulator does not. */
export class PatternError extends Error {
  readonly unbuilt: boolean;
  constructor(message: string, unbuilt = false) {
    super(message);
    this.unbuilt = unbuilt;
  }
}

type Test = (value: unknown) => boolean;
type Node = { kind: 'field'; tests: Test[]; absent: boolean } | { kind: 'object'; fields: [string, Node][] };

/** A pattern that has been read; says whether an event fits it. */
export type Pattern = (event: unknown) => boolean;

/**
 * Reads an event pattern (EventBridge User Guide, "Creating event patterns", "Comparison operators"): every field that it
 * names must have one of the values, or fit one of `prefix`, `suffix`, `equals-ignore-case`, `exists`, `anything-but` and
 * `numeric`. An array of an event fits where one of its items does.
 * @throws PatternError
 */
export function readPattern(text: string): Pattern {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PatternError('Event pattern is not valid. Reason: the pattern is not JSON');
  }
  const root = readNode(value, '');
  if (root.kind !== 'object' || root.fields.length === 0)
    throw new PatternError('Event pattern is not valid. Reason: Event pattern must contain at least one field');
  return (event) => fits(root, event);
}

function readNode(value: unknown, path: string): Node {
  if (Array.isArray(value)) {
    if (value.length === 0)
      throw new PatternError(`Event pattern is not valid. Reason: Empty arrays are not allowed (${path})`);
    const tests = value.map((one) => readTest(one, path));
    return { kind: 'field', tests: tests.flatMap(({ test }) => test ?? []), absent: tests.some((one) => one.absent) };
  }
  if (typeof value === 'object' && value !== null) {
    if (path === '' && '$or' in value)
      throw new PatternError('The emulator has not built $or in event patterns.', true);
    return {
      kind: 'object',
      fields: Object.entries(value).map(([name, inner]) => {
        if (name === '$or') throw new PatternError('The emulator has not built $or in event patterns.', true);
        return [name, readNode(inner, path === '' ? name : `${path}.${name}`)];
      }),
    };
  }
  throw new PatternError(`Event pattern is not valid. Reason: "${path}" must be an object or an array`);
}

interface ReadTest {
  test?: Test;
  /** Fits where the field is not there. */
  absent: boolean;
}

function readTest(value: unknown, path: string): ReadTest {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value))
    return { test: (given) => given === value, absent: false };
  if (typeof value !== 'object' || Array.isArray(value))
    throw new PatternError(`Event pattern is not valid. Reason: "${path}" has an array within an array`);
  const entries = Object.entries(value);
  const [[operator, wanted] = ['', undefined]] = entries;
  if (entries.length !== 1)
    throw new PatternError(`Event pattern is not valid. Reason: "${path}" has a match of ${entries.length} operators`);
  if (operator === 'exists') {
    if (typeof wanted !== 'boolean')
      throw new PatternError(
        `Event pattern is not valid. Reason: exists match pattern must be either true or false (${path})`,
      );
    return wanted ? { test: () => true, absent: false } : { absent: true };
  }
  if (operator === 'anything-but') return { test: anythingBut(wanted, path), absent: false };
  if (operator === 'numeric') return { test: numeric(wanted, path), absent: false };
  return { test: textTest(operator, wanted, path), absent: false };
}

function textTest(operator: string, wanted: unknown, path: string): Test {
  if (typeof wanted === 'object' && wanted !== null && ['prefix', 'suffix'].includes(operator))
    throw new PatternError(`The emulator has not built ${operator} with equals-ignore-case in event patterns.`, true);
  if (['prefix', 'suffix', 'equals-ignore-case'].includes(operator) && typeof wanted !== 'string')
    throw new PatternError(`Event pattern is not valid. Reason: ${operator} match pattern must be a string (${path})`);
  const text = String(wanted);
  switch (operator) {
    case 'prefix':
      return (given) => typeof given === 'string' && given.startsWith(text);
    case 'suffix':
      return (given) => typeof given === 'string' && given.endsWith(text);
    case 'equals-ignore-case':
      return (given) => typeof given === 'string' && given.toLowerCase() === text.toLowerCase();
    case 'wildcard':
    case 'cidr':
      throw new PatternError(`The emulator has not built ${operator} in event patterns.`, true);
    default:
      throw new PatternError(`Event pattern is not valid. Reason: Unrecognized match type ${operator}`);
  }
}

function anythingBut(wanted: unknown, path: string): Test {
  if (typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted)) {
    const [[operator, text] = ['', undefined]] = Object.entries(wanted);
    if (Array.isArray(text) || !['prefix', 'suffix', 'equals-ignore-case'].includes(operator))
      throw new PatternError(`The emulator has not built anything-but with ${operator} in event patterns.`, true);
    const test = textTest(operator, text, path);
    return (given) => !test(given);
  }
  const values: unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  return (given) => !values.includes(given);
}

/** `["<", 10]`, `["=", 3]`, `[">", 0, "<=", 5]`. */
function numeric(wanted: unknown, path: string): Test {
  const parts = Array.isArray(wanted) ? (wanted as unknown[]) : [];
  if (parts.length !== 2 && parts.length !== 4)
    throw new PatternError(`Event pattern is not valid. Reason: Invalid numeric match (${path})`);
  const tests = [0, 2]
    .filter((at) => at < parts.length)
    .map((at): Test => {
      const [operator, bound] = [parts[at], parts[at + 1]];
      if (typeof bound !== 'number')
        throw new PatternError(`Event pattern is not valid. Reason: Value of numeric match must be a number (${path})`);
      switch (operator) {
        case '<':
          return (given) => typeof given === 'number' && given < bound;
        case '<=':
          return (given) => typeof given === 'number' && given <= bound;
        case '>':
          return (given) => typeof given === 'number' && given > bound;
        case '>=':
          return (given) => typeof given === 'number' && given >= bound;
        case '=':
          return (given) => given === bound;
        default:
          throw new PatternError(
            `Event pattern is not valid. Reason: Unrecognized numeric range operator: ${String(operator)}`,
          );
      }
    });
  return (given) => tests.every((test) => test(given));
}

function fits(node: Node, value: unknown): boolean {
  if (node.kind === 'object') {
    if (Array.isArray(value)) return value.some((one) => fits(node, one));
    const fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    return node.fields.every(([name, inner]) => fits(inner, Object.hasOwn(fields, name) ? fields[name] : undefined));
  }
  if (value === undefined) return node.absent;
  // `exists` is of leaves alone: an object is none.
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return false;
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return node.tests.some((test) => values.some(test));
}

import schema from '../../schemas/output/report.schema.json' with { type: 'json' };

type Schema = Record<string, unknown>;

/**
 * What in this value breaks the schema of reports: each a path and a reason. Knows the words that the schema uses, and
 * throws at any other. Members that the schema does not describe break it, too: what is shipped must be written down.
 */
export function violations(value: unknown, part: Schema = schema, at = '$'): string[] {
  const found: string[] = [];
  const wrong = (why: string) => void found.push(`${at}: ${why}`);
  for (const [word, rule] of Object.entries(part)) {
    switch (word) {
      case '$ref': {
        const name = String(rule).replace('#/$defs/', '');
        const target = (schema.$defs as Record<string, Schema>)[name];
        if (target === undefined) throw new Error(`the schema has no ${String(rule)}`);
        found.push(...violations(value, target, at));
        break;
      }
      case 'anyOf': {
        const tries = (rule as Schema[]).map((one) => violations(value, one, at));
        if (!tries.some((one) => one.length === 0)) found.push(...(tries[value === null ? 1 : 0] ?? []));
        break;
      }
      case 'type':
        if (![rule].flat().includes(kind(value))) wrong(`is ${kind(value)}, not ${String(rule)}`);
        break;
      case 'enum':
        if (!(rule as unknown[]).includes(value)) wrong(`is ${JSON.stringify(value)}`);
        break;
      case 'const':
        if (value !== rule) wrong(`is ${JSON.stringify(value)}`);
        break;
      case 'required':
        for (const name of rule as string[]) if (isObject(value) && !(name in value)) wrong(`lacks ${name}`);
        break;
      case 'properties':
        for (const [name, inner] of Object.entries(isObject(value) ? value : {})) {
          const described = (rule as Record<string, Schema>)[name];
          if (described === undefined) wrong(`has ${name}, which is not described`);
          else found.push(...violations(inner, described, `${at}.${name}`));
        }
        break;
      case 'items':
        if (Array.isArray(value)) {
          for (const [i, inner] of value.entries()) found.push(...violations(inner, rule as Schema, `${at}[${i}]`));
        }
        break;
      case 'minItems':
        if (Array.isArray(value) && value.length < Number(rule)) wrong(`has ${value.length} items`);
        break;
      case 'maxItems':
        if (Array.isArray(value) && value.length > Number(rule)) wrong(`has ${value.length} items`);
        break;
      case 'format':
        if (rule !== 'date-time' || Number.isNaN(Date.parse(String(value)))) wrong('is no time');
        break;
      case '$schema':
      case '$id':
      case '$defs':
      case 'title':
      case 'description':
        break;
      default:
        throw new Error(`the schema uses '${word}', which this reader does not know`);
    }
  }
  return found;
}

function kind(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return kind(value) === 'object';
}

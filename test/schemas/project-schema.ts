import { toJsonSchema } from '@valibot/to-json-schema';
import { ANSWERS_SCHEMA, POLICY_SCHEMA } from '../../src/analysis/policy/schema.ts';
import { PROJECT_SCHEMA } from '../../src/base/project.ts';
import { EXAMPLE } from '../../src/analysis/policy/example.ts';
import { read } from '../docs/pages.ts';

type Schema = Record<string, unknown> & { properties?: Record<string, Schema>; additionalProperties?: unknown };

/** The JSON Schema of shadowctl.yaml, made from the schemas that the program itself checks with; words from the docs. */
export function projectJsonSchema(): Schema {
  const whole = converted(PROJECT_SCHEMA);
  const policy = { ...converted(POLICY_SCHEMA), description: 'What a shadow must prove: shadowctl policy init' };
  const answers = { ...converted(ANSWERS_SCHEMA), description: 'How answers are read: shadowctl help answers' };
  for (const [key, inner] of Object.entries(policy.properties ?? {})) inner.description = wordsOfPolicy(key);
  if (policy.properties !== undefined) policy.properties.answers = { $ref: '#/$defs/answers' };
  const top = whole.properties ?? {};
  const endpoint = ((top.endpoints?.additionalProperties ?? {}) as Schema).properties ?? {};
  const environment = ((top.environments?.additionalProperties ?? {}) as Schema).properties ?? {};
  for (const section of [top, endpoint, environment])
    for (const [key, inner] of Object.entries(section)) inner.description ??= wordsOf(key);
  top.policy = { $ref: '#/$defs/policy' };
  endpoint.policy = {
    anyOf: [{ $ref: '#/$defs/policy' }, { type: 'string' }],
    description: 'Keys over those of policy, or a file of a policy.',
  };
  endpoint.answers = { $ref: '#/$defs/answers' };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'shadowctl.yaml',
    description: 'What shadowctl does in a folder: shadowctl help configuration',
    ...whole,
    $defs: { policy, answers },
  };
}

function converted(schema: Parameters<typeof toJsonSchema>[0]): Schema {
  const { $schema: _, ...rest } = toJsonSchema(schema, { errorMode: 'ignore', typeMode: 'input', target: 'draft-07' });
  return rest as Schema;
}

/** The second cell of the key's row in docs/configuration.md, without its links. */
function wordsOf(key: string): string {
  const rows = read('docs/configuration.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const row = rows.find((line) => line.split('|')[1]?.includes(`\`${key}\``)) ?? '';
  const [, , second = '', third = ''] = row.split('|').map((cell) => cell.trim());
  const words = second.startsWith('`') || second.startsWith('the same') ? `For ${second}. ${third}` : second;
  return words
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '')
    .trim();
}

/** The comment of the key in the policy that `policy init` prints. */
function wordsOfPolicy(key: string): string {
  const line = EXAMPLE.split('\n').find((one) => one.replace(/^[\s#]*/, '').startsWith(`${key}:`)) ?? '';
  return /# ([^#]*)$/.exec(line)?.[1]?.trim() ?? '';
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { s3Actions } from '../../src/emulator/gateway/authorization/s3.ts';
import { COMMANDS_WITH_NEEDS, NEEDS, type Need } from '../../src/lifecycle/permissions/needs.ts';
import { COMMANDS } from '../../src/overview.ts';
import { OCCASIONS } from './occasions.ts';
import { DAILY } from './scenes.ts';

/* Nothing is left out: every command, and every operation of AWS that the program calls. */

const ROOM = join(import.meta.dirname, '../../src/aws');

/** Commands that ask AWS for nothing: they work on files, with the emulator of their own, or with what callers send. */
/** Played under its policies by `test/pipeline/permissions.test.ts`. */
const PLAYED_ELSEWHERE = 'pipeline';
const WITHOUT_AWS: readonly string[] = ['demo', 'record', 'policy', 'init', 'config', 'emulator', 'help'];

/** Prefixes of actions, where they are not what the SDK calls the service. */
const PREFIXES: Readonly<Record<string, string>> = {
  'sagemaker-runtime': 'sagemaker',
  'cloudwatch-logs': 'logs',
  'application-auto-scaling': 'application-autoscaling',
};

/** Every operation that a file below `src/aws` names, as the actions of IAM that it needs. */
function called(): string[] {
  const actions: string[] = [];
  for (const file of readdirSync(ROOM, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
    const source = readFileSync(join(ROOM, file), 'utf8');
    for (const [, names = '', client = ''] of source.matchAll(/\{([^{}]*)\} from '@aws-sdk\/client-([\w-]+)'/g))
      for (const [, name = ''] of names.matchAll(/\b(\w+)Command\b/g)) {
        const service = PREFIXES[client] ?? client;
        const needed = service === 's3' ? s3Actions(name, {}) : [name];
        actions.push(...needed.map((one) => `${service}:${one}`));
      }
  }
  return [...new Set(actions)].sort();
}

test('every command is played under policies, or asks AWS for nothing', () => {
  const played = new Set<string>([PLAYED_ELSEWHERE, ...[...DAILY, ...OCCASIONS].map(({ command }) => command)]);
  expect(COMMANDS.map(({ name }) => name).filter((name) => !played.has(name))).toEqual(
    COMMANDS.map(({ name }) => name).filter((name) => WITHOUT_AWS.includes(name)),
  );
  expect(COMMANDS_WITH_NEEDS.filter((name) => !played.has(name))).toEqual([]);
});

test('every operation that the program calls is in the table of some command', () => {
  const permitted = new Set(
    COMMANDS_WITH_NEEDS.flatMap((one) => (NEEDS[one] as readonly Need[]).map(({ action }) => action)),
  );
  // What only the function of a pipeline calls is in the policies of its own roles.
  const roles = readFileSync(join(ROOM, '../pipeline/template/roles.ts'), 'utf8');
  const operations = called().filter((action) => permitted.has(action) || !roles.includes(`'${action}'`));
  expect(operations.length).toBeGreaterThan(50);
  expect(operations.filter((action) => !permitted.has(action))).toEqual([]);
});

test('no two scenes have one name', () => {
  const names = [...DAILY, ...OCCASIONS].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

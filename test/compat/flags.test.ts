import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestWorld, testWorld } from '../support/world.ts';
import { OLD } from './files.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

/** Command → its flags, as the `--help` of 0.1 had them: `--last <duration>`. */
const FLAGS = JSON.parse(readFileSync(join(OLD, 'flags.json'), 'utf8')) as Record<string, string[]>;
const UNKNOWN = '--there-is-no-such-flag';

/**
 * Where a flag is unknown, commander names it; where it is known it goes on and names the next one, or the value that
 * does not suit.
 */
async function complaint(command: string, flag: string): Promise<string> {
  const [name = '', value] = flag.split(/ (?=[<[])/);
  const words = command === '' ? ['status'] : command.split(' ');
  const given = value === undefined ? [name] : [name, 'w'];
  // A required flag that is missing is named first.
  const required = command === 'invoke' ? ['--endpoint', '--data'] : ['--endpoint'];
  for (const one of required)
    if (FLAGS[command]?.some((other) => other.startsWith(`${one} `)) === true && name !== one) words.push(one, 'w');
  const { code, err, out } = await world.shadowctl([...words, ...given, UNKNOWN]);
  return code === 0 ? out : err;
}

describe.each(Object.entries(FLAGS))('%s', (command, flags) => {
  test('every flag is still taken', async () => {
    const refused: string[] = [];
    for (const flag of flags) {
      const said = await complaint(command, flag);
      const name = flag.split(' ')[0] ?? '';
      if (said.toLowerCase().includes(`unknown option '${name}'`)) refused.push(flag);
      // A complaint about the value, or about the flag that there never was.
      else if (!said.includes(UNKNOWN) && !said.includes(name) && name !== '--version')
        refused.push(`${flag}: ${said}`);
    }
    expect(refused).toEqual([]);
  });
});

test('a flag that there never was is refused, so that the rest says something', async () => {
  expect(await complaint('deploy', '--there-never-was')).toContain("Unknown option '--there-never-was'");
});

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

test('what npm test runs a sample of, npm run matrix runs whole', () => {
  const whole = readFileSync(join(ROOT, 'scripts/whole.mjs'), 'utf8');
  const samples = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && name !== 'support/sizes.test.ts')
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .filter((name) =>
      /\bsampled[(<]|isWhole\('matrix'\)|\b(?:matrixTest|oneIn)\b/.test(readFileSync(join(ROOT, name), 'utf8')),
    );
  expect(samples.length).toBeGreaterThan(10);
  expect(samples.filter((name) => !whole.includes(`'${name}'`))).toEqual([]);
});

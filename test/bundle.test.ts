import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const dist = resolve(import.meta.dirname, '..', 'dist');

/** Every file that starting the program loads: the bundle's static imports, followed. */
function loadedAtStart(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const code = readFileSync(file, 'utf8');
  for (const match of code.matchAll(
    /^(?:import|export)\s[^'"]*?["'](\.[^"']+)["'];?$|^import\s*["'](\.[^"']+)["'];?$/gm,
  )) {
    loadedAtStart(join(dirname(file), match[1] ?? match[2] ?? ''), found);
  }
  return found;
}

test('starting the program loads neither the AWS SDK nor ora, nor the emulator', () => {
  expect(existsSync(join(dist, 'main.js')), 'npm run build comes first').toBe(true);
  const modules = [...loadedAtStart(join(dist, 'main.js'))].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^\/\/ ((?:node_modules|src)\/\S+)$/gm)].map((match) => match[1] ?? ''),
  );
  expect(modules).toContain('src/main.ts');
  const slow = modules.filter((name) =>
    /node_modules\/(@aws-sdk|@smithy|ora|yaml|valibot|cli-table3|asciichart|fast-xml-parser|uplot)\/|src\/(emulator|analysis|aws)\//.test(
      name,
    ),
  );
  expect(slow).toEqual([]);
});

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');

interface Chunk {
  file: string;
  modules: string[];
  /** Chunks that are loaded with it. */
  imports: string[];
}

/** Every chunk that starting the program loads: the static imports of its entry, followed. */
function loadedAtStart(chunks: readonly Chunk[], file: string, found = new Set<Chunk>()): Set<Chunk> {
  const chunk = chunks.find((one) => one.file === file);
  if (chunk === undefined || found.has(chunk)) return found;
  found.add(chunk);
  for (const one of chunk.imports) loadedAtStart(chunks, one, found);
  return found;
}

test('starting the program loads neither the AWS SDK nor ora, nor the emulator', () => {
  expect(existsSync(join(dist, 'main.cjs')), 'npm run build comes first').toBe(true);
  const chunks: Chunk[] = JSON.parse(readFileSync(join(root, 'node_modules/.cache/shadowctl/chunks.json'), 'utf8'));
  const modules = [...loadedAtStart(chunks, 'main.cjs')].flatMap((chunk) => chunk.modules);
  expect(modules).toContain('src/main.ts');
  const slow = modules.filter((name) =>
    /node_modules\/(@aws-sdk|@smithy|ora|yaml|valibot|cli-table3|asciichart|fast-xml-parser|uplot)\/|src\/(emulator|analysis|aws)\//.test(
      name,
    ),
  );
  expect(slow).toEqual([]);
});

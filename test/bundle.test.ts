import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');

interface Meta {
  outputs: Record<
    string,
    {
      entryPoint?: string;
      inputs: Record<string, unknown>;
      imports: { path: string; kind: string; external?: boolean }[];
    }
  >;
}

/** Every chunk that starting the program loads: the static imports of its entry, followed. */
function loadedAtStart({ outputs }: Meta, chunk: string, found = new Set<string>()): Set<string> {
  if (found.has(chunk)) return found;
  found.add(chunk);
  for (const { path, kind, external } of outputs[chunk]?.imports ?? [])
    if (kind === 'import-statement' && external !== true) loadedAtStart({ outputs }, path, found);
  return found;
}

test('starting the program loads neither the AWS SDK nor ora, nor the emulator', () => {
  expect(existsSync(join(dist, 'main.js')), 'npm run build comes first').toBe(true);
  const meta: Meta = JSON.parse(readFileSync(join(root, 'node_modules/.cache/shadowctl/meta.json'), 'utf8'));
  const [main] = Object.entries(meta.outputs).find(([, { entryPoint }]) => entryPoint === 'src/main.ts') ?? [];
  const modules = [...loadedAtStart(meta, main ?? '')].flatMap((chunk) =>
    Object.keys(meta.outputs[chunk]?.inputs ?? {}),
  );
  expect(modules).toContain('src/main.ts');
  const slow = modules.filter((name) =>
    /node_modules\/(@aws-sdk|@smithy|ora|yaml|valibot|cli-table3|asciichart|fast-xml-parser|uplot)\/|src\/(emulator|analysis|aws)\//.test(
      name,
    ),
  );
  expect(slow).toEqual([]);
});

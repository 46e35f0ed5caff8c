import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** Which folders of the emulator a folder may import from; `src/emulator/README.md` says what each is for. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  iam: [],
  model: [],
  storage: [],
  sql: [],
  containers: ['storage'],
  protocols: ['model'],
  world: ['iam', 'model', 'storage', 'containers', 'sql'],
  stacks: ['model', 'storage', 'world'],
  services: ['iam', 'model', 'storage', 'containers', 'sql', 'protocols', 'world', 'stacks'],
  gateway: ['iam', 'model', 'protocols', 'services', 'world', 'stacks'],
  http: ['model', 'protocols', 'services', 'gateway', 'world'],
  daemon: ['storage'],
};

const root = resolve(import.meta.dirname, '..', '..', 'src', 'emulator');

const imports = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, to = '']) => ({
      from: file,
      to: relative(root, resolve(root, dirname(file), to)),
    })),
  )
  .filter(({ to }) => !to.startsWith('..'));

const folder = (file: string) => file.split('/')[0] ?? '';

test('every floor knows only those below it', () => {
  const wrong = imports.filter(
    ({ from, to }) => folder(from) !== folder(to) && !(MAY_IMPORT[folder(from)] ?? []).includes(folder(to)),
  );
  expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

test('only the registry and the services themselves know which services there are', () => {
  const service = (file: string) => /^services\/([^/]+)\/[^/]+/.exec(file)?.[1];
  const wrong = imports.filter(
    ({ from, to }) => service(to) !== undefined && service(from) !== service(to) && from !== 'services/registry.ts',
  );
  expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

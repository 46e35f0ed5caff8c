import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { read, ROOT } from './pages.ts';

const map = read('src/README.md');

test('every path that the map names exists', () => {
  const named = [...map.matchAll(/`((?:src|test|docs|bin|scripts|\.ci)\/[\w./-]*)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(60);
  expect([...new Set(named)].filter((path) => !existsSync(resolve(ROOT, path)))).toEqual([]);
});

test('the map shows every room and every file at the top of src', () => {
  for (const entry of readdirSync(join(ROOT, 'src'), { withFileTypes: true })) {
    if (entry.name !== 'README.md') expect(map).toContain(`\n  ${entry.name}${entry.isDirectory() ? '/' : ''} `);
  }
});

test('what the map draws below src exists', () => {
  const drawing = /```\n([^]*?)```/.exec(map)?.[1] ?? '';
  let room = '';
  const lost: string[] = [];
  for (const [, indent = '', name = '', second] of drawing.matchAll(
    /^( +)([\w.-]+\/?) (?:.* {2,}([a-z-]+\/) {2})?/gm,
  )) {
    const below = indent.length === 2 ? 'src' : join('src', room);
    if (indent.length === 2) room = name;
    if (indent.length > 4) continue;
    for (const one of [name, second])
      if (one !== undefined && !existsSync(join(ROOT, below, one))) lost.push(`${below}/${one}`);
  }
  expect(lost).toEqual([]);
});

test('a name without a folder lies beside the path before it', () => {
  const lost: string[] = [];
  let named = 0;
  for (const row of map.split('\n').filter((line) => line.startsWith('| '))) {
    let folder: string | undefined;
    for (const [, name = ''] of row.matchAll(/`([\w./-]+)`/g)) {
      if (existsSync(resolve(ROOT, name)) && name.includes('/'))
        folder = statSync(resolve(ROOT, name)).isDirectory() ? name : dirname(name);
      else if (folder !== undefined && /^[\w.-]+\.(ts|sql|json|txt)$/.test(name)) {
        named++;
        if (!existsSync(resolve(ROOT, folder, name))) lost.push(`${folder}/${name}`);
      }
    }
  }
  expect(named).toBeGreaterThan(60);
  expect(lost).toEqual([]);
});

test('every folder of src with more than two files is named', () => {
  const named = new Set<string>();
  const name = (path: string) => {
    for (let at = path; at !== '.'; at = dirname(at)) named.add(at);
  };
  for (const [, path = ''] of map.matchAll(/`(src\/[\w./-]+)`/g)) name(path);
  for (const [, service = ''] of map.matchAll(/[ ,]`([\w-]+)`/g)) name(`src/emulator/services/${service}`);
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const unnamed = folders
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((folder) => readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile()).length > 2)
    .map((folder) => folder.slice(ROOT.length).replace(/^\//, ''));
  expect(unnamed.length).toBeGreaterThan(60);
  expect(unnamed.filter((folder) => !named.has(folder))).toEqual([]);
});

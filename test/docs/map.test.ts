import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
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

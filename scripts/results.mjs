import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/**
 * Writes what a run of `npm run <name>` counted to test/results/<name>.json, which is checked in.
 * @param {string} name
 * @param {Record<string, unknown>} counts
 */
export function writeResults(name, counts) {
  const { version } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
  const file = resolve(root, 'test/results', `${name}.json`);
  const facts = { date: new Date().toISOString().slice(0, 10), version, node: process.version, ...counts };
  mkdirSync(resolve(root, 'test/results'), { recursive: true });
  writeFileSync(file, `${JSON.stringify(facts, undefined, 2)}\n`);
}

import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { run } from '../../src/main.ts';
import { capturedIo } from '../support/io.ts';
import { sectionsOf } from './sections.ts';
import { recordingSvg } from './terminal.ts';

const root = resolve(import.meta.dirname, '..', '..');
const picture = (name: string) => resolve(root, 'docs/pictures', name);

test("today's report has the sections that README's picture shows; else: npm run pictures", async () => {
  const io = capturedIo();
  const argv = ['report', '--files', 'test/pictures/observations.json', '--format', 'html'];
  const signal = new AbortController().signal;
  const code = await run(argv, { clock: systemClock, env: {}, cwd: root, signal, io: () => io });
  expect(code).toBe(0);
  const { sections } = JSON.parse(readFileSync(picture('report.json'), 'utf8')) as { sections: string[] };
  expect(sections.length).toBeGreaterThan(4);
  expect(sectionsOf(io.outLines.join('\n'))).toEqual(sections);
});

test('the pictures are small', () => {
  expect(statSync(picture('demo.svg')).size).toBeLessThan(150_000);
  for (const name of ['report.png', 'report-dark.png']) expect(statSync(picture(name)).size).toBeLessThan(400_000);
});

test('the recording asks for nothing from outside', () => {
  const svg = readFileSync(picture('demo.svg'), 'utf8');
  expect(svg).not.toMatch(/<script|href=|url\(|@import|foreignObject/);
  expect(svg.match(/https?:\/\/[^"]+/g)).toEqual(['http://www.w3.org/2000/svg']);
  expect(svg).toContain('prefers-color-scheme:dark');
});

test('a recording shows what was printed, escaped, each colour in its place', () => {
  const scene = { command: ['$ a'], output: ['\u001b[31m✗\u001b[39m x <b>  7'], title: 't & u' };
  const svg = recordingSvg([scene], 0);
  expect(svg).toContain('class="r">✗</tspan>');
  expect(svg).toContain('>x &lt;b&gt;</tspan>');
  expect(svg).toContain('>7</tspan>');
  expect(svg).toContain('t &amp; u');
});

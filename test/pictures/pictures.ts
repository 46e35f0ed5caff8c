/**
 * `npm run pictures` makes the pictures of README from a real run: it plays the demo on the embedded emulator, has the
 * built program report on what the demo left, and writes
 *
 * - `docs/pictures/report.png`: the top of the HTML report, in Debian's chromium; `report-dark.png` for readers
 *   who prefer that
 * - `docs/pictures/demo.svg`: commands of the demo with what they printed
 * - `docs/pictures/report.json`: the sections of that report, and
 * - `test/pictures/observations.json`: what it was made of, from which a test makes today's report
 *
 * `npm run pictures -- FOLDER` draws anew from a folder in which `FORCE_COLOR=1 shadowctl demo --keep --full > demo.txt` was run.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { chromium } from 'playwright-core';
import { sectionsOf } from './sections.ts';
import { scenesOf } from './scenes.ts';
import { COLUMNS, recordingSvg } from './terminal.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const pictures = resolve('docs/pictures');
const observations = resolve('test/pictures/observations.json');
const program = resolve('bin/shadowctl.js');

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Runs the program to its end; returns what it printed. Verdicts end with codes up to 4. */
function shadowctl(folder: string, words: readonly string[]): string {
  const child = spawnSync(process.execPath, [program, ...words], {
    cwd: folder,
    env: { ...process.env, FORCE_COLOR: '1', NO_COLOR: '', COLUMNS: String(COLUMNS) },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
  });
  if (child.status === null || child.status === 2 || child.status > 4)
    throw new Error(`shadowctl ${words.join(' ')}: ${child.stderr}`);
  return child.stdout;
}

/** The top of the report, down to what runs; `ending` tells light from dark. */
async function photograph(html: string, colorScheme: 'light' | 'dark', ending: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const width = 1240;
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, reducedMotion: 'reduce' });
    await page.goto(pathToFileURL(html).href);
    await page.waitForFunction('document.documentElement.dataset.drawn !== undefined');
    const runs = page.getByRole('heading', { name: 'What runs' });
    const height = (await runs.evaluate((heading: { offsetTop: number }) => heading.offsetTop)) - 16;
    const clip = { x: 0, y: 0, width, height };
    await page.screenshot({ path: join(pictures, `report${ending}.png`), fullPage: true, clip });
  } finally {
    await browser.close();
  }
}

const given = process.argv[2];
const folder = given === undefined ? mkdtempSync(join(tmpdir(), 'shadowctl-pictures-')) : resolve(given);
try {
  if (given === undefined) say('The demo, a minute or two.');
  const recorded =
    given === undefined
      ? shadowctl(folder, ['demo', '--keep', '--full'])
      : readFileSync(join(folder, 'demo.txt'), 'utf8');
  const lines = stripVTControlCharacters(recorded).replace(/ \\\n\s*/g, ' ');
  const [, from = '', to = ''] = /--from (\S+) --to (\S+)/.exec(lines) ?? [];
  const report = ['report', '--endpoint', 'weather-prediction-endpoint'];
  const look = ['--emulator', '--from', from, '--to', to, '--labels', 'weather-test.csv:label'];
  shadowctl(folder, [...report, ...look, '--save', observations]);
  const html = join(folder, 'report.html');
  // By a name without a folder: it stands in the report.
  copyFileSync(observations, join(folder, 'observations.json'));
  writeFileSync(html, shadowctl(folder, ['report', '--files', 'observations.json', '--format', 'html']));
  writeFileSync(
    join(pictures, 'report.json'),
    `${JSON.stringify({ sections: sectionsOf(readFileSync(html, 'utf8')) }, null, 2)}\n`,
  );
  writeFileSync(join(pictures, 'demo.svg'), recordingSvg(scenesOf(recorded), 1));
  await photograph(html, 'light', '');
  await photograph(html, 'dark', '-dark');
  say(`Written: ${pictures}`);
} finally {
  shadowctl(folder, ['emulator', 'stop']);
  if (given === undefined) rmSync(folder, { recursive: true, force: true });
}

// npm run mutants -- ROOM [--share 0.1] [--seed 1] [--minutes 30]
//
// Puts small faults into the lines of a room, one at a time, and counts how many the room's tests notice. A share of the
// lines, chosen by a seed, bounds what it costs: then the score is an estimate, and the interval is printed with it. It
// goes file by file until its minutes are used up, and says which files were not reached. StrykerJS is installed beside
// this file when it is first needed; `npm ci` of the product does not bring it.
//
// Strings are not emptied (EXCLUDED): most are sentences for people, and few tests hold those, by our own rule. What
// programs read (names of checks, kinds, codes) the tests assert all the same. The result names what was excluded.
// test/mutants/survivors.md lists survivors that behave as the original does, with the reason.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const cache = join(root, 'node_modules', '.cache', 'mutants');

/** Mutators of StrykerJS that are not applied. */
const EXCLUDED = ['StringLiteral'];

/** Which tests are run for a room's faults: those that are about it. */
const ROOMS = JSON.parse(readFileSync(join(here, 'rooms.json'), 'utf8'));

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    share: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '60' },
  },
});
const [room = ''] = positionals;
if (!(room in ROOMS)) fail(`"${room}" is not a room: name one of ${Object.keys(ROOMS).join(', ')}.`);
const share = Number(options.share);
if (!(share > 0 && share <= 1)) fail(`--share ${options.share}: a share lies above 0 and is at most 1.`);
const minutes = Number(options.minutes);
if (!(minutes > 0)) fail(`--minutes ${options.minutes}: a number above 0 is needed.`);
const seed = Number(options.seed);

if (!existsSync(join(here, 'node_modules')))
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
mkdirSync(cache, { recursive: true });

const { sources, tests } = ROOMS[room];
const files = sources.flatMap((folder) => sourcesOf(join(root, folder)));
const began = Date.now();
const counts = { Killed: 0, Timeout: 0, Survived: 0, NoCoverage: 0 };
const survivors = [];
const reached = [];
for (const batch of batches(shuffled(files))) {
  if (Date.now() - began > minutes * 60_000) break;
  const names = batch.map((file) => relative(root, file));
  const mutate = share === 1 ? names : batch.flatMap(sampledLines);
  const report = mutate.length === 0 ? { files: {} } : stryker(names, mutate);
  if (report === undefined) continue;
  reached.push(...names);
  for (const [name, { mutants }] of Object.entries(report.files)) {
    for (const mutant of mutants) {
      if (!(mutant.status in counts)) continue;
      counts[mutant.status] += 1;
      if (mutant.status === 'Survived' || mutant.status === 'NoCoverage')
        survivors.push(`${name}:${mutant.location.start.line} ${mutant.mutatorName} → ${short(mutant.replacement)}`);
    }
  }
  say(`${names.join(', ')}: ${percent(counts.Killed + counts.Timeout, total())} of ${total()} so far`);
}
const killed = counts.Killed + counts.Timeout;
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const [low, high] = interval(killed, total());
const result = {
  room,
  date: new Date().toISOString().slice(0, 10),
  version,
  share,
  seed,
  excluded: EXCLUDED,
  mutants: total(),
  killed,
  timeouts: counts.Timeout,
  score: round(killed / total()),
  interval95: share === 1 ? undefined : [round(low), round(high)],
  noCoverage: counts.NoCoverage,
  files: reached.length,
  notReached: files.map((file) => relative(root, file)).filter((name) => !reached.includes(name)),
  survivors: survivors.toSorted(),
};
const folder = join(root, 'test', 'results', 'mutants');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, `${room}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
say(
  `${room}: ${killed} of ${total()} faults were noticed, ${percent(killed, total())}` +
    (share === 1 ? '' : ` (95 % interval ${percent(low, 1)} to ${percent(high, 1)})`) +
    `; ${result.notReached.length} files were not reached.`,
);

/** @returns Stryker's report, or undefined where it could not run */
function stryker(names, mutate) {
  const out = join(cache, 'report.json');
  const config = join(cache, 'stryker.json');
  rmSync(out, { force: true });
  writeFileSync(
    config,
    JSON.stringify({
      plugins: [join(here, 'node_modules/@stryker-mutator/vitest-runner/dist/src/index.js')],
      testRunner: 'vitest',
      vitest: { configFile: 'test/mutants/vitest.config.ts', related: false },
      mutate,
      mutator: { excludedMutations: EXCLUDED },
      coverageAnalysis: 'perTest',
      concurrency: 1,
      reporters: ['json'],
      jsonReporter: { fileName: out },
      tempDirName: join(cache, 'sandbox'),
      incremental: share === 1,
      incrementalFile: join(cache, `${names.join(' ').replaceAll('/', '-').slice(0, 200)}.json`),
      ignorePatterns: ['dist', 'docs', 'coverage', '.shadowctl', 'test/mutants/node_modules'],
      // What Stryker would do to it needs TypeScript's old API.
      tsconfigFile: 'none.json',
      // On a busy machine tests wait for their turn, and a fault that is given up counts as noticed.
      timeoutMS: 60_000,
      dryRunTimeoutMinutes: 30,
      logLevel: 'error',
    }),
  );
  const run = spawnSync('node', [join(here, 'node_modules/@stryker-mutator/core/bin/stryker.js'), 'run', config], {
    cwd: root,
    env: { ...process.env, MUTANTS_TESTS: tests.join(' ') },
    encoding: 'utf8',
  });
  if (existsSync(out)) return JSON.parse(readFileSync(out, 'utf8'));
  const said = (run.stdout + run.stderr)
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('    at '));
  complain(`${names.join(', ')}: not measured. ${said.slice(0, 4).join(' ')}`);
  return undefined;
}

function sourcesOf(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .toSorted();
}

/** Runs of up to four lines: most expressions lie within one. */
function sampledLines(file) {
  const count = readFileSync(file, 'utf8').split('\n').length;
  const random = seededRandom(`${seed} ${relative(root, file)}`);
  const ranges = [];
  for (let line = 1; line <= count; line += 4)
    if (random() < share) ranges.push(`${relative(root, file)}:${line}-${Math.min(count, line + 3)}`);
  return ranges;
}

function shuffled(list) {
  const random = seededRandom(`${seed} order`);
  return list
    .map((item) => [random(), item])
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item);
}

/** mulberry32, seeded by a text. */
function seededRandom(text) {
  let state = [...text].reduce((hash, char) => Math.imul(hash ^ char.charCodeAt(0), 16_777_619), 2_166_136_261);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Wilson's interval at 95 %. */
function interval(successes, n) {
  if (n === 0) return [0, 1];
  const z = 1.96;
  const p = successes / n;
  const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return [middle - half, middle + half];
}

/** A few files at a time: the tests are run once without a fault for each batch. */
function batches(list, size = 6) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

function total() {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function percent(part, whole) {
  return `${((part / whole) * 100).toFixed(1)} %`;
}

function round(value) {
  return Math.round(value * 1000) / 1000;
}

function short(text = '') {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

function complain(line) {
  process.stderr.write(`${line}\n`);
}

function fail(message) {
  complain(message);
  process.exit(2);
}

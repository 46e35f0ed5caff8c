// Runs whole what `npm test` runs a sample of, or nothing: `node scripts/whole.mjs matrix|peers|calibrate [arguments]`.
// Writes its counts to test/results/<name>.json; exits with 1 when something failed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join, relative, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { writeResults } from './results.mjs';

const root = resolve(import.meta.dirname, '..');
const [name = '', ...rest] = process.argv.slice(2);

/** The test files of each; the programs of others that `peers` needs. */
const FILES = {
  matrix: ['test/resources/crash.test.ts', 'test/emulator/storage/crash.test.ts', 'test/cli/canary/canary.test.ts'],
  peers: [
    'test/emulator/clients/boto3.test.ts',
    'test/emulator/clients/snippets.test.ts',
    'test/emulator/containers/xgboost-fixtures.test.ts',
  ],
};
const PYTHON = ['boto3==1.44.8', 'awscli==1.46.3', 'pytest==9.2.0', 'numpy==2.4.6'];

/** @param {string} line */
const say = (line) => void process.stdout.write(`${line}\n`);

/**
 * A Python of its own with what the peers need, below the user's cache folder.
 * @returns {{ bin: string | undefined, skipped: string[] }}
 */
function installPython() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shadowctl', 'peers');
  const bin = join(folder, 'bin');
  mkdirSync(folder, { recursive: true });
  /** @type {(command: string, args: string[]) => boolean} */
  const ends = (command, args) => spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
  if (!existsSync(join(bin, 'python3')) && !ends('python3', ['-m', 'venv', folder]))
    return { bin: undefined, skipped: ['Python: python3 cannot make a virtual environment here'] };
  /** @type {(packages: string[]) => boolean} */
  const installs = (packages) => ends(join(bin, 'python3'), ['-m', 'pip', 'install', '--quiet', ...packages]);
  // Together, so that those fit one another; one by one only to find out which cannot be had.
  if (installs(PYTHON)) return { bin, skipped: [] };
  return { bin, skipped: PYTHON.filter((one) => !installs([one])).map((one) => `${one}: pip could not install it`) };
}

function runTests() {
  const python = name === 'peers' ? installPython() : { bin: undefined, skipped: [] };
  for (const one of python.skipped) say(`skipped: ${one}`);
  const folder = mkdtempSync(join(tmpdir(), 'shadowctl-whole-'));
  const report = join(folder, 'report.json');
  const began = performance.now();
  const vitest = [
    join(root, 'node_modules/vitest/vitest.mjs'),
    ...['run', '--config', 'test/vitest.config.ts', '--root', '.', '--reporter', 'default'],
    ...['--reporter', 'json', '--outputFile', report],
    ...(rest.length > 0 ? rest : FILES[name]),
  ];
  const PATH = [...(python.bin === undefined ? [] : [python.bin]), process.env.PATH].join(delimiter);
  const { status } = spawnSync(process.execPath, vitest, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH, SHADOWCTL_WHOLE: name },
  });
  const found = JSON.parse(readFileSync(report, 'utf8'));
  rmSync(folder, { recursive: true });
  const skippedTests = found.testResults
    .flatMap((file) => file.assertionResults)
    .filter((one) => one.status === 'pending' || one.status === 'skipped')
    .map((one) => one.fullName);
  for (const one of skippedTests) say(`skipped: ${one}`);
  // Only a run over everything is worth keeping.
  if (rest.length === 0)
    writeResults(name, {
      seconds: Math.round((performance.now() - began) / 1000),
      passed: found.numPassedTests,
      failed: found.numFailedTests,
      skipped: [...python.skipped, ...skippedTests],
      files: Object.fromEntries(
        found.testResults.map((file) => [relative(root, file.name), file.assertionResults.length]),
      ),
      ...(name === 'peers' ? { peers: PYTHON } : {}),
    });
  // A run in which nothing ran has shown nothing.
  process.exitCode = status === 0 && found.numPassedTests > 0 ? 0 : 1;
}

/** Bundles and runs the calibration; arguments: trials a line, and words that the title of a line must hold. */
function runCalibration() {
  const folder = mkdtempSync(join(tmpdir(), 'shadowctl-whole-'));
  const [program, results] = [join(folder, 'calibrate.mjs'), join(folder, 'results.json')];
  const began = performance.now();
  buildSync({
    absWorkingDir: root,
    entryPoints: ['test/bench/calibrate.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
    outfile: program,
  });
  const { status } = spawnSync(process.execPath, [program, ...rest], {
    stdio: 'inherit',
    env: { ...process.env, SHADOWCTL_RESULTS: results },
  });
  // Only a run over everything is worth keeping.
  if (rest.length === 0 && process.env.SHADOWCTL_ONE_IN === undefined)
    writeResults(name, {
      seconds: Math.round((performance.now() - began) / 1000),
      ...JSON.parse(readFileSync(results, 'utf8')),
    });
  rmSync(folder, { recursive: true });
  process.exitCode = status ?? 1;
}

if (name === 'calibrate') runCalibration();
else if (name in FILES) runTests();
else throw new Error(`Which? calibrate, ${Object.keys(FILES).join(' or ')}`);

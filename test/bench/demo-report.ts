/**
 * How long does one wait for `shadowctl report`? `npm run bench:demo` plays the demo into a folder of its own, leaves
 * its emulator standing, and measures whole processes of the built program, from start to exit, beside `node -e 0` in
 * the same turns: what counts is what comes on top of Node itself. Captures are in the cache after the first report, as
 * they are for anybody who looks twice. The processor time (where /proc tells it) is what a busy machine does not stretch.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GetObjectCommand, ListBucketsCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';

const TURNS = 10;
/** How many times `node -e 0` a command may take: a report 400 ms where that takes 24. */
const CEILINGS = { report: 16.7, starting: 1.6 };
const program = resolve('bin/shadowctl.js');
const folder = mkdtempSync(join(tmpdir(), 'shadowctl-bench-'));
// Certificates and proxies of the machine cost tens of milliseconds, whatever Node runs; the emulator needs neither.
const machine = ['NODE_EXTRA_CA_CERTS', 'AWS_CA_BUNDLE', 'HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'];
const env: NodeJS.ProcessEnv = { ...process.env, ...Object.fromEntries(machine.map((name) => [name, undefined])) };

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Runs node to its end; verdicts and plans end with codes up to 4. */
function run(argv: readonly string[]): string {
  const child = spawnSync(process.execPath, [...argv], {
    cwd: folder,
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
  });
  if (child.status === null || child.status === 2 || child.status > 4)
    throw new Error(`${argv.join(' ')}: ${child.stderr}`);
  return child.stdout;
}

/** Processor time of children that have ended, in milliseconds; undefined where the system does not tell. */
function childrenCpu(): number | undefined {
  if (!existsSync('/proc/self/stat')) return undefined;
  // After the name in parentheses: cutime and cstime are the 14th and 15th, in hundredths of a second.
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function atMost(ratio: number, kind: keyof typeof CEILINGS): string {
  return `(at most ${CEILINGS[kind]}${ratio <= CEILINGS[kind] ? '' : '; MISSED'})`;
}

interface Way {
  name: string;
  argv: readonly string[];
  ms: number[];
  cpu: number;
}

function measure(ways: readonly Way[]): void {
  for (const way of ways) run(way.argv);
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const way of ways) {
      const [start, before] = [performance.now(), childrenCpu()];
      run(way.argv);
      way.ms.push(performance.now() - start);
      way.cpu += before === undefined ? Number.NaN : (childrenCpu() ?? 0) - before;
    }
  }
}

/** Every capture of the demo, into `captures/AllTraffic` and `captures/shadow`. */
async function download(endpoint: string): Promise<number> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  let count = 0;
  for (const { Name: Bucket = '' } of (await client.send(new ListBucketsCommand({}))).Buckets ?? []) {
    for await (const page of paginateListObjectsV2({ client }, { Bucket })) {
      for (const { Key = '' } of page.Contents ?? []) {
        if (!Key.endsWith('.jsonl')) continue;
        const side = join(folder, 'captures', Key.includes('/shadow/') ? 'shadow' : 'AllTraffic');
        mkdirSync(side, { recursive: true });
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
        writeFileSync(join(side, Key.replaceAll('/', '_')), (await Body?.transformToByteArray()) ?? '');
        count += 1;
      }
    }
  }
  client.destroy();
  return count;
}

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const load = () => loadavg()[0]?.toFixed(1) ?? '?';

try {
  say(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'processor'}; load ${load()}`);
  const story = run([program, 'demo', '--keep', '--full']);
  const window = /--from (\S+) --to (\S+)/.exec(story.replace(/\\?\s+/g, ' '));
  if (window === null) throw new Error('the demo did not name its window');
  const times = ['--from', window[1] ?? '', '--to', window[2] ?? ''];
  const live = [program, 'report', '--emulator', '--endpoint', 'weather-prediction-endpoint', ...times];
  run([...live, '--save', 'saved.json']);
  const url = /AWS_ENDPOINT_URL='?(http[^'\s;]+)/.exec(run([program, 'emulator', 'env']))?.[1];
  if (url === undefined) throw new Error('the emulator does not say where it is');
  const files = await download(url);
  const way = (name: string, argv: readonly string[]): Way => ({ name, argv, ms: [], cpu: 0 });
  const ways = [
    way('node -e 0', ['-e', '0']),
    way('shadowctl --version', [program, '--version']),
    way('shadowctl --help', [program, '--help']),
    way('report --files saved.json', [program, 'report', '--files', 'saved.json']),
    way(`report --files (${files} captures)`, [program, 'report', '--files', 'captures', ...times]),
    way('report --endpoint … --emulator', live),
  ];
  measure(ways);
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const floor = median(ways[0]?.ms ?? []);
  for (const { name, ms, cpu } of ways) {
    const words = [
      `${median(ms).toFixed(0).padStart(5)} ms`,
      `(${Math.min(...ms).toFixed(0)} to ${Math.max(...ms).toFixed(0)})`,
      Number.isNaN(cpu) ? '' : `${(cpu / TURNS).toFixed(0)} ms of processor`,
      `${(median(ms) / floor).toFixed(1)} × node`,
      name.startsWith('node') ? '' : atMost(median(ms) / floor, name.startsWith('report') ? 'report' : 'starting'),
    ];
    say(`  ${name.padEnd(32)} ${words.filter((word) => word !== '').join('  ')}`);
  }
  say(`Medians of ${TURNS} turns; load ${load()}`);
} finally {
  spawnSync(process.execPath, [program, 'emulator', 'stop'], { cwd: folder, env });
  rmSync(folder, { recursive: true, force: true });
}

/**
 * How fast is a verdict over many captures? `npm run bench:report -- 1000000` makes that many records a side (default
 * 200 000) and measures, on the same files in the same run: DuckDB's bare join, the whole way from folder to verdict,
 * the same without the fast path for lines that are alike, and a JSON.parse of every line in one thread that joins and
 * sums as well. Each is a process of its own, run three times with the best kept (others may be at work on the
 * machine); memory is its peak. `npm run bench:report -- 1000000 FOLDER` takes captures that lie in FOLDER, and makes
 * them first where there is none.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { collectFromFiles } from '../../src/analysis/observe/from-files.ts';
import { openEngine } from '../../src/analysis/compare/duckdb/connection.ts';
import { judge } from '../../src/analysis/judge/judge.ts';
import { kolmogorovSmirnov } from '../../src/analysis/compare/memory/distances.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { writeCaptures } from './captures.ts';

/** Wall clock and processor time in milliseconds (a busy machine stretches only the first), and the peak of memory. */
interface Measured {
  ms: number;
  cpu: number;
  megabytes: number;
}

const MEMORY = '1GB';
/** How many times the bare join a verdict may take. */
const CEILING = 2.6;
/** From so many pairs on these captures pass. */
const ENOUGH = 100_000;
const [mode = '200000', given = ''] = process.argv.slice(2);
const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Milliseconds that `work` took. */
async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function verdict(folder: string, fastPath: boolean | undefined): Promise<void> {
  const seen = await collectFromFiles({
    path: folder,
    variants: ['AllTraffic', 'shadow'],
    window: undefined,
    comparison: {
      tolerance: undefined,
      task: undefined,
      truth: undefined,
      spill: join(folder, 'spill'),
      memory: MEMORY,
      fastPath,
    },
  });
  const outcome = judge(seen, DEFAULT_POLICY)?.outcome;
  const few = (seen.predictions?.pairs ?? 0) < ENOUGH;
  // Few records prove too little to pass, and never that the shadow is worse.
  if (outcome !== 'pass' && !(few && outcome === 'inconclusive')) throw new Error(`the verdict is ${outcome}`);
}

const WAYS: Record<string, (folder: string) => Promise<void>> = {
  async join(folder) {
    const engine = await openEngine({ memory: MEMORY, spill: join(folder, 'spill') });
    const read = (side: string) =>
      `read_json('${join(folder, side)}/*.jsonl', columns = {captureData: 'STRUCT(endpointOutput STRUCT(data VARCHAR))', eventMetadata: 'STRUCT(inferenceId VARCHAR)'}, format = 'newline_delimited')`;
    const rows = await engine.rows(
      `select count(*)::double as n, sum(length(a.captureData.endpointOutput.data))::double as p, sum(length(b.captureData.endpointOutput.data))::double as s from ${read('AllTraffic')} a join ${read('shadow')} b on a.eventMetadata.inferenceId = b.eventMetadata.inferenceId`,
    );
    if (rows[0]?.n === 0) throw new Error('nothing joined');
    engine.close();
  },
  verdict: (folder) => verdict(folder, undefined),
  // The same way, but every line read by JSON.parse, in as many threads: what the fast path of ingest/fast buys.
  plain: (folder) => verdict(folder, false),
  // The same work by the means of the language: parse both sides, join by id, compare, and sum.
  async parse(folder) {
    const read = (side: string) => {
      const found = new Map<string, { score: number; label: number; at: number }>();
      for (const name of readdirSync(join(folder, side)).sort()) {
        for (const line of readFileSync(join(folder, side, name), 'utf8').split('\n')) {
          if (line === '') continue;
          const record = JSON.parse(line) as {
            captureData: { endpointOutput: { data: string } };
            eventMetadata: { inferenceId: string; inferenceTime: string };
          };
          const answer = JSON.parse(record.captureData.endpointOutput.data) as {
            predictions: [{ score: number; predicted_label: number }];
          };
          const [{ score, predicted_label: label }] = answer.predictions;
          found.set(record.eventMetadata.inferenceId, {
            score,
            label,
            at: Date.parse(record.eventMetadata.inferenceTime),
          });
        }
      }
      return found;
    };
    const [ours, theirs] = [read('AllTraffic'), read('shadow')];
    const minutes = new Map<number, { rows: number; agree: number; d: number; dd: number }>();
    const scores: [number[], number[]] = [[], []];
    for (const [id, one] of ours) {
      const other = theirs.get(id);
      if (other === undefined) continue;
      const minute = Math.floor(one.at / 60_000);
      const block = minutes.get(minute) ?? { rows: 0, agree: 0, d: 0, dd: 0 };
      const d = other.score - one.score;
      block.rows += 1;
      block.agree += one.label === other.label ? 1 : 0;
      block.d += d;
      block.dd += d * d;
      minutes.set(minute, block);
      scores[0].push(one.score);
      scores[1].push(other.score);
    }
    const [left, right] = scores.map((list) => Float64Array.from(list).sort());
    if (left === undefined || right === undefined || left.length === 0) throw new Error('nothing was joined');
    if (kolmogorovSmirnov(left, right) > 0.5) throw new Error('the distributions are not what they must be');
  },
};

const way = WAYS[mode];
if (!isMainThread) {
  // This one file is what the threads of a scan begin with, too.
  await import('../../src/analysis/compare/ingest/worker.ts');
} else if (way !== undefined) {
  const ms = await timed(() => way(given));
  const used = process.resourceUsage();
  say(JSON.stringify({ ms, cpu: (used.userCPUTime + used.systemCPUTime) / 1000, megabytes: used.maxRSS / 1024 }));
} else {
  const records = Number(mode);
  const folder = given === '' ? mkdtempSync(join(tmpdir(), 'shadowctl-bench-')) : given;
  try {
    // Three hours, or no policy would say that it has seen enough.
    if (!existsSync(join(folder, 'shadow'))) await writeCaptures(folder, records, Math.ceil(records / 10_000));
    const bytes = ['AllTraffic', 'shadow']
      .flatMap((side) => readdirSync(join(folder, side)).map((name) => statSync(join(folder, side, name)).size))
      .reduce((sum, size) => sum + size, 0);
    say(`${records} + ${records} records, ${Math.round(bytes / 1e6)} MB, memory bound ${MEMORY}`);
    const measure = (name: string) => {
      const child = spawnSync(process.execPath, ['--max-old-space-size=16000', process.argv[1] ?? '', name, folder], {
        encoding: 'utf8',
      });
      if (child.status !== 0) throw new Error(`${name}: ${child.stderr}`);
      return JSON.parse(child.stdout) as Measured;
    };
    const names = records > 2_000_000 ? ['join', 'verdict', 'plain'] : ['join', 'verdict', 'plain', 'parse'];
    const best: Record<string, Measured> = {};
    for (let round = 0; round < (records > 2_000_000 ? 1 : 3); round += 1) {
      for (const name of names) {
        const found = measure(name);
        if (found.ms < (best[name]?.ms ?? Number.POSITIVE_INFINITY)) best[name] = found;
      }
    }
    const { join: bare, verdict: whole, plain, parse } = best;
    if (bare === undefined || whole === undefined || plain === undefined) throw new Error('nothing was measured');
    const line = (name: string, found: Measured) =>
      say(
        `${name.padEnd(42)} ${(found.ms / 1000).toFixed(2).padStart(8)} s ${(found.ms / bare.ms).toFixed(2).padStart(6)} × ${(found.cpu / 1000).toFixed(2).padStart(8)} s cpu ${Math.round(found.megabytes).toString().padStart(6)} MB`,
      );
    line("DuckDB's bare join", bare);
    line('folder to verdict', whole);
    line('without the fast path, in as many threads', plain);
    if (parse !== undefined) line('JSON.parse and a join in one thread', parse);
    const ratio = whole.ms / bare.ms;
    const missed = records === 1_000_000 && ratio > CEILING ? '; MISSED' : '';
    say(`verdict: ${ratio.toFixed(2)} × the bare join (of 1 000 000 records at most ${CEILING}${missed})`);
    say(
      `the fast path is worth ${(plain.ms / whole.ms).toFixed(2)} ×: ${(plain.ms / bare.ms).toFixed(2)} × the bare join without it`,
    );
    if (parse !== undefined) say(`${(parse.ms / whole.ms).toFixed(2)} × faster than JSON.parse in one thread`);
  } finally {
    if (given === '') rmSync(folder, { recursive: true, force: true });
  }
}

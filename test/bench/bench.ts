/**
 * How fast is a verdict over many captures? `npm run bench -- 1000000` makes that many records a side (default 200 000)
 * and measures, on the same files in the same run: DuckDB's bare join, the whole way from folder to verdict, and a
 * plain JSON.parse of every line in Node. Memory is the peak of a process of its own.
 */
import { spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { collectFromFiles } from '../../src/analysis/collect/from-files.ts';
import { openEngine } from '../../src/analysis/collect/duckdb/connection.ts';
import { judge } from '../../src/analysis/judge.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy.ts';
import { writeCaptures } from './captures.ts';

/** Wall clock and processor time in milliseconds (a busy machine stretches only the first), and the peak of memory. */
interface Measured {
  ms: number;
  cpu: number;
  megabytes: number;
}

const MEMORY = '800MB';
const [mode = '200000', given = ''] = process.argv.slice(2);
const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Milliseconds that `work` took. */
async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
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
  async verdict(folder) {
    const seen = await collectFromFiles({
      path: folder,
      variants: ['AllTraffic', 'shadow'],
      window: undefined,
      sampling: 1,
      tolerance: undefined,
      prediction: undefined,
      task: undefined,
      truth: undefined,
      spill: join(folder, 'spill'),
      memory: MEMORY,
    });
    if (judge(seen, DEFAULT_POLICY)?.outcome !== 'pass') throw new Error('the verdict is not what it must be');
  },
  async parse(folder) {
    let found = 0;
    for (const side of ['AllTraffic', 'shadow']) {
      for (const name of readdirSync(join(folder, side))) {
        for await (const line of createInterface({ input: createReadStream(join(folder, side, name)) })) {
          const record = JSON.parse(line) as { captureData: { endpointOutput: { data: string } } };
          found += (JSON.parse(record.captureData.endpointOutput.data) as { predictions: unknown[] }).predictions
            .length;
        }
      }
    }
    if (found === 0) throw new Error('nothing was read');
  },
};

const way = WAYS[mode];
if (way !== undefined) {
  const ms = await timed(() => way(given));
  const used = process.resourceUsage();
  say(JSON.stringify({ ms, cpu: (used.userCPUTime + used.systemCPUTime) / 1000, megabytes: used.maxRSS / 1024 }));
} else {
  const records = Number(mode);
  const folder = mkdtempSync(join(tmpdir(), 'shadowctl-bench-'));
  try {
    const bytes = await writeCaptures(folder, records);
    say(`${records} + ${records} records, ${Math.round(bytes / 1e6)} MB, memory bound ${MEMORY}`);
    const measure = (name: string) => {
      const child = spawnSync(process.execPath, [process.argv[1] ?? '', name, folder], { encoding: 'utf8' });
      if (child.status !== 0) throw new Error(`${name}: ${child.stderr}`);
      return JSON.parse(child.stdout) as Measured;
    };
    const [bare, verdict, parse] = [measure('join'), measure('verdict'), measure('parse')];
    const line = (name: string, found: Measured) =>
      say(
        `${name.padEnd(34)} ${(found.ms / 1000).toFixed(2).padStart(8)} s ${(found.cpu / 1000).toFixed(2).padStart(8)} s cpu ${Math.round(found.megabytes).toString().padStart(6)} MB`,
      );
    line("DuckDB's bare join", bare);
    line('folder to verdict', verdict);
    line('JSON.parse of every line in Node', parse);
    say(
      `verdict: ${(verdict.ms / bare.ms).toFixed(2)} × the bare join (at most 3), ${(parse.ms / verdict.ms).toFixed(2)} × faster than JSON.parse`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

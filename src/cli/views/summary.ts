import { duration, milliseconds, number, percent } from '../../base/units.ts';
import type { Summary } from '../../lifecycle/traffic/tally.ts';
import { type Io, plain } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';

/** Writes what came of a run of requests to standard output. */
export async function writeSummary(io: Io, summary: Summary): Promise<void> {
  const { sent, answered, throughput, latency, accuracy, meanAbsoluteError, unread } = summary;
  const rows: string[][] = [
    ['sent', String(sent)],
    ['answered', `${answered}${sent > 0 ? ` (${percent(answered / sent)})` : ''}`],
    [
      'throughput',
      throughput === undefined
        ? 'no time has passed'
        : `${number(throughput, 3)} requests/s over ${duration(summary.seconds * 1000)}`,
    ],
  ];
  const variants = Object.entries(summary.variants);
  if (variants.length > 0) rows.push(['variants', variants.map(([name, count]) => `${name} ${count}`).join(', ')]);
  if (latency !== undefined) {
    const { mean, p50, p90, p99, max } = latency;
    rows.push([
      'latency',
      `mean ${milliseconds(mean)}, p50 ${milliseconds(p50)}, p90 ${milliseconds(p90)}, p99 ${milliseconds(p99)}, max ${milliseconds(max)}`,
    ]);
  }
  if (accuracy !== undefined)
    rows.push(['accuracy', `${percent(accuracy.right / accuracy.of)} (${accuracy.right} of ${accuracy.of})`]);
  if (meanAbsoluteError !== undefined) rows.push(['mean abs. error', number(meanAbsoluteError, 6)]);
  if (unread > 0) rows.push(['unread', `${unread} answers were in a format that shadowctl does not know`]);
  io.out(await table(io, ['', ''], rows));
  if (summary.errors.length === 0) return;
  io.out();
  io.out(
    await table(
      io,
      ['refused', 'count', 'first message'],
      summary.errors.map((error) => [
        error.unanswered === true ? `${error.code} (no answer)` : error.code,
        String(error.count),
        plain(error.sample).slice(0, 300),
      ]),
      { right: [1] },
    ),
  );
}

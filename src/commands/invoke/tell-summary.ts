import type { App } from '../../app.ts';
import { plain } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';
import { durationText } from '../../cli/flags/values.ts';
import type { Summary } from '../../lifecycle/traffic/tally.ts';

/** Writes what came of the requests to standard output. */
export async function tellSummary(
  app: App,
  endpoint: string,
  summary: Summary,
  format: 'text' | 'json',
): Promise<void> {
  const { io } = app;
  if (format === 'json') {
    io.out(JSON.stringify({ endpoint, ...summary }, undefined, 2));
    return;
  }
  const { sent, answered, throughput, latency, accuracy, meanAbsoluteError, unread } = summary;
  const rows: string[][] = [
    ['sent', String(sent)],
    ['answered', `${answered}${sent > 0 ? ` (${percent(answered / sent)})` : ''}`],
    [
      'throughput',
      throughput === undefined
        ? 'no time has passed'
        : `${number(throughput)} requests/s over ${durationText(summary.seconds * 1000)}`,
    ],
  ];
  const variants = Object.entries(summary.variants);
  if (variants.length > 0) rows.push(['variants', variants.map(([name, count]) => `${name} ${count}`).join(', ')]);
  if (latency !== undefined) {
    const { mean, p50, p90, p99, max } = latency;
    rows.push([
      'latency',
      `mean ${number(mean)} ms, p50 ${number(p50)}, p90 ${number(p90)}, p99 ${number(p99)}, max ${number(max)}`,
    ]);
  }
  if (accuracy !== undefined)
    rows.push(['accuracy', `${percent(accuracy.right / accuracy.of)} (${accuracy.right} of ${accuracy.of})`]);
  if (meanAbsoluteError !== undefined) rows.push(['mean abs. error', String(Number(meanAbsoluteError.toPrecision(6)))]);
  if (unread > 0) rows.push(['unread', `${unread} answers were in no format shadowctl knows`]);
  io.out(await table(io, ['', ''], rows));
  if (summary.errors.length === 0) return;
  io.out();
  io.out(
    await table(
      io,
      ['refused', 'count', 'first message'],
      summary.errors.map((error) => [error.code, String(error.count), plain(error.sample).slice(0, 300)]),
      { right: [1] },
    ),
  );
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))} %`;
}

function number(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

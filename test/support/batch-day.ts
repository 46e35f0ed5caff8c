import { type BatchDay, newBatchDay } from '../../src/analysis/batch/day.ts';
import { METRICS, type MetricTable } from '../../src/analysis/observations.ts';

const none = Object.fromEntries(METRICS.map((name) => [name, []])) as unknown as MetricTable;

/** A day of a batch in which every row was judged, with what is given instead. */
export function someBatchDay(change: Partial<BatchDay> = {}): BatchDay {
  const from = Date.parse('2026-11-29T00:00:00Z');
  const to = from + 24 * 3_600_000;
  return newBatchDay({
    batch: 'nightly',
    day: '2026-11-29',
    zone: 'UTC',
    from,
    to,
    attempt: 1,
    earlier: [],
    at: to + 3_600_000,
    digest: 'd1',
    objects: 2,
    bytes: 1_000,
    candidate: { model: 'candidate', artifact: 's3://models/c.tar.gz', image: 'repo/image:1' },
    production: { model: 'production' },
    against: 'model',
    rows: { delivered: 10, judged: 10, withoutCounterpart: 0, unreadable: 0, inFailedObject: 0, late: 0 },
    failedObjects: [],
    notes: [],
    jobs: [{ name: 'nightly-c', side: 'candidate', status: 'Completed', instances: 1, instanceType: 'ml.m5.large' }],
    observations: {
      schema: 'shadowctl-observations/1',
      endpoint: 'nightly',
      region: undefined,
      window: { from, to },
      production: { name: 'production' },
      shadow: { name: 'candidate' },
      sampling: undefined,
      metrics: { times: [], production: none, shadow: none },
      predictions: undefined,
      notes: [],
    },
    ...change,
  });
}

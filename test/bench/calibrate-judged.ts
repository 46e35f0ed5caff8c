import { comparePredictions } from '../../src/analysis/compare/memory/compare.ts';
import { readingsOf } from '../../src/analysis/compare/readings.ts';
import { judge } from '../../src/analysis/judge/judge.ts';
import { METRICS } from '../../src/analysis/observations.ts';
import type { MetricTable } from '../../src/analysis/observations.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import type { Capture, Payload } from '../../src/analysis/answers/captures.ts';
import { readTruths } from '../../src/analysis/answers/truth.ts';
import type { Random } from '../support/random.ts';
import { type Ended, policy } from './calibrate-frame.ts';

/**
 * Answers that go the whole way from captures to the verdict, as `report --files` takes them: one look, at the end of a window
 * of 90 minutes with 40 requests each, since a trial takes a second's tenth.
 */

/** One request, what both models say of it, and its label where somebody gave it one. */
export interface Answered {
  production: Payload | string | undefined;
  shadow: Payload | string | undefined | 'not captured';
  truth?: string | undefined;
  /** The caller sent no id. */
  nameless?: true;
  /** Sent again with the same id: what both models say then. */
  again?: { production: string; shadow: string } | undefined;
}

export type World = (random: Random, i: number) => Answered;

const MINUTES = 90;
const RATE = 40;
const NO_METRICS = Object.fromEntries(METRICS.map((name) => [name, []])) as unknown as MetricTable;

export function csv(data: string): Payload {
  return { data, encoding: 'CSV', contentType: 'text/csv' };
}

export function json(value: unknown): Payload {
  return { data: JSON.stringify(value), encoding: 'JSON', contentType: 'application/json' };
}

/** The verdict on the captures of a window. */
export function judged(random: Random, world: World, changed: Partial<Policy> = {}, minutes = MINUTES): Ended {
  const rows = Array.from({ length: minutes * RATE }, (_, i) => world(random, i));
  const side = (who: 'production' | 'shadow') => {
    const captures = rows.flatMap((row, i): Capture[] => {
      const at = Math.floor((i / RATE) * 60) * 1000;
      const one = (said: Payload | string | undefined): Capture => ({
        inferenceId: row.nameless === true ? undefined : `r${i}`,
        eventId: undefined,
        at,
        input: csv(`${i},1`),
        output: typeof said === 'string' ? csv(said) : said,
      });
      const said = row[who];
      if (said === 'not captured') return [];
      return row.again === undefined ? [one(said)] : [one(said), one(row.again[who])];
    });
    return { files: 1, captures, unreadable: 0, outside: 0, examples: [] };
  };
  const labels = rows.flatMap(({ truth }, i) => (truth === undefined ? [] : [`r${i},${truth}`]));
  const text = ['inferenceId,label', ...labels].join('\n');
  const truth = labels.length === 0 ? undefined : readTruths([{ source: 'labels.csv', text, flaws: [] }], undefined);
  const sets = { production: side('production'), shadow: side('shadow') };
  const records = {
    production: { captures: sets.production },
    shadow: { captures: sets.shadow },
    window: { from: 0, to: minutes * 60_000 },
    sampling: 1,
  };
  const options = { sampling: 1, tolerance: undefined, truth };
  // As compareRecords does with few.
  const [first, ...others] = readingsOf(records, {}).map((reading) =>
    comparePredictions(sets.production, sets.shadow, { ...options, reading }),
  );
  const predictions = first && { ...first, alternatives: others };
  const verdict = judge(
    {
      schema: 'shadowctl-observations/1',
      endpoint: 'simulated',
      region: undefined,
      window: { from: 0, to: minutes * 60_000 },
      production: { name: 'production' },
      shadow: { name: 'shadow' },
      sampling: undefined,
      metrics: { times: [], production: NO_METRICS, shadow: NO_METRICS },
      predictions,
      notes: [],
    },
    { ...policy, ...changed },
  );
  return { outcome: verdict?.outcome ?? 'inconclusive', minutes };
}

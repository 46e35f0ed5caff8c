import { comparePredictions } from '../../src/analysis/compare/memory/compare.ts';
import { judge } from '../../src/analysis/judge/judge.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import type { Reference } from '../../src/analysis/answers/reference.ts';
import type { Capture } from '../../src/analysis/answers/captures.ts';
import { observed } from './judge/by-hand.ts';
import { readTruth } from './read-truth.ts';
import { seededRandom } from '../support/random.ts';
import type { Random } from '../support/random.ts';

/** What both models say of a row, and its label where somebody gave it one. */
export interface Row {
  production: string | number;
  shadow: string | number;
  truth: string | number;
  labelled: boolean;
  /** How long after its request the label came, in minutes; where one row says so, all do. */
  after?: number;
}

const MINUTES = 90;
const RATE = 60;

/** The verdict on raw captures of a window, by default of 90 minutes with 60 requests in each. */
export function told(
  row: (random: Random) => Row,
  changed: Partial<Policy> = {},
  minutes = MINUTES,
  rate = RATE,
  reference?: Reference,
) {
  const random = seededRandom(11);
  const rows = Array.from({ length: minutes * rate }, () => row(random));
  const side = (who: 'production' | 'shadow') => {
    const captures = rows.map((one, i): Capture => {
      const payload = (data: string) => ({ data, encoding: 'CSV' as const, contentType: 'text/csv' });
      const at = Math.floor((i / rate) * 60) * 1000;
      return { inferenceId: `r${i}`, eventId: undefined, at, input: payload(`${i},1`), output: payload(`${one[who]}`) };
    });
    return { files: 1, captures, unreadable: 0, outside: 0, examples: [] };
  };
  const timed = rows.some(({ after }) => after !== undefined);
  const cameAt = (i: number, after = 0) => new Date((i / rate + after) * 60_000).toISOString();
  const labels = rows.flatMap(({ truth, labelled, after }, i) =>
    labelled ? [`r${i},${truth}${timed ? `,${cameAt(i, after)}` : ''}`] : [],
  );
  const header = timed ? 'inferenceId,label,labeledAt' : 'inferenceId,label';
  const truth = labels.length === 0 ? undefined : readTruth([header, ...labels].join('\n'), 'labels.csv');
  const predictions = comparePredictions(side('production'), side('shadow'), {
    sampling: 1,
    tolerance: undefined,
    truth,
    prices: changed.costs,
    reference,
    maturity: { age: changed.maturity, now: minutes * 60_000 },
  });
  const verdict = judge(observed({ minutes, predictions }), { ...DEFAULT_POLICY, ...changed });
  const gate = (id: string) => verdict?.gates.find((one) => one.id === id);
  return { gate, truth: predictions.truth, verdict };
}

/** Production is right in 90 % of the rows; the shadow where `also` says so. */
export function pair(random: Random, also: (right: boolean, says: string) => boolean): Omit<Row, 'labelled'> {
  const truth = random.next() < 0.5 ? 'yes' : 'no';
  const other = truth === 'yes' ? 'no' : 'yes';
  const production = random.next() < 0.9 ? truth : other;
  const shadow = also(production === truth, production) ? truth : other;
  return { production, shadow, truth };
}

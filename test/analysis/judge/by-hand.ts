import type { Challenger, Evidence } from '../../../src/analysis/judge/evidence.ts';
import { summarizeBoth } from '../../../src/analysis/judge/summaries.ts';
import type { Gate } from '../../../src/analysis/judge/verdict.ts';
import { METRICS } from '../../../src/analysis/observations.ts';
import type { MetricName, MetricTable, Observations } from '../../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import type { InputSums, NumberSums, PairBlock, Predictions, SideCounts } from '../../../src/analysis/predictions.ts';

/** Evidence written down by hand, without captures: what a gate says of it can be worked out on paper. */

type Column = number | null | ((minute: number) => number | null);

/** One variant for so many minutes; what is not named has no value. */
export function table(minutes: number, columns: Partial<Record<MetricName, Column>>): MetricTable {
  const column = (name: MetricName) => {
    const value = columns[name] ?? null;
    return Array.from({ length: minutes }, (_, i) => (typeof value === 'function' ? value(i) : value));
  };
  return {
    ...(Object.fromEntries(METRICS.map((name) => [name, column(name)])) as Record<MetricName, (number | null)[]>),
  };
}

/** 100 minutes of 60 requests, both variants alike, without captures. */
export function observed(changed: Partial<Observations> & { minutes?: number } = {}): Observations {
  const { minutes = 100, ...rest } = changed;
  const requests = table(minutes, { invocations: 60 });
  return {
    schema: 'shadowctl-observations/1',
    endpoint: 'weather',
    region: undefined,
    window: { from: 0, to: minutes * 60_000 },
    production: { name: 'AllTraffic', model: 'v1' },
    shadow: { name: 'shadow', model: 'v2' },
    sampling: 1,
    metrics: { times: Array.from({ length: minutes }, (_, i) => i * 60_000), production: requests, shadow: requests },
    predictions: undefined,
    notes: [],
    ...rest,
  };
}

export function side(changed: Partial<SideCounts> = {}): SideCounts {
  return {
    files: 1,
    records: 6000,
    unreadable: 0,
    outside: 0,
    withoutAnswer: 0,
    unparsed: 0,
    ambiguous: 0,
    unmatched: 0,
    answers: 6000,
    distinct: 5,
    commonest: { answer: 'sun', share: 0.3 },
    examples: [],
    ...changed,
  };
}

/** Blocks of a minute each. */
export function blocks(minutes: number, of: (minute: number) => Partial<PairBlock>): PairBlock[] {
  return Array.from({ length: minutes }, (_, i) => ({
    at: i * 60_000,
    rows: 60,
    agree: 60,
    d: 0,
    dd: 0,
    abs: 3,
    ...of(i),
  }));
}

/** Pairs that hold one row each, compared minute by minute. */
export function paired(
  list: readonly PairBlock[],
  changed: Partial<Predictions> & { kind?: 'labels' | 'numbers' } = {},
): Predictions {
  const { kind = 'labels', ...rest } = changed;
  const rows = sum(list, (block) => block.rows);
  const agree = sum(list, (block) => block.agree);
  return {
    method: 'inferenceId',
    task: kind === 'labels' ? 'multiclass' : 'regression',
    production: side({ records: rows, answers: rows }),
    shadow: side({ records: rows, answers: rows }),
    pairs: rows,
    coverage: 1,
    rows,
    differentRows: 0,
    blocks: list,
    labels:
      kind === 'labels'
        ? { rows, agree, confusion: { labels: [], counts: [] }, classes: 5, kappa: undefined }
        : undefined,
    numbers: kind === 'numbers' ? numbersOf({ rows, beyond: sum(list, (block) => block.beyond ?? 0) }) : undefined,
    top: [],
    truth: undefined,
    ...rest,
  };
}

export function numbersOf(changed: Partial<NumberSums> = {}): NumberSums {
  const spread = { mean: 5, deviation: 2, min: 0, p10: 1, p50: 5, p90: 9, max: 10 };
  return {
    rows: 6000,
    of: 'value',
    production: spread,
    shadow: spread,
    bias: 0,
    deviation: 1,
    mae: 0.05,
    rmse: 0.1,
    correlation: undefined,
    beyond: 0,
    tolerance: 0.2,
    distances: { ks: 0.01, wasserstein: 0.05, psi: 0.002, jensenShannon: 0.001 },
    histogram: { low: 0, high: 10, production: [1000, 2000, 3000], shadow: [1000, 2000, 3000] },
    scatter: [],
    ...changed,
  };
}

/** Sums over `inputs` inputs of `each` rows; `value(i)` is the value of all rows of input i. */
export function sumsOf(inputs: number, each: number, value: (input: number) => number): InputSums {
  const values = Array.from({ length: inputs }, (_, i) => value(i));
  const total = sum(values, (x) => x);
  const squares = sum(values, (x) => x * x);
  return {
    inputs,
    rows: inputs * each,
    rowsSquared: inputs * each * each,
    sum: total * each,
    sumSquared: squares * each * each,
    cross: total * each * each,
    between: squares * each,
    squares: squares * each,
  };
}

export function repeatsOf(
  inputs: number,
  changed: Partial<NonNullable<Predictions['repeats']>>,
): NonNullable<Predictions['repeats']> {
  const none = { agreement: undefined, beyond: undefined, onlyProduction: undefined, onlyShadow: undefined };
  return { inputs, known: inputs, ...none, loss: undefined, ...changed };
}

export function evidenceOf(
  observations: Observations,
  changed: Partial<Policy> = {},
  { challenger = 'shadow', minutes = 100 }: { challenger?: Challenger; minutes?: number } = {},
): Evidence {
  return {
    challenger,
    observations,
    summaries: summarizeBoth(observations),
    policy: { ...DEFAULT_POLICY, ...changed },
    minutes,
  };
}

/** A gate as text: all that programs and people read of it, numbers with six digits. */
export function written(gate: Gate): string {
  const { history } = gate;
  const step = (one: NonNullable<Gate['history']>[number] | undefined) =>
    one === undefined ? '' : `${one.n}: ${digits(one.estimate)} in [${digits(one.low)}, ${digits(one.high)}]`;
  return [
    `${gate.id}: ${gate.outcome}, ${gate.gating ? 'decides' : 'informs'} (${gate.title})`,
    `  ${gate.unit} ${digits(gate.estimate)} ${gate.relation} ${digits(gate.margin)}, in [${gate.interval?.map(digits).join(', ') ?? ''}], ${gate.n} ${gate.of}`,
    `  ${gate.reason}`,
    ...(gate.needs === undefined ? [] : [`  needs ${gate.needs} ${JSON.stringify(gate.missing ?? null)}`]),
    ...(history === undefined
      ? []
      : [`  ${history.length} steps${history.length > 0 ? `, ${step(history[0])} … ${step(history.at(-1))}` : ''}`]),
  ].join('\n');
}

function digits(value: number | undefined): string {
  return value === undefined ? '-' : String(Number(value.toPrecision(6)));
}

function sum<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((total, one) => total + of(one), 0);
}

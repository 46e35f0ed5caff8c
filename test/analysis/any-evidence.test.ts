import { expect, test } from 'vitest';
import { explainPolicy } from '../../src/analysis/judge/explain/explain.ts';
import { judge } from '../../src/analysis/judge/judge.ts';
import { noiseFloor } from '../../src/analysis/judge/noise-floor.ts';
import { METRICS } from '../../src/analysis/observations.ts';
import type { MetricTable, NoiseFloor, Observations } from '../../src/analysis/observations.ts';
import type { Predictions, Task } from '../../src/analysis/predictions.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import { comparePredictions } from '../../src/analysis/compare/memory/compare.ts';
import type { Capture } from '../../src/analysis/answers/captures.ts';
import { compare } from '../../src/analysis/judge/verdict.ts';
import type { Gate } from '../../src/analysis/judge/verdict.ts';
import { isWhole } from '../support/sizes.ts';
import { seededRandom } from '../support/random.ts';
import type { Random } from '../support/random.ts';
import { START } from './simulated.ts';
import { readTruth } from './read-truth.ts';

/*
 * Whatever is seen, the judge says something sensible: no evidence, one row, one label, all equal, gaps, zeros, numbers
 * as large or small as they come, production without any error, any policy.
 */

/** `npm run matrix` plays all of them, `npm test` the first. */
const SEEDS = isWhole('matrix') ? 160 : 20;
/** What no sentence may hold. */
const STRAY = /NaN|Infinity|undefined|null|\[object|∞/;

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random.next() * values.length)] as Value;
}

function metrics(random: Random, minutes: number): MetricTable {
  const rate = pick(random, [0, 1, 5, 60, 100_000]);
  const failing = pick(random, [0, 0, 0.01, 0.5, 1]);
  const gaps = pick(random, [0, 0, 0.1, 0.9]);
  const latency = pick(random, [0, 1e-9, 2, 2, 2, 1e9]);
  const noise = pick(random, [0, 0.05, 0.05, 3]);
  const row = () => {
    const n = random.next() < gaps ? null : rate;
    const failed = n === null ? null : Math.round(n * failing * (0.5 + random.next()));
    const values = METRICS.map((name) => {
      if (name === 'invocations') return n;
      if (name === 'modelErrors' || name === 'errors5xx') return failed;
      if (name === 'errors4xx') return n === null ? null : 0;
      return n === null || n === 0 ? null : latency * Math.exp(noise * random.normal());
    });
    return new Map(METRICS.map((name, i) => [name, values[i] ?? null]));
  };
  const rows = Array.from({ length: minutes }, row);
  const columns = METRICS.map((name) => [name, rows.map((one) => one.get(name) ?? null)] as const);
  return Object.fromEntries(columns) as unknown as MetricTable;
}

/** What a model may answer, each kind on its own. */
function answer(random: Random, kind: string, common: number): string {
  const noisy = common + pick(random, [0, 0, 1e-3, 1]) * random.normal();
  switch (kind) {
    case 'constant':
      return '1';
    case 'tiny':
      return String(noisy * 1e-300);
    case 'huge':
      return String(noisy * 1e300);
    case 'contrary':
      return String(-common);
    case 'label':
      return JSON.stringify({ predicted_label: common > 0 ? 'yes' : random.next() < 0.1 ? 'yes' : 'no' });
    case 'scores':
      return JSON.stringify({ predictions: [{ score: [0.2, 0.8], predicted_label: random.next() < 0.9 ? 1 : 0 }] });
    case 'json':
      return JSON.stringify({ id: random.next(), value: noisy, ok: common > 0 });
    case 'rubbish':
      return pick(random, ['', 'NaN', 'Infinity', '{"a":', 'null', '[]', '1e999', '<html>', '\u0000']);
    default:
      return String(noisy);
  }
}

function predictions(random: Random): Predictions {
  const n = pick(random, [0, 1, 2, 30, 299, 301, 700, 700, 700, 700, 700, 700]);
  const kinds = pick(random, [
    ['number', 'number'],
    ['number', 'contrary'],
    ['number', 'contrary'],
    ['label', 'label'],
    ['label', 'label'],
    ['label', 'label'],
    ['scores', 'scores'],
    ['json', 'json'],
    ['constant', 'constant'],
    ['tiny', 'tiny'],
    ['huge', 'huge'],
    ['number', 'constant'],
    ['number', 'label'],
    ['number', 'rubbish'],
    ['rubbish', 'rubbish'],
  ] as const);
  const inputs = pick(random, [1, 5, 400, 1e9, 1e9, 1e9]);
  const lost = pick(random, [0, 0, 0, 0.05, 0.5]);
  const rate = pick(random, [1, 2, 10, 1000]);
  const lines: string[] = [];
  const sides: [Capture[], Capture[]] = [[], []];
  for (let i = 0; i < n; i += 1) {
    const input = i % inputs;
    // A repeated input has the same common part.
    const common = Math.sin(input * 12.9898) * 3;
    const at = START + Math.floor(i / rate) * 60_000;
    for (const [side, kind] of kinds.entries()) {
      if (random.next() < lost) continue;
      sides[side]?.push({
        ...{ inferenceId: `request-${i}`, eventId: undefined, at },
        input: { data: `${input},${input % 3 === 0 ? 'a' : 'b'}`, encoding: 'CSV', contentType: 'text/csv' },
        output: { data: answer(random, kind, common), encoding: 'JSON', contentType: 'application/json' },
      });
    }
    const label = kinds[0] === 'label' ? (common > 0 ? 'yes' : 'no') : common;
    if (random.next() < 0.7) lines.push(JSON.stringify({ inferenceId: `request-${i}`, label }));
  }
  const set = (captures: Capture[]) => ({ files: 1, captures, unreadable: 0, outside: 0, examples: [] });
  const truth = random.next() < 0.5 && lines.length > 0 ? readTruth(lines.join('\n'), 'labels') : undefined;
  const task = pick<Task | undefined>(random, [undefined, undefined, undefined, 'regression', 'multiclass', 'json']);
  return comparePredictions(set(sides[0]), set(sides[1]), {
    sampling: pick(random, [1, 1, 0.1]),
    tolerance: pick(random, [undefined, undefined, 0, 1]),
    task,
    truth,
  });
}

function policyOf(random: Random): Policy {
  const margin = () => pick(random, [1e-6, 0.02, 0.1, 1, 100]);
  const share = () => pick(random, [0, 0.01, 0.5, 0.9, 1]);
  const strange = random.next() < 0.5;
  return {
    ...DEFAULT_POLICY,
    looks: pick(random, ['always', 'once']),
    expect: pick(random, [undefined, { kind: 'same' }, { kind: 'same' }]),
    alpha: pick(random, [0.05, 0.05, 0.001, 0.4]),
    distances: { ks: margin(), wasserstein: margin(), psi: margin(), jensenShannon: margin() },
    slices: pick(random, [undefined, share()]),
    decide: pick(random, [[], ['effect']]),
    blockMinutes: pick(random, [1, 1, 10]),
    minimumBlocks: pick(random, [2, 8]),
    ...(strange
      ? { agreement: share(), numbers: { tolerance: undefined, share: share() }, errors: share(), truth: margin() }
      : {}),
    tasks: {},
  };
}

function observed(random: Random): Observations {
  const minutes = pick(random, [0, 1, 5, 100, 200]);
  const times = Array.from({ length: minutes }, (_, i) => START + i * 60_000);
  const seen: Observations = {
    schema: 'shadowctl-observations/1',
    endpoint: 'weather',
    region: 'us-east-1',
    window: { from: START, to: START + minutes * 60_000 },
    production: { name: 'AllTraffic', model: 'm1' },
    shadow: { name: 'shadow', model: 'm2' },
    sampling: pick(random, [undefined, 1, 0.1]),
    metrics: {
      times,
      production: metrics(random, minutes),
      shadow: pick(random, [undefined, metrics(random, minutes)]),
      before: pick(random, [undefined, { times, production: metrics(random, minutes) }]),
    },
    predictions: random.next() < 1 / 3 ? undefined : predictions(random),
    notes: [],
  };
  return { ...seen, noise: random.next() < 0.5 ? undefined : floorOf(random, seen) };
}

function floorOf(random: Random, seen: Observations): NoiseFloor | undefined {
  return noiseFloor({ ...seen, predictions: predictions(random) });
}

/** Gates whose outcome is that of their interval against their margin. */
function bounded(gate: Gate): boolean {
  return gate.interval !== undefined && gate.relation !== '=' && !gate.id.startsWith('output.');
}

function check(gate: Gate): void {
  const { estimate, interval, margin, outcome, needs } = gate;
  const texts = [gate.title, gate.reason, needs ?? 'nothing'];
  // What a model said itself stands in the sentences about its answers.
  const own = (text: string) =>
    gate.id.startsWith('output.') ? text.replace(/for example: .*|like .*|'.*?'/g, '') : text;
  for (const text of texts.map(own)) expect(text).not.toMatch(STRAY);
  expect(gate.reason).toMatch(/\.$/);
  expect(needs ?? '').not.toMatch(/^[01] more \w+s\b/);
  for (const value of [estimate, margin, ...(interval ?? [])])
    if (value !== undefined) expect(Number.isFinite(value), `${gate.id}: ${value}`).toBe(true);
  expect(gate.n).toBeGreaterThanOrEqual(0);
  if (interval !== undefined) expect(interval[0]).toBeLessThanOrEqual(interval[1]);
  if (interval !== undefined && estimate !== undefined) {
    const slack = 1e-9 * Math.max(1, Math.abs(estimate));
    expect(estimate).toBeGreaterThanOrEqual(interval[0] - slack);
    expect(estimate).toBeLessThanOrEqual(interval[1] + slack);
  }
  for (const step of gate.history ?? [])
    for (const value of Object.values(step)) expect(Number.isFinite(value), `${gate.id} history`).toBe(true);
  expect(needs === undefined, `${gate.id} ${outcome} needs ${needs}`).toBe(outcome !== 'inconclusive');
  if (bounded(gate) && outcome !== 'inconclusive')
    expect(compare(interval, margin ?? Number.NaN, gate.relation === '<'), gate.reason).toBe(outcome);
  // To pass without bounds is for questions that have none.
  if (interval === undefined && outcome === 'pass')
    expect(gate.id).toMatch(/^(output|traffic|labels\.classes|slices\.apart|truth\.slices)/);
}

test(`${SEEDS} endpoints of any kind: finite numbers, whole sentences, outcomes that are those of their bounds`, () => {
  const outcomes: Record<string, number> = {};
  const wrong: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = seededRandom(seed);
    const observations = observed(random);
    const verdict = judge(observations, policyOf(random));
    expect((verdict?.summary ?? '').replace(/for example: .*|like .*|'.*?'/g, '')).not.toMatch(STRAY);
    const deciding = (verdict?.gates ?? []).filter((gate) => gate.gating);
    const holds = deciding.length > 0 && deciding.every((gate) => gate.outcome === 'pass');
    expect(verdict?.outcome === 'pass', `seed ${seed}`).toBe(holds);
    for (const gate of verdict?.gates ?? []) {
      try {
        check(gate);
      } catch (error) {
        const what = (error as Error).message.split('\n')[0] ?? '';
        wrong.push(`seed ${seed}: ${gate.id}: ${gate.reason} ${JSON.stringify(gate.interval)}: ${what}`);
      }
      const key = `${gate.id.split('.')[0]} ${gate.outcome}`;
      outcomes[key] = (outcomes[key] ?? 0) + 1;
    }
  }
  expect(wrong).toEqual([]);
  // The draw reaches every kind of answer; else this would prove little.
  // The sample is too small to see every outcome of every kind.
  if (!isWhole('matrix')) return;
  for (const kind of ['errors', 'latency', 'labels', 'numbers', 'distance', 'truth', 'slices', 'effect'])
    for (const outcome of ['pass', 'fail', 'inconclusive'])
      expect(outcomes[`${kind} ${outcome}`] ?? 0, `${kind} ${outcome}`).toBeGreaterThan(0);
}, 60_000);

test('any policy is explained in whole sentences', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    for (const { demand, traffic } of explainPolicy(policyOf(seededRandom(seed))))
      expect(`${demand} ${traffic}`).not.toMatch(STRAY);
  }
});

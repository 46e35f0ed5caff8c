import type { MetricTable, Observations } from '../../src/analysis/observations.ts';
import type { Predictions } from '../../src/analysis/predictions.ts';
import { METRICS } from '../../src/analysis/observations.ts';
import type { Capture } from '../../src/analysis/answers/captures.ts';
import { comparePredictions } from '../../src/analysis/compare/memory/compare.ts';
import type { MemoryOptions } from '../../src/analysis/compare/memory/compare.ts';
import { seededRandom } from '../support/random.ts';

export const START = Date.UTC(2026, 0, 5, 9);
const MINUTE_MS = 60_000;

export interface Simulation {
  minutes: number;
  /** Requests a minute. */
  rate: number;
  /** The shadow's latency divided by production's. */
  slower: number;
  /** Chance that a request fails, per variant. */
  failing: { production: number; shadow: number };
  /** Chance that the shadow's label differs. */
  differing: number;
  seed: number;
  captured: boolean;
  options: Partial<MemoryOptions>;
}

/** By the plan as JSON: most tests ask for the same few, and each takes a quarter of a second. */
const simulated = new Map<string, Observations>();

/**
 * Observations as an endpoint of two equal classifiers would leave them, but for what `changed` says. They are frozen:
 * who asks for the same gets the same.
 */
export function simulate(changed: Partial<Simulation> = {}): Observations {
  // A truth is a function of rows, which JSON does not tell from another.
  if (changed.options !== undefined) return simulateAnew(changed);
  const key = JSON.stringify(Object.entries(changed).toSorted());
  const found = simulated.get(key) ?? frozen(simulateAnew(changed));
  simulated.set(key, found);
  return found;
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}

function simulateAnew(changed: Partial<Simulation>): Observations {
  const plan: Simulation = {
    minutes: 100,
    rate: 60,
    slower: 1,
    failing: { production: 0, shadow: 0 },
    differing: 0,
    seed: 1,
    captured: true,
    options: {},
    ...changed,
  };
  const random = seededRandom(plan.seed);
  const times = Array.from({ length: plan.minutes }, (_, i) => START + i * MINUTE_MS);
  const shared = times.map(() => random.normal() * 0.05);
  const table = (factor: number, failing: number): MetricTable => {
    const columns = Object.fromEntries(METRICS.map((name) => [name, [] as (number | null)[]]));
    for (const [i] of times.entries()) {
      let failed = 0;
      for (let request = 0; request < plan.rate; request += 1) if (random.next() < failing) failed += 1;
      const latency = (statistic: number, noise: number) =>
        2 * statistic * factor * Math.exp((shared[i] ?? 0) + random.normal() * noise);
      const row: Record<string, number> = {
        invocations: plan.rate,
        errors4xx: 0,
        errors5xx: failed,
        modelErrors: failed,
        latencyMean: latency(1, 0.02),
        latencyP50: latency(0.95, 0.02),
        latencyP90: latency(1.4, 0.04),
        latencyP99: latency(2, 0.08),
        overheadMean: 1.1,
        overheadP50: 1,
        overheadP90: 1.5,
        overheadP99: 2,
        cpu: 20 * factor,
        memory: 31,
      };
      for (const name of METRICS) columns[name]?.push(row[name] ?? null);
    }
    return columns as unknown as MetricTable;
  };
  return {
    schema: 'shadowctl-observations/1',
    endpoint: 'weather',
    region: 'us-east-1',
    window: { from: START, to: START + plan.minutes * MINUTE_MS },
    production: { name: 'AllTraffic', model: 'weather-v1', instanceType: 'ml.m5.large', instances: 3 },
    shadow: { name: 'shadow', model: 'weather-v2', instanceType: 'ml.m5.large', instances: 1 },
    sampling: 1,
    metrics: { times, production: table(1, plan.failing.production), shadow: table(plan.slower, plan.failing.shadow) },
    predictions: plan.captured ? predictions(plan) : undefined,
    notes: [],
  };
}

const CLASSES = ['drizzle', 'fog', 'rain', 'snow', 'sun'];

function predictions(plan: Simulation): Predictions {
  const random = seededRandom(plan.seed + 1);
  const ours: Capture[] = [];
  const theirs: Capture[] = [];
  for (let i = 0; i < plan.minutes * plan.rate; i += 1) {
    const at = START + Math.floor((i / plan.rate) * 60) * 1000;
    const label = Math.floor(random.next() * 5);
    const other = random.next() < plan.differing ? (label + 1) % 5 : label;
    const half = (name: number, score: number) => ({
      data: `{"predictions": [{"score": ${JSON.stringify(CLASSES.map((_, c) => (c === name ? score : (1 - score) / 4)))}, "predicted_label": ${name}}]}`,
      encoding: 'JSON' as const,
      contentType: 'application/json',
    });
    const input = { data: `${i},${label}`, encoding: 'CSV' as const, contentType: 'text/csv' };
    const score = 0.5 + random.next() / 2;
    ours.push({ inferenceId: `request-${i}`, eventId: undefined, at, input, output: half(label, score) });
    if (random.next() < plan.failing.shadow) continue;
    theirs.push({
      inferenceId: `request-${i}`,
      eventId: undefined,
      at,
      input,
      output: half(other, score - 0.01 * random.next()),
    });
  }
  const set = (captures: Capture[]) => ({ files: 3, captures, unreadable: 0, outside: 0, examples: [] });
  return comparePredictions(set(ours), set(theirs), { sampling: 1, tolerance: undefined, ...plan.options });
}

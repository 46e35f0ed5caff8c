import { expect, test } from 'vitest';
import { judge } from '../../../src/analysis/judge/judge.ts';
import type { MetricTable, Observations } from '../../../src/analysis/observations.ts';
import { readPolicy } from '../../../src/analysis/policy/schema.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';
import { nextMove, type Seen } from '../../../src/lifecycle/release/machine.ts';
import type { RecordedFact } from '../../../src/state/facts.ts';
import { releasesOf } from '../../../src/state/releases.ts';
import { type Simulation, simulate, START } from '../../analysis/simulated.ts';
import { isWhole } from '../../support/sizes.ts';

/*
 * Releases that approve a pass by themselves (`approve: auto`), of candidates that are worse than the policy permits: the real
 * machine, the real judge, and a look every ten minutes at requests that are simulated. None may become production.
 */

const MINUTE = 60_000;
const BOX = 180;
const EVERY = 10;
/** Requests a minute. */
const RATE = 40;

/** Errors and latency decide; of answers nothing is known here. */
const POLICY = readPolicy({ inform: ['labels', 'numbers'], blockMinutes: 2, minimumBlocks: 10 }, 'a test');

const TERMS = {
  timeBox: BOX * MINUTE,
  sampling: [1],
  approve: 'auto',
  approvers: [],
  author: 'allowed',
  answer: MINUTE,
  unanswered: 'keep',
  settle: MINUTE,
  fallback: 'none',
};

/** The first minutes of what was observed. */
function firstMinutes(seen: Observations, minutes: number): Observations {
  const cut = (table: MetricTable) =>
    Object.fromEntries(
      Object.entries(table).map(([name, column]) => [name, column.slice(0, minutes)]),
    ) as unknown as MetricTable;
  const { times, production, shadow } = seen.metrics;
  return {
    ...seen,
    window: { from: START, to: START + minutes * MINUTE },
    metrics: {
      times: times.slice(0, minutes),
      production: cut(production),
      shadow: shadow === undefined ? undefined : cut(shadow),
    },
  };
}

function releaseOf(seen: Observations, policy: Policy): 'promoted' | 'kept' {
  const facts: RecordedFact[] = [];
  const write = (name: string, value: object) =>
    facts.push({ name, value: { release: 'r', ...value }, run: 'run', at: '' } as unknown as RecordedFact);
  write('release-begun', { source: { kind: 'artifact', name: 's3://b/k' }, from: 'hand', terms: TERMS, at: START });
  write('release-attaching', { step: 0, sample: 1, model: 'm', config: 's', at: START });
  write('release-gathering', { step: 0, at: START });
  for (let minutes = EVERY; minutes <= BOX; minutes += EVERY) {
    const now = START + minutes * MINUTE;
    const verdict = judge(firstMinutes(seen, minutes), policy, 'shadow', now);
    if (verdict === undefined) throw new Error('there is a shadow');
    const { outcome, summary } = verdict;
    const errors = verdict.gates.find(({ id }) => id === 'errors')?.outcome ?? 'inconclusive';
    const look: Seen = {
      now,
      quiet: false,
      endpoint: { kind: 'settled', config: 's' },
      accepted: true,
      own: true,
      changedBy: undefined,
      busy: undefined,
      uncopied: false,
      evidence: { outcome, passes: outcome === 'pass', errors, summary, reasons: [], open: [] },
      ending: undefined,
    };
    for (;;) {
      const release = releasesOf({ facts }).at(-1);
      if (release === undefined) throw new Error('it has begun');
      const move = nextMove(release, look);
      if (move.kind === 'promote') return 'promoted';
      if (move.kind === 'detach') return 'kept';
      if (move.kind === 'ask')
        write('release-asked', {
          ask: release.asks.length + 1,
          about: move.about,
          outcome,
          summary,
          reasons: [],
          at: now,
        });
      else if (move.kind === 'approve')
        write('release-answered', { ask: 1, answer: 'approve', by: 'auto', how: 'auto', at: now });
      else break;
    }
  }
  // Nothing was proven in time, and nobody says that it shall become production all the same.
  return 'kept';
}

function promotedOf(count: number, changed: Partial<Simulation>): number {
  let promoted = 0;
  for (let seed = 1; seed <= count; seed += 1) {
    const seen = simulate({ minutes: BOX, rate: RATE, captured: false, options: {}, ...changed, seed });
    if (releaseOf(seen, POLICY) === 'promoted') promoted += 1;
  }
  return promoted;
}

const COUNT = isWhole('matrix') ? 1_000 : 12;

test.each([
  ['fail more requests', { failing: { production: 0.01, shadow: 0.01 + 1.5 * POLICY.errors } }],
  ['answer more slowly', { slower: 1 + 1.5 * POLICY.latency.p99 }],
] as const)('of candidates that %s than permitted, none becomes production', { timeout: 900_000 }, (_, changed) => {
  expect(promotedOf(COUNT, changed)).toBe(0);
});

test('and of equal ones most do, so that the figure says something', { timeout: 300_000 }, () => {
  const count = isWhole('matrix') ? 200 : 12;
  expect(promotedOf(count, { failing: { production: 0.001, shadow: 0.001 } })).toBeGreaterThan(count / 2);
});

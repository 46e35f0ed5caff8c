import { expect, test } from 'vitest';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { summarizeBoth } from '../../../src/analysis/judge/summaries.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { SideCounts } from '../../../src/analysis/predictions.ts';
import { renderTerminal } from '../../../src/report/terminal/terminal.ts';
import { simulate, START } from '../simulated.ts';

const simulated = simulate();

function withLost(side: 'production' | 'shadow', lost: Partial<SideCounts>) {
  const { predictions } = simulated;
  if (predictions === undefined) throw new Error('the simulation has predictions');
  return { ...simulated, predictions: { ...predictions, [side]: { ...predictions[side], ...lost } } };
}

const records = simulated.predictions?.production.records ?? 0;
const gate = (observations: typeof simulated) =>
  judge(observations, DEFAULT_POLICY)?.gates.find(({ id }) => id === 'labels.agreement' || id === 'numbers.tolerance');

test('more captures that cannot be read than the policy allows decide nothing, on either side', () => {
  expect(gate(simulated)?.outcome).toBe('pass');
  const some = { unreadable: Math.ceil(records * 0.02), unreadableBy: [{ why: 'not JSON', count: 3 }] };
  for (const side of ['production', 'shadow'] as const) {
    const found = gate(withLost(side, some));
    expect(found).toMatchObject({ outcome: 'inconclusive', needs: 'captures that can be read' });
    expect(found?.reason).toContain('cannot be read (3: not JSON)');
    expect(judge(withLost(side, some), DEFAULT_POLICY)?.outcome).not.toBe('pass');
  }
  expect(gate(withLost('production', { unreadable: 1 }))?.outcome).toBe('pass');
  expect(gate(withLost('production', { unparsed: Math.ceil(records * 0.02) }))?.outcome).toBe('inconclusive');
});

test('what could not be read stands before the verdict, by reason', async () => {
  const observations = withLost('production', {
    unreadable: 3,
    unreadableBy: [
      { why: 'not JSON', count: 2 },
      { why: 'torn gzip', count: 1 },
    ],
    unparsed: 1,
  });
  const text = await renderTerminal(
    {
      schema: 'shadowctl-report/1',
      created: START + 3_600_000,
      observations,
      summaries: summarizeBoth(observations),
      policy: DEFAULT_POLICY,
      policyFrom: 'here',
      verdict: judge(observations, DEFAULT_POLICY),
    },
    { columns: 200, color: false },
  );
  const verdict = text.indexOf('Verdict: ');
  for (const words of [
    'capture lines, 3 could not be read (2: not JSON; 1: torn gzip), and are in none of the numbers.',
    'answers, 1 could not be read as predictions, and these are not compared.',
  ]) {
    expect(text.indexOf(words)).toBeGreaterThan(0);
    expect(text.indexOf(words)).toBeLessThan(verdict);
  }
});

import { expect, test } from 'vitest';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { judgementOf } from '../../../src/lifecycle/judge.ts';
import { redactedVerdict } from '../../../src/lifecycle/release/redacted-verdict.ts';
import type { Report } from '../../../src/report/report.ts';
import { blocks, observed, paired, side } from '../../analysis/judge/by-hand.ts';

const SECRET = 'Jane Doe, 1 Main Street';

/** A report whose shadow gave answers that nobody can read; one of them is an example. */
function unreadable(): Report {
  const predictions = paired(
    blocks(100, () => ({ agree: 60 })),
    {
      production: side({ records: 6000, answers: 6000 }),
      shadow: side({ records: 6000, answers: 4000, unparsed: 2000, examples: [SECRET] }),
    },
  );
  const observations = observed({ predictions });
  return {
    schema: 'shadowctl-report/1',
    created: 0,
    observations,
    summaries: {},
    policy: DEFAULT_POLICY,
    policyFrom: 'a test',
    verdict: judge(observations, DEFAULT_POLICY, 'shadow', 0),
  } as unknown as Report;
}

test('mails and pages tell the same verdict without what was answered; all of it only where the settings want that', () => {
  const report = unreadable();
  const judgement = judgementOf(report);
  expect(judgement).toMatchObject({ outcome: 'fail' });
  expect(JSON.stringify(judgement)).toContain(SECRET);
  const told = redactedVerdict(report, judgement, false);
  expect(JSON.stringify(told)).not.toContain(SECRET);
  expect(told.judgement).toMatchObject({ outcome: 'fail', accepted: judgement.accepted });
  expect(told.judgement.reasons).toHaveLength(judgement.reasons.length);
  expect(told.gates.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(
    report.verdict?.gates.map(({ id, outcome }) => `${id} ${outcome}`),
  );
  expect(JSON.stringify(redactedVerdict(report, judgement, true))).toContain(SECRET);
});

test('where what is left out would have decided, only the outcomes are told', () => {
  const report = unreadable();
  const [first, ...others] = report.verdict?.gates ?? [];
  if (first === undefined || report.verdict === undefined) throw new Error('nothing was judged');
  // As if a gate had rested on it.
  const changed = { ...first, outcome: first.outcome === 'pass' ? 'fail' : 'pass' } as typeof first;
  const verdict = { ...report.verdict, gates: [changed, ...others] };
  const whole = { ...report, verdict };
  const told = redactedVerdict(whole, judgementOf(whole), false);
  expect(JSON.stringify(told)).not.toContain(SECRET);
  expect(told.judgement).toMatchObject({ outcome: 'fail', summary: 'The verdict is fail.' });
  expect(told.gates[0]).toMatchObject({ outcome: changed.outcome });
});

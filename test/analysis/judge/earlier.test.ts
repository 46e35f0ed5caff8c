import { expect, test } from 'vitest';
import { type AskedBy, earlierFailures, type JudgedRecord, judgedNow } from '../../../src/analysis/judge/earlier.ts';
import type { Gate, Outcome } from '../../../src/analysis/judge/verdict.ts';

const gate = (id: string, outcome: Outcome, more: Partial<Gate> = {}): Gate => ({
  ...{ id, title: id, outcome, gating: true, unit: 'share', estimate: undefined, interval: undefined },
  ...{ margin: undefined, relation: '<', n: 0, of: 'rows', reason: `${id} ${outcome}`, needs: undefined },
  ...{ missing: undefined, ...more },
});
const LABELS: AskedBy = { labels: 'all.csv:rent' };
const record = (failed: string[], more: Partial<JudgedRecord> = {}): JudgedRecord => ({
  ...{ at: '2026-01-05T09:00:00.000Z', by: 'ann@vm', command: 'promote', asked: LABELS, passed: [] },
  failed: failed.map((one) => ({ gate: one, reason: 'why' })),
  ...more,
});
const whys = (records: JudgedRecord[], gates: Gate[], asked: AskedBy = {}) =>
  earlierFailures(records, { gates }, asked).map((one) => `${one.gate} ${one.why}`);

const waived = { gating: false, waived: { gate: 'truth.error', reason: 'r' } };

test.each([
  ['not asked', [record(['truth.error'])], [gate('errors', 'pass')], {}, ['truth.error unasked']],
  ['asked again, and passes', [record(['truth.error'])], [gate('truth.error', 'pass')], LABELS, []],
  ['asked again, and fails: that is the verdict', [record(['truth.error'])], [gate('truth.error', 'fail')], LABELS, []],
  [
    'asked again by a gate that informs',
    [record(['truth.error'])],
    [gate('truth.error', 'fail', { gating: false })],
    LABELS,
    ['truth.error informs'],
  ],
  ['waived', [record(['truth.error'])], [gate('truth.error', 'fail', waived)], LABELS, []],
  [
    'it passed since',
    [record(['truth.error']), record([], { passed: ['truth.error'] })],
    [gate('errors', 'pass')],
    {},
    [],
  ],
  [
    'it failed again since',
    [record(['truth.error']), record([], { passed: ['truth.error'] }), record(['truth.error'])],
    [],
    {},
    ['truth.error unasked'],
  ],
  [
    'a policy was left out',
    [record(['errors'], { asked: { policy: 'p.yaml' } })],
    [gate('errors', 'pass')],
    {},
    ['errors policy'],
  ],
  [
    'another policy was given',
    [record(['errors'], { asked: { policy: 'p.yaml' } })],
    [gate('errors', 'pass')],
    { policy: 'q.yaml' },
    [],
  ],
  [
    'a policy that a report tried',
    [record(['errors'], { command: 'report', asked: { policy: 'p.yaml' } })],
    [gate('errors', 'pass')],
    {},
    [],
  ],
  [
    'an expectation was left out',
    [record(['truth.error'], { asked: { ...LABELS, expect: 'better' } })],
    [gate('truth.error', 'pass')],
    LABELS,
    ['truth.error expect'],
  ],
] as const)('%s', (_, records, gates, asked, expected) => {
  expect(whys([...records], [...gates], asked)).toEqual(expected);
});

test('the same is written down once, more flags or another gate anew, and that a gate passes', () => {
  const gates = [gate('truth.error', 'fail'), gate('errors', 'pass'), gate('slices', 'fail', { gating: false })];
  expect(judgedNow([], { gates: [gate('errors', 'pass')] }, {})).toBeUndefined();
  const now = { failed: [{ gate: 'truth.error', reason: 'truth.error fail' }], passed: [] };
  expect(judgedNow([], { gates }, LABELS)).toEqual(now);
  expect(judgedNow([record(['truth.error'])], { gates }, LABELS)).toBeUndefined();
  expect(judgedNow([record(['truth.error'])], { gates }, { ...LABELS, expect: 'better' })).toEqual(now);
  expect(judgedNow([record(['truth.error', 'errors'])], { gates }, LABELS)).toMatchObject({ passed: ['errors'] });
  // Open is no pass, and nor is what was not asked.
  const open = [gate('truth.error', 'inconclusive')];
  expect(judgedNow([record(['truth.error', 'errors'])], { gates: open }, LABELS)).toBeUndefined();
});

import { describe, expect, test } from 'vitest';
import { type Evidence, type Move, nextMove, type Seen } from '../../../src/lifecycle/release/machine.ts';
import type { Release, ReleaseAsk, ReleaseTerms } from '../../../src/state/releases.ts';

const DAY = 86_400_000;
const NOW = 10 * DAY;
const TERMS: ReleaseTerms = {
  timeBox: 3 * DAY,
  sampling: [0.1, 1],
  approve: 'ask',
  approvers: [],
  author: 'allowed',
  answer: 2 * DAY,
  unanswered: 'keep',
  fallback: 'none',
};
const ASK: ReleaseAsk = { release: 'r', ask: 1, about: 'pass', outcome: 'pass', summary: '', reasons: [], at: NOW - 1 };

function release(at: Release['at'], more: Partial<Release> = {}, terms: Partial<ReleaseTerms> = {}): Release {
  const own = at === 'begun' ? {} : { config: 's2', shadows: ['s1', 's2'], step: 1, firstRan: NOW - DAY, model: 'm' };
  return {
    id: 'r',
    begun: {
      release: 'r',
      source: { kind: 'artifact', name: 's3://b/k' },
      from: 'hand',
      terms: { ...TERMS, ...terms },
      at: NOW - DAY,
    },
    run: 'run',
    at,
    since: NOW - DAY,
    uri: undefined,
    step: 0,
    model: undefined,
    config: undefined,
    production: undefined,
    failedDays: [],
    shadows: [],
    firstRan: undefined,
    asks: [],
    ask: undefined,
    answer: undefined,
    turns: [],
    links: [],
    beside: true,
    leaving: undefined,
    until: undefined,
    notified: [],
    trouble: undefined,
    ended: undefined,
    ...own,
    ...more,
  };
}

/** One by a batch, beside v1. */
function batch(at: Release['at'], more: Partial<Release> = {}): Release {
  const own = at === 'begun' ? {} : { config: 'v1', production: 'v1', shadows: [], step: 0 };
  return release(at, { ...own, ...more }, { evidence: 'batch', sampling: [1] });
}

function seen(more: Partial<Seen> = {}, runs = 's2'): Seen {
  return {
    now: NOW,
    quiet: false,
    endpoint: { kind: 'settled', config: runs },
    accepted: true,
    own: true,
    changedBy: undefined,
    busy: undefined,
    uncopied: false,
    evidence: undefined,
    ending: undefined,
    ...more,
  };
}

const evidence = (outcome: Evidence['outcome'], errors: Evidence['errors'] = 'pass'): Partial<Seen> => ({
  evidence: { outcome, passes: outcome === 'pass', errors, summary: outcome, reasons: [], open: [] },
});
const no = (answer: 'reject' | 'cancel'): Partial<Release> => ({
  answer: { release: 'r', ask: 1, answer, by: 'ann', how: 'command', at: NOW },
});
const asked = (more: Partial<ReleaseAsk> = {}): Partial<Release> => ({ ask: { ...ASK, ...more }, asks: [ASK] });
const UNDO = { command: 'undo', by: 'ann@host' };
const promoting: Partial<Release> = { config: 'v2', ...asked() };

const CASES: readonly [string, Release, Seen, Partial<Move>][] = [
  ['begun', release('begun'), seen({}, 'v1'), { kind: 'attach', step: 0, again: false }],
  ['begun, an artifact that may change', release('begun'), seen({ uncopied: true }, 'v1'), { kind: 'copy' }],
  ['begun, quiet', release('begun'), seen({ quiet: true }, 'v1'), { kind: 'wait', for: 'quiet-hours' }],
  ['begun, busy', release('begun'), seen({ busy: 'x' }, 'v1'), { kind: 'wait', for: 'somebody-else', words: 'x' }],
  ['begun, cancelled', release('begun', no('cancel')), seen({}, 'v1'), { kind: 'end', outcome: 'cancelled' }],
  [
    'begun, busy too long',
    release('begun'),
    seen({ busy: 'x', now: NOW + 3 * DAY }, 'v1'),
    { kind: 'end', outcome: 'expired' },
  ],
  ['attaching, runs', release('attaching'), seen(), { kind: 'gather' }],
  [
    'attaching, AWS never heard',
    release('attaching'),
    seen({ accepted: false }, 's1'),
    { kind: 'attach', again: true },
  ],
  [
    'attaching, did not start',
    release('attaching', { step: 0, shadows: ['s2'] }),
    seen({}, 'v1'),
    { kind: 'end', outcome: 'did-not-start' },
  ],
  [
    'attaching the second share, did not start',
    release('attaching'),
    seen({}, 's1'),
    { kind: 'detach', why: 'did-not-start' },
  ],
  ['attaching the second share, changed', release('attaching'), seen({}, 'x'), { kind: 'end', outcome: 'overtaken' }],
  ['gathering', release('gathering'), seen(), { kind: 'judge' }],
  ['gathering, cancelled', release('gathering', no('cancel')), seen(), { kind: 'detach', why: 'cancelled' }],
  ['gathering, fail', release('gathering'), seen(evidence('fail')), { kind: 'detach', why: 'failed' }],
  ['gathering, open', release('gathering'), seen(evidence('inconclusive')), { kind: 'wait', for: 'evidence' }],
  ['gathering, pass', release('gathering'), seen(evidence('pass')), { kind: 'ask', about: 'pass' }],
  [
    'gathering, first share, errors pass',
    release('gathering', { step: 0 }),
    seen(evidence('inconclusive')),
    { kind: 'attach', step: 1, again: false },
  ],
  [
    'gathering, first share, pass asks nobody yet',
    release('gathering', { step: 0 }),
    seen(evidence('pass')),
    { kind: 'attach', step: 1 },
  ],
  [
    'gathering, first share, errors open',
    release('gathering', { step: 0 }),
    seen(evidence('inconclusive', 'inconclusive')),
    { kind: 'wait', for: 'errors' },
  ],
  [
    'gathering, time box over',
    release('gathering'),
    seen({ ...evidence('inconclusive'), now: NOW + 3 * DAY }),
    { kind: 'ask', about: 'inconclusive' },
  ],
  ['gathering, somebody changed it', release('gathering'), seen({}, 'x'), { kind: 'end', outcome: 'overtaken' }],
  [
    'gathering, gone',
    release('gathering'),
    seen({ endpoint: { kind: 'gone' } }),
    { kind: 'end', outcome: 'overtaken' },
  ],
  [
    'gathering, being changed',
    release('gathering'),
    seen({ endpoint: { kind: 'changing' } }),
    { kind: 'wait', for: 'somebody-else' },
  ],
  [
    'gathering, broken',
    release('gathering'),
    seen({ endpoint: { kind: 'settled', config: 's2', broken: 'Failed' } }),
    { kind: 'wait' },
  ],
  ['asking, pass', release('asking', asked()), seen(evidence('pass')), { kind: 'wait', for: 'answer' }],
  ['asking, open by now', release('asking', asked()), seen(evidence('inconclusive')), { kind: 'wait', for: 'answer' }],
  ['asking, fail by now', release('asking', asked()), seen(evidence('fail')), { kind: 'detach', why: 'failed' }],
  [
    'asking about nothing proven, pass by now',
    release('asking', asked({ about: 'inconclusive' })),
    seen(evidence('pass')),
    { kind: 'ask', about: 'pass' },
  ],
  ['asking, rejected', release('asking', { ...asked(), ...no('reject') }), seen(), { kind: 'detach', why: 'rejected' }],
  [
    'asking, unanswered',
    release('asking', asked()),
    seen({ ...evidence('pass'), now: NOW + 2 * DAY }),
    { kind: 'detach', why: 'unanswered' },
  ],
  [
    'asking, unanswered, waits',
    release('asking', asked(), { unanswered: 'wait' }),
    seen({ ...evidence('pass'), now: NOW + 2 * DAY }),
    { kind: 'wait', for: 'answer' },
  ],
  ['asking, auto', release('asking', asked(), { approve: 'auto' }), seen(evidence('pass')), { kind: 'approve' }],
  [
    'asking, auto, nothing proven',
    release('asking', asked({ about: 'inconclusive' }), { approve: 'auto' }),
    seen(evidence('inconclusive')),
    { kind: 'wait' },
  ],
  ['approved', release('approved', asked()), seen(), { kind: 'judge' }],
  ['approved, pass', release('approved', asked()), seen(evidence('pass')), { kind: 'promote', alone: false }],
  [
    'approved, quiet',
    release('approved', asked()),
    seen({ ...evidence('pass'), quiet: true }),
    { kind: 'wait', for: 'quiet-hours' },
  ],
  ['approved, open by now', release('approved', asked()), seen(evidence('inconclusive')), { kind: 'turn' }],
  ['approved, fail by now', release('approved', asked()), seen(evidence('fail')), { kind: 'turn' }],
  [
    'approved although nothing is proven',
    release('approved', asked({ about: 'inconclusive' })),
    seen(evidence('inconclusive')),
    { kind: 'promote' },
  ],
  [
    'approved although nothing is proven, fail',
    release('approved', asked({ about: 'inconclusive' })),
    seen(evidence('fail')),
    { kind: 'turn' },
  ],
  ['approved, changed', release('approved', asked()), seen({}, 'x'), { kind: 'end', outcome: 'overtaken' }],
  [
    'promoting, AWS never heard: judged again',
    release('promoting', promoting),
    seen({ accepted: false }),
    { kind: 'judge' },
  ],
  [
    'promoting, AWS never heard, fail by now',
    release('promoting', promoting),
    seen({ accepted: false, ...evidence('fail') }),
    { kind: 'turn' },
  ],
  [
    'promoting, under way',
    release('promoting', promoting),
    seen({ endpoint: { kind: 'changing' } }),
    { kind: 'wait', for: 'update' },
  ],
  ['promoting, settled', release('promoting', promoting), seen({}, 'v2'), { kind: 'follow' }],
  [
    'promoting, updated',
    release('promoting', promoting),
    seen({ ending: { kind: 'updated', sentence: '' } }, 'v2'),
    { kind: 'settle' },
  ],
  [
    'promoting, rolled back',
    release('promoting', promoting),
    seen({ ending: { kind: 'rolled-back-by-alarm', sentence: 'x' } }),
    { kind: 'detach', why: 'rolled-back', reason: 'x' },
  ],
  [
    'promoting, taken over',
    release('promoting', promoting),
    seen({ ending: { kind: 'taken-over', sentence: 'x' } }, 'y'),
    { kind: 'end', outcome: 'rolled-back' },
  ],
  [
    'settling',
    release('settling', { ...promoting, until: NOW + 1 }),
    seen({}, 'v2'),
    { kind: 'wait', for: 'settling' },
  ],
  ['settled', release('settling', { ...promoting, until: NOW }), seen({}, 'v2'), { kind: 'end', outcome: 'promoted' }],
  [
    'detaching, still there',
    release('detaching', { leaving: { why: 'failed', reason: 'x' } }),
    seen(),
    { kind: 'detach', why: 'failed' },
  ],
  [
    'detached',
    release('detaching', { leaving: { why: 'failed', reason: 'x' } }),
    seen({}, 'v1'),
    { kind: 'end', outcome: 'kept', reason: 'x' },
  ],
  [
    'detached after a rollback',
    release('detaching', { leaving: { why: 'rolled-back', reason: '' } }),
    seen({}, 'v1'),
    { kind: 'end', outcome: 'rolled-back' },
  ],
  [
    'detached to be promoted alone',
    release('detaching', { leaving: { why: 'to-promote', reason: '' } }),
    seen({}, 'v1'),
    { kind: 'promote', alone: true },
  ],
  [
    'detached to be promoted alone, changed by somebody else',
    release('detaching', { leaving: { why: 'to-promote', reason: '' } }),
    seen({ own: false }, 'x'),
    { kind: 'end', outcome: 'overtaken' },
  ],
  [
    'detached to be promoted alone, cancelled',
    release('detaching', { leaving: { why: 'to-promote', reason: '' }, ...no('cancel') }),
    seen({}, 'v1'),
    { kind: 'end', outcome: 'cancelled' },
  ],
  [
    'promoting alone, never asked for, changed by somebody else',
    release('promoting', { ...promoting, beside: false }),
    seen({ accepted: false, own: false }, 'x'),
    { kind: 'end', outcome: 'overtaken' },
  ],
  [
    'detached to be promoted alone, quiet',
    release('detaching', { leaving: { why: 'to-promote', reason: '' } }),
    seen({ quiet: true }, 'v1'),
    { kind: 'wait', for: 'quiet-hours' },
  ],
  [
    'production, changed by somebody else',
    release('settling', { ...promoting, until: NOW - 1 }),
    seen({}, 'x'),
    { kind: 'end', outcome: 'overtaken' },
  ],
  [
    'production, taken back by undo',
    release('settling', { ...promoting, until: NOW - 1 }),
    seen({ changedBy: UNDO }, 'v1'),
    { kind: 'end', outcome: 'undone', reason: '`undo` by ann@host took it back: the endpoint runs v1.' },
  ],
  [
    'production, while undo takes it back',
    release('settling', { ...promoting, until: NOW - 1 }),
    seen({ endpoint: { kind: 'changing' }, changedBy: UNDO }),
    { kind: 'wait', for: 'somebody-else', words: '`undo` by ann@host is changing the endpoint.' },
  ],
  ['batch: begun, quiet', batch('begun'), seen({ quiet: true }, 'v1'), { kind: 'attach', step: 0, again: false }],
  ['batch: its model is made', batch('attaching'), seen({}, 'v1'), { kind: 'gather' }],
  ['batch: killed before', batch('attaching'), seen({ accepted: false }, 'v1'), { kind: 'attach', again: true }],
  [
    'batch: production changed',
    batch('gathering'),
    seen({ ...evidence('pass'), changedBy: UNDO }, 'v0'),
    { kind: 'end', outcome: 'overtaken' },
  ],
  ['batch: gathering', batch('gathering'), seen({}, 'v1'), { kind: 'judge' }],
  ['batch: pass', batch('gathering'), seen(evidence('pass'), 'v1'), { kind: 'ask', about: 'pass' }],
  ['batch: fail', batch('gathering'), seen(evidence('fail'), 'v1'), { kind: 'end', outcome: 'kept' }],
  [
    'batch: its time is over',
    batch('gathering'),
    seen({ ...evidence('inconclusive'), now: NOW + 3 * DAY }, 'v1'),
    { kind: 'ask', about: 'inconclusive' },
  ],
  ['batch: no', batch('asking', { ...asked(), ...no('reject') }), seen({}, 'v1'), { kind: 'end', outcome: 'kept' }],
  ['batch: cancelled', batch('gathering', no('cancel')), seen({}, 'v1'), { kind: 'end', outcome: 'cancelled' }],
  [
    'batch: approved',
    batch('approved', asked()),
    seen(evidence('pass'), 'v1'),
    { kind: 'promote', alone: true, again: false },
  ],
  ['batch: approved, turned', batch('approved', asked()), seen(evidence('inconclusive'), 'v1'), { kind: 'turn' }],
  [
    'batch: promoting, AWS never heard: judged again',
    batch('promoting', { ...promoting, beside: false }),
    seen({ accepted: false }, 'v1'),
    { kind: 'judge' },
  ],
  [
    'batch: promoting, AWS never heard, production changed',
    batch('promoting', { ...promoting, beside: false }),
    seen({ accepted: false, ...evidence('pass') }, 'v0'),
    { kind: 'end', outcome: 'overtaken' },
  ],
  [
    'batch: rolled back',
    batch('promoting', { ...promoting, beside: false }),
    seen({ ending: { kind: 'rolled-back-by-alarm', sentence: 'x' } }, 'v1'),
    { kind: 'end', outcome: 'rolled-back', reason: 'x' },
  ],
  [
    'gathering, changed by another command',
    release('gathering'),
    seen({ changedBy: { command: 'deploy', by: 'ann@host' } }, 'x'),
    {
      kind: 'end',
      outcome: 'overtaken',
      reason: '`deploy` by ann@host changed the endpoint: it runs x, no longer s2.',
    },
  ],
  [
    'updated, changed by somebody else since',
    release('promoting', promoting),
    seen({ ending: { kind: 'updated', sentence: '' } }, 'x'),
    { kind: 'end', outcome: 'overtaken' },
  ],
  [
    'asked about what this window alone accepts, approve: auto',
    release('asking', asked({ outcome: 'inconclusive' }), { approve: 'auto' }),
    seen({ evidence: { outcome: 'inconclusive', passes: true, errors: 'pass', summary: '', reasons: [], open: [] } }),
    { kind: 'wait', for: 'answer' },
  ],
  [
    'approved as a pass, which by now this window alone accepts',
    release('approved', asked(), { approve: 'auto' }),
    seen({ evidence: { outcome: 'inconclusive', passes: true, errors: 'pass', summary: '', reasons: [], open: [] } }),
    { kind: 'turn' },
  ],
  [
    'approved as what this window alone accepts, which it still does',
    release('approved', asked({ outcome: 'inconclusive' })),
    seen({ evidence: { outcome: 'inconclusive', passes: true, errors: 'pass', summary: '', reasons: [], open: [] } }),
    { kind: 'promote' },
  ],
  [
    'approved though nothing was proven, and by now nothing can be read',
    release('approved', asked({ about: 'inconclusive', outcome: 'inconclusive' })),
    seen({
      evidence: {
        ...{ outcome: 'inconclusive', passes: false, errors: 'inconclusive', summary: '', reasons: [], open: [] },
        unread: true,
      },
    }),
    { kind: 'turn' },
  ],
  [
    'approved, taken back',
    release('approved', { ...asked(), ...no('cancel') }),
    seen({ quiet: true }),
    { kind: 'detach', why: 'cancelled' },
  ],
];

test.each(CASES)('%s', (_, state, look, move) => {
  expect(nextMove(state, look)).toMatchObject(move);
});

describe('whatever is seen', () => {
  const places = [
    'begun',
    'attaching',
    'gathering',
    'asking',
    'approved',
    'promoting',
    'settling',
    'detaching',
  ] as const;
  const looks = (['pass', 'fail', 'inconclusive'] as const).flatMap((outcome) =>
    ['s2', 's1', 'v1', 'v2', 'x'].flatMap((runs) =>
      [true, false].flatMap((accepted) =>
        [true, false].flatMap((quiet) =>
          [NOW, NOW + 9 * DAY].map((now) => seen({ ...evidence(outcome), accepted, quiet, now }, runs)),
        ),
      ),
    ),
  );

  test('nothing is promoted beside the shadow unless it was approved, and the verdict allows it', () => {
    let promoted = 0;
    for (const at of places)
      for (const ask of [undefined, ASK, { ...ASK, about: 'inconclusive' }])
        for (const look of looks) {
          const move = nextMove(release(at, { ask, ...(at === 'promoting' && { config: 'v2' }) }), look);
          if (move.kind !== 'promote' || move.alone) continue;
          promoted += 1;
          expect(['approved', 'promoting']).toContain(at);
          expect(look.evidence?.outcome).not.toBe('fail');
          if (ask?.about !== 'inconclusive') expect(look.evidence?.passes).toBe(true);
          expect(look.quiet).toBe(false);
        }
    expect(promoted).toBeGreaterThan(0);
  });

  test('an endpoint that is being changed, or broken, is left alone', () => {
    for (const at of places)
      for (const look of looks) {
        expect(nextMove(release(at), { ...look, endpoint: { kind: 'changing' } }).kind).toBe('wait');
        const broken = { kind: 'settled', config: 's2', broken: 'Failed' } as const;
        expect(nextMove(release(at), { ...look, endpoint: broken }).kind).toBe('wait');
      }
  });
});

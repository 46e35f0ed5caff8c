import { expect, test } from 'vitest';
import type { FactValue, JournalFact, RecordedFact } from '../../src/state/facts.ts';
import { knownSources, openRelease, type Release, releasesOf, sameSource } from '../../src/state/releases.ts';

/* Releases as a journal's facts tell them. */

const at = (minute: number) => Date.UTC(2026, 0, 5, 9, minute);
const source = (name: string, etag?: string): FactValue<'release-begun'>['source'] => ({
  kind: 'artifact',
  name,
  ...(etag === undefined ? {} : { etag, bytes: 10 }),
});
const TERMS: FactValue<'release-begun'>['terms'] = {
  timeBox: 60_000,
  sampling: [0.1, 1],
  approve: 'ask',
  approvers: [],
  author: 'allowed',
  answer: 60_000,
  unanswered: 'keep',
  fallback: 'canary',
};
const began = (release: string, more: Partial<FactValue<'release-begun'>> = {}): JournalFact => ({
  name: 'release-begun',
  value: { release, source: source(`${release}.tar.gz`), from: 'hand', terms: TERMS, at: at(0), ...more },
});
const facts = (...all: JournalFact[]): { facts: RecordedFact[] } => ({
  facts: all.map((fact, i) => ({ ...fact, run: 'r-1', at: new Date(at(i)).toISOString() })),
});
const of = (...all: JournalFact[]) => releasesOf(facts(began('a'), ...all)).at(-1) as Release;

const VERDICT = { outcome: 'pass', summary: 'All pass.', reasons: [] };
const attaching = (step: number, config: string): JournalFact => ({
  name: 'release-attaching',
  value: { release: 'a', step, sample: 0.1, model: 'm', config, at: at(1) },
});
const gathering = (minute: number): JournalFact => ({
  name: 'release-gathering',
  value: { release: 'a', step: 0, at: at(minute) },
});
const asked = (ask: number): JournalFact => ({
  name: 'release-asked',
  value: { release: 'a', ask, about: 'pass', ...VERDICT, at: at(3) },
});
const answered = (answer: string): JournalFact => ({
  name: 'release-answered',
  value: { release: 'a', ask: 1, answer, by: 'ana', how: 'command', at: at(4) },
});

test('nothing is on the endpoint of a release that has begun', () => {
  expect(releasesOf({ facts: [] })).toEqual([]);
  expect(of()).toEqual({
    ...{ id: 'a', begun: began('a').value, run: 'r-1', at: 'begun', since: at(0), step: 0, beside: true },
    ...{ shadows: [], asks: [], turns: [], links: [], notified: [], failedDays: [] },
  });
});

test('each share has its config, one that is attached again is named once; the time box counts from the first', () => {
  const release = of(attaching(0, 'c1'), gathering(2), attaching(1, 'c2'), attaching(1, 'c2'), gathering(9));
  expect(release).toMatchObject({ at: 'gathering', step: 1, model: 'm', config: 'c2', shadows: ['c1', 'c2'] });
  expect([release.firstRan, release.since]).toEqual([at(2), at(9)]);
});

test('an approval counts for the question that is open; a verdict that turned takes both away', () => {
  expect(of(asked(1), answered('approve'))).toMatchObject({ at: 'approved', ask: { ask: 1 }, answer: { by: 'ana' } });
  expect(of(asked(1), answered('reject'))).toMatchObject({ at: 'asking', answer: { answer: 'reject' } });
  expect(of(asked(1), answered('approve'), asked(2))).toMatchObject({
    at: 'asking',
    ask: { ask: 2 },
    answer: undefined,
  });
  const turned: JournalFact = { name: 'release-turned', value: { release: 'a', ask: 1, ...VERDICT, at: at(5) } };
  const release = of(asked(1), answered('approve'), turned);
  expect(release).toMatchObject({ at: 'gathering', since: at(5), ask: undefined, answer: undefined });
  expect([release.asks.length, release.turns.length]).toEqual([1, 1]);
});

test('where guardrails are refused beside the shadow, the terms say what follows', () => {
  const refused: JournalFact = { name: 'release-unguardable', value: { release: 'a', words: 'No.', at: at(5) } };
  expect(of(refused)).toMatchObject({ at: 'detaching', leaving: { why: 'to-promote', reason: 'No.' } });
  const none = began('a', { terms: { ...TERMS, fallback: 'none' } });
  expect(releasesOf(facts(none, refused))).toMatchObject([{ at: 'detaching', leaving: { why: 'no-guardrails' } }]);
});

test('promoted, watched, told, in trouble, ended', () => {
  const promoting: JournalFact = {
    name: 'release-promoting',
    value: { release: 'a', model: 'm2', config: 'c3', beside: false, at: at(6) },
  };
  expect(of(promoting)).toMatchObject({ at: 'promoting', since: at(6), config: 'c3', model: 'm2', beside: false });
  const settle = began('a', { terms: { ...TERMS, settle: 120_000 } });
  const settling = (more: { at?: number }): JournalFact => ({
    name: 'release-settling',
    value: { release: 'a', config: 'c3', until: at(10), ...more },
  });
  expect(releasesOf(facts(settle, settling({})))).toMatchObject([{ at: 'settling', since: at(8), until: at(10) }]);
  expect(of(settling({ at: at(7) }))).toMatchObject({ since: at(7) });
  const trouble: JournalFact = { name: 'release-trouble', value: { release: 'a', what: 'denied', at: at(7) } };
  expect(of(trouble)).toMatchObject({ at: 'begun', trouble: { what: 'denied' } });
  expect(of(trouble, gathering(8)).trouble).toBeUndefined();
  const told: JournalFact = { name: 'release-told', value: { release: 'a', about: 'begun', at: at(1) } };
  expect(of(told).notified).toEqual([{ about: 'begun', at: at(1) }]);
  const link: JournalFact = { name: 'release-link', value: { release: 'a', ask: 1, sha256: 'x', until: at(9) } };
  expect(of({ name: 'release-copied', value: { release: 'a', uri: 's3://b/k' } }, link)).toMatchObject({
    uri: 's3://b/k',
    links: [{ sha256: 'x' }],
  });
  const ended: JournalFact = {
    name: 'release-ended',
    value: { release: 'a', outcome: 'kept', reason: 'It is slower.', at: at(9) },
  };
  const left: JournalFact = { name: 'release-detaching', value: { release: 'a', why: 'fail', reason: 'x', at: at(8) } };
  expect(of(left)).toMatchObject({ at: 'detaching', leaving: { why: 'fail', reason: 'x' } });
  expect(of(left, ended)).toMatchObject({ at: 'ended', since: at(9), ended: { outcome: 'kept' } });
  expect(openRelease(facts(began('a'), left))?.id).toBe('a');
  expect(openRelease(facts(began('a'), ended))).toBeUndefined();
});

test('a cleanup ends the release that is under way, and no other; facts of another release are not its own', () => {
  const clean: JournalFact = { name: 'clean', value: {} };
  const ended: JournalFact = {
    name: 'release-ended',
    value: { release: 'a', outcome: 'kept', reason: 'x', at: at(1) },
  };
  expect(releasesOf(facts(clean, began('a'), clean))).toMatchObject([
    { at: 'ended', ended: { release: 'a', outcome: 'cleaned-up', at: at(2) } },
  ]);
  expect(releasesOf(facts(began('a'), ended, clean))).toMatchObject([{ ended: { outcome: 'kept' } }]);
  const stray: JournalFact = { name: 'release-copied', value: { release: 'b', uri: 's3://b/k' } };
  expect(of(stray).uri).toBeUndefined();
  const stands: JournalFact = { name: 'stands', value: { config: 'c', instances: {}, weights: {} } };
  expect(of(stands)).toEqual(of());
});

test('candidates that are known: those with a release, older ones it came in place of, and those passed over', () => {
  const state = facts(
    began('a', { over: [source('old.tar.gz')] }),
    began('b'),
    { name: 'release-passed-over', value: { source: source('no-model.tar.gz'), why: 'no model', at: at(2) } },
    { name: 'clean', value: {} },
  );
  expect(knownSources(state).map(({ name }) => name)).toEqual([
    'a.tar.gz',
    'old.tar.gz',
    'b.tar.gz',
    'no-model.tar.gz',
  ]);
  expect(sameSource(source('x', 'e1'), source('y', 'e1'))).toBe(true);
  expect(sameSource(source('x', 'e1'), source('x', 'e2'))).toBe(false);
  expect(sameSource({ ...source('x', 'e1'), bytes: 11 }, source('x', 'e1'))).toBe(false);
  expect(sameSource(source('x'), source('x', 'e1'))).toBe(true);
  expect(sameSource(source('x'), { ...source('x'), kind: 'model' })).toBe(false);
});

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { fileRouterStore, loadRouterState } from '../../src/lifecycle/mirror/router-store.ts';
import { changed, configured } from '../../src/mirror/router/change.ts';
import { rolesOf, sideText } from '../../src/mirror/router/roles.ts';
import { type MirrorRollout, NO_STATE, type RouterChange, type RouterState } from '../../src/mirror/router/state.ts';
import { readSettings } from '../../src/mirror/settings.ts';

const entry = { by: 'test', command: 'test', what: 'divided' } as const;
const config = (more: object = {}) =>
  readSettings(
    {
      live: 'http://a',
      shadows: { candidate: { url: 'http://b', path: '/shadow' } },
      records: { folder: 'r' },
      ...more,
    },
    { where: 'test', folder: '/', env: {}, readFile: () => '' },
  );
const apply = (state: RouterState, change: RouterChange, at = 1) => changed(state, config(), { change, entry }, at);
const divide = (share: number): RouterChange => ({
  kind: 'divide',
  division: { shadow: 'candidate', share, by: 'request', slices: [] },
});
const rollout: MirrorRollout = {
  id: 'r1',
  command: 'rollout',
  shadow: 'candidate',
  candidate: 'http://b (/shadow)',
  production: 'http://a',
  steps: [
    { share: 0, slices: ['header:x-country=LI'], words: 'header:x-country=LI' },
    { share: 0.5, slices: ['header:x-country=LI'], words: '50%' },
    { share: 1, slices: ['header:x-country=LI'], words: '100%' },
  ],
  by: 'request',
  bakeSeconds: 60,
  judging: 'policy',
  limits: {},
};

describe('who answers', () => {
  test('a promotion swaps the sides, with what belongs to each; undone, all is as before', () => {
    const promoted = apply(NO_STATE, { kind: 'promote', shadow: 'candidate' });
    const roles = rolesOf(config(), promoted);
    expect(roles.wayBack).toBe('previous');
    expect(roles.config.live).toMatchObject({ path: '/shadow', target: { url: 'http://b' } });
    expect(roles.config.shadows).toMatchObject([
      { name: 'previous', path: undefined, target: { url: 'http://a' }, trusted: true },
    ]);
    const undone = apply(promoted, { kind: 'undo' });
    expect(undone.promoted).toBeUndefined();
    expect(rolesOf(config(), undone)).toEqual({ config: config(), wayBack: undefined });
    // There is nothing to go back to any more, and never forward.
    expect(() => apply(undone, { kind: 'undo' })).toThrow(expect.objectContaining({ kind: 'usage' }));
  });

  test('undone where the configuration had followed: the promoted side is a candidate again, without credentials', () => {
    const [before, after] = [
      config({ shadows: { c: 'http://b' } }),
      config({ live: 'http://b', shadows: { old: 'http://a' } }),
    ];
    const promoted = changed(NO_STATE, before, { change: { kind: 'promote', shadow: 'c' }, entry }, 1);
    const undone = changed(promoted, after, { change: { kind: 'undo' }, entry }, 2);
    expect(undone.promoted).toEqual({ side: 'http://a', before: 'http://b', at: 2, undone: true });
    const roles = rolesOf(after, undone);
    expect(sideText(roles.config.live)).toBe('http://a');
    expect(roles.config.shadows).toMatchObject([{ name: 'candidate', target: { url: 'http://b' }, trusted: false }]);
    expect(roles.wayBack).toBeUndefined();
    expect(() => changed(undone, after, { change: { kind: 'undo' }, entry }, 3)).toThrow(
      expect.objectContaining({ kind: 'usage' }),
    );
    // And as before, where the file goes back, too.
    expect(rolesOf(before, undone)).toEqual({ config: before, wayBack: undefined });
    const again = changed(undone, before, { change: { kind: 'promote', shadow: 'c' }, entry }, 4);
    expect(again.promoted).toEqual({ side: 'http://b', before: 'http://a', shadow: 'c', at: 4 });
  });

  test('of two shadows that are one server, the one that was promoted gives its place up', () => {
    const twins = config({ shadows: { c: 'http://b', d: 'http://b' } });
    const state = changed(NO_STATE, twins, { change: { kind: 'promote', shadow: 'd' }, entry }, 1);
    expect(rolesOf(twins, state).config.shadows.map(({ name }) => name)).toEqual(['c', 'previous']);
  });

  test('after two promotions the way back is what answered before the second, and undo leads there', () => {
    const three = config({ shadows: { b: 'http://b', c: 'http://c' } });
    const go = (state: RouterState, change: RouterChange) => changed(state, three, { change, entry }, 1);
    const once = go(NO_STATE, { kind: 'promote', shadow: 'b' });
    const twice = go(once, { kind: 'promote', shadow: 'c' });
    const { config: roles, wayBack } = rolesOf(three, twice);
    expect([sideText(roles.live), ...roles.shadows.map((one) => `${one.name} ${sideText(one)}`)]).toEqual([
      'http://c',
      'b http://b',
      'previous http://a',
    ]);
    expect(wayBack).toBe('b');
    const undone = rolesOf(three, go(twice, { kind: 'undo' }));
    expect([
      sideText(undone.config.live),
      ...undone.config.shadows.map((one) => `${one.name} ${sideText(one)}`),
    ]).toEqual(['http://b', 'previous http://a', 'c http://c']);
    expect(undone.wayBack).toBeUndefined();
    // Also where the first way back was given up.
    const given = go(go(once, { kind: 'end', shadow: 'previous' }), { kind: 'promote', shadow: 'c' });
    expect(rolesOf(three, given)).toMatchObject({ wayBack: 'b', config: { shadows: [{ name: 'b', trusted: true }] } });
  });

  test('of two shadows that are the server that was live, the way back is the one that took its place', () => {
    const alike = config({ shadows: { same: 'http://a', c: 'http://c' } });
    const state = changed(NO_STATE, alike, { change: { kind: 'promote', shadow: 'c' }, entry }, 1);
    expect(rolesOf(alike, state).wayBack).toBe('previous');
  });

  test('a configuration that names the promoted side as live is taken as it is; one that names it nowhere is refused', () => {
    const { promoted } = apply(NO_STATE, { kind: 'promote', shadow: 'candidate' });
    const plain = config({ shadows: { c: 'http://b' } });
    const state = changed(NO_STATE, plain, { change: { kind: 'promote', shadow: 'c' }, entry }, 1);
    const followed = rolesOf(config({ live: 'http://b', shadows: { old: 'http://a', next: 'http://n' } }), state);
    expect(followed.wayBack).toBe('old');
    expect(followed.config.shadows.map(({ name, trusted }) => [name, trusted])).toEqual([
      ['old', true],
      ['next', false],
    ]);
    expect(() => rolesOf(config({ shadows: { x: 'http://x' } }), { ...NO_STATE, promoted })).toThrow(
      expect.objectContaining({ kind: 'usage' }),
    );
  });

  test('a step changes share and position together', () => {
    const begun = apply(NO_STATE, { kind: 'rollout-begin', rollout });
    expect(begun.division).toBeUndefined();
    const first = apply(begun, { kind: 'rollout-step', id: 'r1', step: 0 }, 5);
    expect(first).toMatchObject({
      division: { share: 0, slices: ['header:x-country=LI'] },
      rollout: { step: 0, since: 5, began: 5 },
    });
    const second = apply(first, { kind: 'rollout-step', id: 'r1', step: 1 }, 9);
    expect(second).toMatchObject({ division: { share: 0.5 }, rollout: { step: 1, since: 9, began: 5 } });
    const returned = apply(second, { kind: 'rollout-return', id: 'r1' });
    expect(returned.division).toBeUndefined();
    expect(apply(returned, { kind: 'rollout-end', id: 'r1', outcome: 'failed' }).rollout).toBeUndefined();
  });

  test.each<[string, RouterChange]>([
    ['a second rollout', { kind: 'rollout-begin', rollout: { ...rollout, id: 'r2' } }],
    ['a share by hand', divide(0.2)],
    ['an end of the shadow', { kind: 'end', shadow: 'candidate' }],
    ['a step of another rollout', { kind: 'rollout-step', id: 'r0', step: 0 }],
  ])('while a rollout is under way, %s is refused', (_, change) => {
    const begun = apply(NO_STATE, { kind: 'rollout-begin', rollout });
    expect(() => apply(begun, change)).toThrow(expect.objectContaining({ kind: 'usage' }));
  });

  test('a name that belongs to another server by now gets no requests by an old decision, neither share nor step', () => {
    const other = config({ shadows: { candidate: { url: 'http://c', path: '/shadow' } } });
    const usage = expect.objectContaining({ kind: 'usage', message: expect.stringContaining('http://c') });
    const divided = apply(NO_STATE, divide(0.1));
    expect(() => configured(divided, other, 2)).toThrow(usage);
    const begun = apply(NO_STATE, { kind: 'rollout-begin', rollout });
    expect(() => configured(begun, other, 2)).toThrow(usage);
    for (const change of [
      { kind: 'rollout-step', id: 'r1', step: 0 },
      { kind: 'promote', shadow: 'candidate', id: 'r1' },
    ] as const)
      expect(() => changed(begun, other, { change, entry }, 2)).toThrow(usage);
    expect(() =>
      changed(begun, config({ live: 'http://z' }), { change: { kind: 'rollout-step', id: 'r1', step: 0 }, entry }, 2),
    ).toThrow(expect.objectContaining({ kind: 'usage', message: expect.stringContaining('http://z') }));
  });

  test('only the rollout that is under way promotes, and by itself nobody does in the meantime', () => {
    const usage = expect.objectContaining({ kind: 'usage' });
    const begun = apply(NO_STATE, { kind: 'rollout-begin', rollout });
    expect(() => apply(begun, { kind: 'promote', shadow: 'candidate' })).toThrow(usage);
    expect(() => apply(begun, { kind: 'promote', shadow: 'candidate', id: 'r0' })).toThrow(usage);
    expect(() => apply(NO_STATE, { kind: 'promote', shadow: 'candidate', id: 'r1' })).toThrow(usage);
    expect(apply(begun, { kind: 'promote', shadow: 'candidate', id: 'r1' })).toMatchObject({
      promoted: { side: 'http://b (/shadow)' },
      rollout: undefined,
    });
  });

  test('whoever saw another revision changes nothing', () => {
    const state = apply(NO_STATE, divide(0.1));
    const request = { expect: 0, change: divide(0.5), entry };
    expect(() => changed(state, config(), request, 1)).toThrow(expect.objectContaining({ kind: 'usage' }));
  });

  test("the configuration's canary counts once, until it is another", () => {
    const first = configured(NO_STATE, config({ canary: '10%' }), 1);
    expect(first.division).toMatchObject({ shadow: 'candidate', share: 0.1 });
    const since = apply(first, divide(0.4));
    expect(configured(since, config({ canary: '10%' }), 2)).toBe(since);
    expect(configured(since, config({ canary: '20%' }), 2).division).toMatchObject({ share: 0.2 });
    expect(configured(since, config(), 2).division).toBeUndefined();
    const rolling = apply(apply(since, divide(0)), { kind: 'rollout-begin', rollout });
    const stepped = apply(rolling, { kind: 'rollout-step', id: 'r1', step: 1 });
    expect(configured(stepped, config({ canary: '20%' }), 2)).toBe(stepped);
  });

  test('a shadow that was ended gets nothing, until the configuration no longer has it', () => {
    const ended = apply(apply(NO_STATE, divide(0.1)), { kind: 'end', shadow: 'candidate' });
    expect(ended.division).toBeUndefined();
    expect(rolesOf(config(), ended).config.shadows).toEqual([]);
    expect(configured(ended, config({ shadows: { other: 'http://o' } }), 2).ended).toEqual([]);
  });

  test('a recorded share that the configuration cannot hold is no guess', () => {
    const state = apply(NO_STATE, divide(0.1));
    expect(() => configured(state, config({ shadows: { other: 'http://o' } }), 2)).toThrow(
      expect.objectContaining({ kind: 'usage' }),
    );
  });
});

describe('where it is written down', () => {
  const folders: string[] = [];
  afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'shadowctl-router-'));
    folders.push(path);
    return path;
  };

  test('what was saved is what is loaded; a part of a save is nothing', async () => {
    const path = folder();
    const store = fileRouterStore(path);
    expect(await store.load()).toBeUndefined();
    const state = apply(NO_STATE, divide(0.1));
    await store.save(state);
    writeFileSync(join(path, 'router.json.part'), '{"schema":');
    expect(await loadRouterState(path)).toEqual(state);
  });

  test('a damaged file is not guessed at, and nothing is written where the disk refuses', async () => {
    const path = folder();
    writeFileSync(join(path, 'router.json'), '{"schema":"shadowctl-mirror-router/1"');
    await expect(loadRouterState(path)).rejects.toMatchObject({ kind: 'cannot-run' });
    writeFileSync(join(path, 'file'), '');
    await expect(fileRouterStore(join(path, 'file')).save(NO_STATE)).rejects.toMatchObject({ kind: 'cannot-run' });
    expect(existsSync(join(path, 'file', 'router.json'))).toBe(false);
    expect(readFileSync(join(path, 'router.json'), 'utf8')).toContain('router/1');
  });
});

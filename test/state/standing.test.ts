import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { printText } from '../../src/base/text.ts';
import type { Problem } from '../../src/base/errors.ts';
import { allow, isAllowed } from '../../src/state/allowed-commands.ts';
import type { Recorded } from '../../src/state/events.ts';
import { isMove, requireSettledPlace, standingOf } from '../../src/state/moved.ts';

/** Where a journal stands between two places, and which commands a folder of the state allows. */

const at = '2026-01-05T09:00:00.000Z';
const fact = (name: string, value: object): Recorded => ({ type: 'fact', run: 'r-1', at, name, value }) as never;
const MOVING = fact('state-moving', { from: '.shadowctl' });
const ARRIVED = fact('state-arrived', { from: '.shadowctl' });
const MOVED = fact('state-moved', { to: 's3://bucket/team' });
const OTHER = fact('clean', {});

describe('a journal that goes from one place to another', () => {
  test('the last of its moves says where it stands', () => {
    expect(standingOf([])).toEqual({ kind: 'here' });
    expect(standingOf([OTHER])).toEqual({ kind: 'here' });
    expect(standingOf([MOVING, OTHER])).toEqual({ kind: 'arriving', from: '.shadowctl' });
    expect(standingOf([MOVING, ARRIVED])).toEqual({ kind: 'here' });
    expect(standingOf([MOVING, ARRIVED, MOVED, OTHER])).toEqual({ kind: 'moved', to: 's3://bucket/team' });
    expect(standingOf([MOVED, MOVING, ARRIVED])).toEqual({ kind: 'here' });
  });

  test('a move is a fact by one of three names', () => {
    expect([MOVING, ARRIVED, MOVED, OTHER].map(isMove)).toEqual([true, true, true, false]);
    expect(isMove(fact('state-moved-on', {}))).toBe(false);
    expect(isMove(fact('un-state-moved', {}))).toBe(false);
    expect(isMove({ ...MOVED, type: 'intent' } as never)).toBe(false);
  });

  test('nothing is done in a place that it has left, or has not reached', () => {
    const refused = (...events: Recorded[]) => {
      try {
        requireSettledPlace(events, 'weather.jsonl');
      } catch (error) {
        const { message, next } = error as Problem;
        return `${message} ${printText(next ?? '')}`;
      }
      return undefined;
    };
    expect(refused(OTHER)).toBeUndefined();
    expect(refused(MOVED)).toContain('weather.jsonl was moved to s3://bucket/team. Give --state s3://bucket/team');
    expect(refused(MOVING)).toContain('weather.jsonl is being moved here from .shadowctl');
    expect(refused(MOVING, ARRIVED)).toBeUndefined();
  });
});

describe('commands of a file that somebody allowed', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'allowed-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const state = () => join(folder, '.shadowctl');
  const file = () => join(state(), 'allowed-commands.json');

  test('only this command, in this folder, is remembered, and by nobody else to be read', () => {
    expect(isAllowed(state(), 'python3 compare.py')).toBe(false);
    allow(state(), 'python3 compare.py');
    expect(isAllowed(state(), 'python3 compare.py')).toBe(true);
    expect(isAllowed(state(), 'python3 compare.py ')).toBe(false);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    // Another is remembered beside it, and one that is known no second time.
    allow(state(), 'node other.js');
    allow(state(), 'node other.js');
    expect([isAllowed(state(), 'python3 compare.py'), isAllowed(state(), 'node other.js')]).toEqual([true, true]);
    expect(JSON.parse(readFileSync(file(), 'utf8')).allowed).toHaveLength(2);
  });

  test('a file that came with a folder of somebody else allows nothing', () => {
    allow(state(), 'python3 compare.py');
    const text = readFileSync(file(), 'utf8');
    const other = join(folder, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'allowed-commands.json'), text);
    expect(isAllowed(other, 'python3 compare.py')).toBe(false);
    // Nor does a folder of the same name that was made since.
    renameSync(state(), `${state()}-old`);
    mkdirSync(state());
    writeFileSync(file(), text);
    expect(isAllowed(state(), 'python3 compare.py')).toBe(false);
  });

  test.each(['', 'no JSON', '[]', '{"allowed":"all"}', '{"allowed":{}}', 'null'])('%j allows nothing', (text) => {
    mkdirSync(state());
    writeFileSync(file(), text);
    expect(isAllowed(state(), 'python3 compare.py')).toBe(false);
    allow(state(), 'python3 compare.py');
    expect(isAllowed(state(), 'python3 compare.py')).toBe(true);
  });
});

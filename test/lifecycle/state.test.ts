import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../src/base/clock.ts';
import { movable, moveJournal } from '../../src/lifecycle/state.ts';
import type { Session } from '../../src/lifecycle/session.ts';
import { folderState } from '../../src/state/folder-state.ts';
import { isMove, standingOf } from '../../src/state/moved.ts';
import type { StateRoot } from '../../src/state/store.ts';

const PLACE = { account: '000000000000', region: 'us-east-1', endpoint: 'weather' };
const DEAD = new Error('killed');

/** The same places, in which nothing is written any more once `left` events have been. */
function mortal(root: StateRoot, life: { left: number }): StateRoot {
  return {
    ...root,
    store: (place) => {
      const store = root.store(place);
      return {
        ...store,
        locked: (why, work) =>
          store.locked(why, (lock) =>
            work({
              ...lock,
              append: async (event, before) => {
                if (life.left <= 0) throw DEAD;
                life.left -= 1;
                await lock.append(event, before);
              },
            }),
          ),
      };
    },
  };
}

test.each(['there', 'and back'])(
  'a move (%s) that is killed between any two events is gone through with by the next, and never are two places in use',
  async (way) => {
    for (let left = 0, killed = true; killed; left += 1) {
      const folder = mkdtempSync(join(tmpdir(), 'shadowctl-state-'));
      try {
        const clock = new VirtualClock(Date.parse('2026-01-05T09:00:00Z'));
        const at = new Date(clock.now()).toISOString();
        const [first, second] = [folderState(join(folder, 'a'), clock), folderState(join(folder, 'b'), clock)];
        await first.store(PLACE).locked('test', async (lock) => {
          await lock.append({ type: 'open', version: 1, ...PLACE, at }, 0);
          for (let n = 1; n <= 3; n += 1)
            await lock.append({ type: 'run', run: `r-${n}`, command: 'deploy', by: 'me@here', at }, n);
        });
        const sessionAt = (root: StateRoot) =>
          ({
            clock,
            state: async () => root,
            aws: async () => ({
              target: { region: PLACE.region },
              account: async () => PLACE.account,
              caller: async () => undefined,
            }),
          }) as unknown as Session;
        const what = { of: 'endpoint', endpoint: PLACE.endpoint } as const;
        if (way === 'and back') await moveJournal(sessionAt(first), second, what);
        const [source, target] = way === 'and back' ? [second, first] : [first, second];
        const life = { left };
        killed = await moveJournal(sessionAt(mortal(source, life)), mortal(target, life), what).then(
          () => false,
          (error: unknown) => {
            expect(error).toBe(DEAD);
            return true;
          },
        );
        const seen = async () => {
          const events = [await source.store(PLACE).read(), await target.store(PLACE).read()].map((one) => one.events);
          return events.map((all) => ({ kind: standingOf(all).kind, own: all.filter((event) => !isMove(event)) }));
        };
        const between = await seen();
        // The first event says only whose journal it is.
        const used = between.filter(({ kind, own }) => kind === 'here' && own.length > 1);
        expect(used.length, `after ${left} events`).toBeLessThanOrEqual(1);
        if (killed) {
          expect(await movable(sessionAt(source), target, undefined), `after ${left} events`).toHaveLength(1);
          await moveJournal(sessionAt(source), target, what);
        }
        const [gone, here] = await seen();
        expect([gone?.kind, here?.kind]).toEqual(['moved', 'here']);
        expect(here?.own).toEqual(gone?.own);
        expect(here?.own.slice(1, 4).map((event) => 'run' in event && event.run)).toEqual(['r-1', 'r-2', 'r-3']);
        await expect(movable(sessionAt(source), target, undefined)).rejects.toMatchObject({ kind: 'cannot-run' });
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  },
);

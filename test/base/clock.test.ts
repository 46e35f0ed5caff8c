import { describe, expect, test } from 'vitest';
import { systemClock, VirtualClock } from '../../src/base/clock.ts';

const START = Date.UTC(2026, 0, 5, 9);

describe('VirtualClock', () => {
  test('a lone sleeper wakes at once, and time has passed', async () => {
    const clock = new VirtualClock(START);
    await clock.sleep(8 * 60_000);
    expect(clock.now()).toBe(START + 8 * 60_000);
  });

  test('branches side by side see one order of time', async () => {
    const clock = new VirtualClock(START);
    const seen: string[] = [];
    const branch = (name: string, every: number, times: number) => async () => {
      for (let i = 0; i < times; i += 1) {
        await clock.sleep(every);
        seen.push(`${name}@${(clock.now() - START) / 1000}`);
      }
    };
    await clock.all([branch('a', 10_000, 3), branch('b', 15_000, 2)]);
    // At 30 s both are due: b fell asleep first (at 15 s), a at 20 s.
    expect(seen).toEqual(['a@10', 'b@15', 'a@20', 'b@30', 'a@30']);
    expect(clock.now()).toBe(START + 30_000);
  });

  test('time stands still while one branch is at work', async () => {
    const clock = new VirtualClock(START);
    let seenByWorker = 0;
    await clock.all([
      () => clock.sleep(60_000),
      async () => {
        // Real work (a file, a socket) takes turns of the event loop but no virtual time.
        for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
        seenByWorker = clock.now();
      },
    ]);
    expect(seenByWorker).toBe(START);
    expect(clock.now()).toBe(START + 60_000);
  });

  test('branches can branch again, and the caller sleeps on afterwards', async () => {
    const clock = new VirtualClock(START);
    await clock.all([
      () => clock.sleep(1_000),
      () => clock.all([() => clock.sleep(5_000), () => clock.sleep(2_000)]).then(() => clock.sleep(1_000)),
    ]);
    await clock.sleep(1_000);
    expect(clock.now()).toBe(START + 7_000);
  });

  test('a failing branch does not stop the others, and is thrown at the end', async () => {
    const clock = new VirtualClock(START);
    const work = clock.all([
      async () => {
        await clock.sleep(1_000);
        throw new Error('broken');
      },
      () => clock.sleep(9_000),
    ]);
    await expect(work).rejects.toThrow('broken');
    expect(clock.now()).toBe(START + 9_000);
  });

  test('a sleeper that is called off rejects with the reason and holds nobody back', async () => {
    const clock = new VirtualClock(START);
    const controller = new AbortController();
    await clock.all([
      () =>
        clock.sleep(3_600_000, controller.signal).catch((reason) => {
          expect(reason).toBe('enough');
        }),
      async () => {
        await clock.sleep(1_000);
        controller.abort('enough');
      },
    ]);
    expect(clock.now()).toBe(START + 1_000);
  });
});

describe('systemClock', () => {
  test('rejects at once when the signal was aborted before', async () => {
    const before = systemClock.now();
    await expect(systemClock.sleep(60_000, AbortSignal.abort('no'))).rejects.toBe('no');
    expect(systemClock.now() - before).toBeLessThan(10_000);
  });
});

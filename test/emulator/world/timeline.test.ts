import { expect, test } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { Timeline } from '../../../src/emulator/world/timeline.ts';

/** A timeline with one event, due now, that does `work`. */
function withEvent(patience: number, work: (timeline: Timeline) => Promise<unknown>) {
  const timeline = new Timeline(new VirtualClock(1000), patience);
  let due: number | undefined = 500;
  timeline.add({
    next: () => due,
    async run() {
      await work(timeline);
      due = undefined;
    },
  });
  return timeline;
}

test('callers wait for what is due', async () => {
  let done = false;
  const timeline = withEvent(1, async () => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    done = true;
  });
  await timeline.catchUp();
  expect(done).toBe(true);
});

test('an event that waits for a process which calls back can end', async () => {
  const calls: string[] = [];
  const timeline = withEvent(20, (it) =>
    it.outside(
      it.catchUp().then(() => {
        calls.push('the call back is answered');
      }),
    ),
  );
  await timeline.catchUp();
  while (!timeline.upToDate) await new Promise(setImmediate);
  expect(calls).toEqual(['the call back is answered']);
  // Nobody is released early any more.
  await timeline.catchUp();
});

test('callers that come while it lasts are not held up either, and what is quick is waited for', async () => {
  let end = () => {};
  const timeline = withEvent(20, (it) => it.outside(new Promise<void>((resolve) => (end = resolve))));
  await timeline.catchUp();
  expect(timeline.upToDate).toBe(false);
  await timeline.catchUp();
  expect(timeline.upToDate).toBe(false);
  end();
  const quick = withEvent(5_000, (it) => it.outside(new Promise(setImmediate)));
  await quick.catchUp();
  expect(quick.upToDate).toBe(true);
});

test('a failure is told to those who wait', async () => {
  const timeline = withEvent(20, (it) => it.outside(Promise.reject(new Error('no such machine'))));
  await expect(timeline.catchUp()).rejects.toThrow('no such machine');
});

import { expect, test, vi } from 'vitest';
import { systemClock, VirtualClock } from '../../../../src/base/clock.ts';
import { createLogStore } from '../../../../src/emulator/world/logs/store.ts';
import { createMemoryStore } from '../../../../src/emulator/storage/memory.ts';
import { NINE } from './start.ts';

const TARGET = {
  account: '000000000000',
  region: 'us-east-1',
  group: '/aws/sagemaker/Endpoints/shop',
  stream: 'a/i-0',
};
const GROUP = { account: TARGET.account, region: TARGET.region, name: TARGET.group };

function logs() {
  const store = createMemoryStore();
  return { logs: createLogStore(store, new VirtualClock(NINE)), append: vi.spyOn(store.blobs, 'append') };
}
const line = (number: number) => [{ timestamp: NINE + number, message: `line ${number}` }];

test('a thousand lines one by one are a few writes, and are read at once, in order', async () => {
  const it = logs();
  for (let number = 0; number < 1000; number += 1) it.logs.append(TARGET, line(number));
  expect(it.append).not.toHaveBeenCalled();
  const read = async () => (await it.logs.read(GROUP, {})).map(({ message }) => message);
  const all = Array.from({ length: 1000 }, (_, number) => `line ${number}`);
  expect(await read()).toEqual(all);
  await it.logs.flush();
  expect(it.append).toHaveBeenCalledTimes(1);
  expect(await read()).toEqual(all);
});

test('what nobody asks for is written within seconds of the machine’s time', async () => {
  const it = logs();
  it.logs.append(TARGET, line(1));
  await vi.waitFor(() => expect(it.append).toHaveBeenCalledTimes(1), { timeout: 5_000, interval: 100 });
});

test('what is large is written at once', async () => {
  const it = logs();
  for (let number = 0; number < 4; number += 1)
    it.logs.append(TARGET, [{ timestamp: NINE, message: 'x'.repeat(40_000) }]);
  await systemClock.sleep(50);
  expect(it.append).toHaveBeenCalledTimes(2);
  await it.logs.flush();
  expect(await it.logs.read(GROUP, {})).toHaveLength(4);
});

test('what could not be written is written later, and told to whoever flushes', async () => {
  const it = logs();
  it.append.mockRejectedValueOnce(new Error('no space left'));
  it.logs.append(TARGET, line(1));
  await expect(it.logs.flush()).rejects.toThrow('no space left');
  it.logs.append(TARGET, line(2));
  await it.logs.flush();
  expect((await it.logs.read(GROUP, {})).map(({ message }) => message)).toEqual(['line 1', 'line 2']);
});

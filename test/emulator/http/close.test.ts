import { connect } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock, VirtualClock } from '../../../src/base/clock.ts';
import { startEmulator } from '../../../src/emulator/http/server.ts';
import { exchange } from '../wire/exchange.ts';

const LIST =
  'POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: SageMaker.ListEndpoints\r\nContent-Length: 2\r\n\r\n{}';

describe('an emulator that is closed', () => {
  it('ends although clients hold connections and a request is being answered', async () => {
    const emulator = await startEmulator({ clock: systemClock });
    emulator.world.faults.add({ kind: 'delay', milliseconds: 500 });
    const idle = connect(emulator.port, '127.0.0.1');
    await new Promise((resolve) => idle.once('connect', resolve));
    const gone = new Promise((resolve) => idle.once('close', resolve));
    const waiting = exchange(emulator.port, LIST);
    await systemClock.sleep(50);
    await emulator.close();
    expect(await waiting).toBeUndefined();
    await gone;
    expect(
      await new Promise((resolve) => connect(emulator.port, '127.0.0.1').once('error', () => resolve('refused'))),
    ).toBe('refused');
  });

  it('leaves its folder to the next, with everything in it', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'wire-'));
    const options = { clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)), dir };
    const put = 'PUT /kept HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n';
    const first = await startEmulator(options);
    expect(await exchange(first.port, put)).toMatchObject({ status: 200 });
    await expect(startEmulator(options)).rejects.toThrow('already open');
    await first.close();
    const second = await startEmulator(options);
    const listed = await exchange(second.port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(listed?.body.toString()).toContain('<Name>kept</Name>');
    await second.close();
    await rm(dir, { recursive: true });
  });

  it('lets go of its folder when its port is taken', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'wire-'));
    const clock = new VirtualClock(0);
    const other = await startEmulator({ clock });
    await expect(startEmulator({ clock, dir, port: other.port })).rejects.toThrow('the port is taken');
    await (await startEmulator({ clock, dir })).close();
    await other.close();
    await rm(dir, { recursive: true });
  });
});

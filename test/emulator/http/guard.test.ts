import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';
import { exchange } from '../wire/exchange.ts';

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)) });
});
afterAll(() => emulator.close());

const IDENTITY = 'Action=GetCallerIdentity&Version=2011-06-15';

function call(host: string, more = ''): string {
  const form = 'Content-Type: application/x-www-form-urlencoded';
  return `POST / HTTP/1.1\r\nHost: ${host}\r\n${form}\r\n${more}Content-Length: ${IDENTITY.length}\r\n\r\n${IDENTITY}`;
}

describe('who may talk to the emulator', () => {
  it.each(['127.0.0.1:4566', 'localhost', 'LOCALHOST:80', 'sts.localhost:4566', '[::1]:4566', 'a.b.s3.localhost.'])(
    'answers to the loopback name %s',
    async (host) => {
      expect(await exchange(emulator.port, call(host))).toMatchObject({ status: 200 });
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    '10.0.0.1',
    '',
    'user@localhost',
    'localhost:4566:1',
  ])('refuses the name %j, which a web page could have bound to it', async (host) => {
    const reply = await exchange(emulator.port, call(host));
    expect(reply).toMatchObject({ status: 403 });
    expect(reply?.body.toString()).toContain('loopback names only');
  });

  it('refuses web pages, of whatever origin', async () => {
    for (const more of [
      'Origin: http://evil.example\r\n',
      'Origin: null\r\n',
      'Sec-Fetch-Site: cross-site\r\n',
      'Sec-Fetch-Site: same-site\r\n',
    ]) {
      expect(await exchange(emulator.port, call('localhost', more))).toMatchObject({ status: 403 });
    }
    // An address that a person typed.
    expect(await exchange(emulator.port, call('localhost', 'Sec-Fetch-Site: none\r\n'))).toMatchObject({ status: 200 });
  });

  it('changes nothing for a browser that follows an address', async () => {
    const get = (query: string, more = '') =>
      exchange(emulator.port, `GET /?${query} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`);
    const follows = 'Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n';
    const create = 'Action=CreateTopic&Version=2010-03-31&Name=alarms';
    expect(await get(create, follows)).toMatchObject({ status: 403 });
    expect((await get('Action=ListTopics&Version=2010-03-31', follows))?.body.toString()).not.toContain('alarms');
    expect(await get(IDENTITY, follows)).toMatchObject({ status: 200 });
    expect(await get(create)).toMatchObject({ status: 200 });
  });

  it('listens on the loopback interface only', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((one) => one !== undefined && !one.internal && one.family === 'IPv4');
    // A machine without another address cannot be reached through one.
    if (outside === undefined) return;
    const connected = await new Promise<boolean>((resolve) => {
      const socket = connect(emulator.port, outside.address);
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    expect(connected).toBe(false);
  });

  it('says so when its port is taken', async () => {
    const clock = new VirtualClock(0);
    await expect(startEmulator({ clock, port: emulator.port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${emulator.port}: the port is taken`,
    );
  });

  it('answers what is not HTTP with a 400, and what is too long a head with a 431', async () => {
    expect(await exchange(emulator.port, '\x16\x03\x01\x02\0\x01hello')).toMatchObject({ status: 400 });
    expect(await exchange(emulator.port, call('localhost', `X-Long: ${'x'.repeat(70_000)}\r\n`))).toMatchObject({
      status: 431,
    });
  });
});

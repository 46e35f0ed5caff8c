import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { VirtualClock } from '../../../../src/base/clock.ts';
import type { EmulatorOptions } from '../../../../src/emulator/world/options.ts';
import { type Emulator, startEmulator } from '../../../../src/emulator/http/server.ts';

/** Monday morning, on the minute. */
export const NINE = Date.UTC(2026, 0, 5, 9);
export const MINUTE = 60_000;

export interface Running {
  emulator: Emulator;
  clock: VirtualClock;
  client: CloudWatchClient;
  stop(): Promise<void>;
}

/** An emulator at nine o'clock and a client to it. */
export async function start({
  at = NINE,
  ...options
}: Partial<EmulatorOptions> & { at?: number } = {}): Promise<Running> {
  const clock = new VirtualClock(at);
  const emulator = await startEmulator({ ...options, clock });
  const client = new CloudWatchClient({
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  return {
    emulator,
    clock,
    client,
    stop: async () => {
      client.destroy();
      await emulator.close();
    },
  };
}

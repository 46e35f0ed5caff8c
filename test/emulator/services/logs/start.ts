import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { VirtualClock } from '../../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../../src/emulator/http/server.ts';

export const NINE = Date.UTC(2026, 0, 5, 9);

export interface Running {
  emulator: Emulator;
  clock: VirtualClock;
  client: CloudWatchLogsClient;
  stop(): Promise<void>;
}

/** An emulator at nine o'clock and a Logs client to it. */
export async function start(options: { dir?: string; at?: number } = {}): Promise<Running> {
  const clock = new VirtualClock(options.at ?? NINE);
  const emulator = await startEmulator(options.dir === undefined ? { clock } : { clock, dir: options.dir });
  const client = new CloudWatchLogsClient({
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

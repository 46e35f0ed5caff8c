import { S3Client, type S3ServiceException } from '@aws-sdk/client-s3';
import { VirtualClock } from '../../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../../src/emulator/http/server.ts';

export interface S3World {
  emulator: Emulator;
  clock: VirtualClock;
  s3: S3Client;
  /** A client of another region or account. */
  client(options: { region?: string; accessKeyId?: string }): S3Client;
  close(): Promise<void>;
}

/** An emulator under virtual time and clients of it; its state is in `dir`, or in memory. */
export async function s3World(dir?: string): Promise<S3World> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 5, 9, 0, 0, 250));
  const emulator = await startEmulator({ clock, ...(dir === undefined ? {} : { dir }) });
  const made: S3Client[] = [];
  const client: S3World['client'] = ({ region = 'us-east-1', accessKeyId = 'test' }) => {
    const one = new S3Client({
      endpoint: emulator.url,
      region,
      credentials: { accessKeyId, secretAccessKey: 'test' },
      forcePathStyle: true,
      maxAttempts: 1,
    });
    made.push(one);
    return one;
  };
  return {
    emulator,
    clock,
    s3: client({}),
    client,
    async close() {
      for (const one of made) one.destroy();
      await emulator.close();
    },
  };
}

/** The refusal a call must meet: its name and status, to compare in one go. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (thrown) {
    const { name, $metadata } = thrown as S3ServiceException;
    return `${$metadata.httpStatusCode} ${name}`;
  }
  throw new Error('the call was not refused');
}

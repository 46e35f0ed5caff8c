import type { IncomingMessage } from 'node:http';
import { type Budget, KeptChunks } from './budget.ts';

/** Reads a request to its end; undefined where it is larger than the bound, or than what is free. */
export function readWhole(
  req: IncomingMessage,
  most: number,
  memory: Budget,
  then: (body: Buffer | undefined) => void,
): void {
  const kept = new KeptChunks(memory, most);
  req.on('data', (chunk: Buffer) => kept.add(chunk));
  req.once('close', () => kept.release());
  req.once('end', () => then(kept.whole()));
}

/**
 * Reads a request to its end, to decide who answers it; of one that is larger than the bound, or than what is free, only the
 * beginning, and holds up the rest.
 */
export function readBegun(
  req: IncomingMessage,
  most: number,
  memory: Budget,
  then: (read: { body: Buffer } | { body?: undefined; begun: Buffer }) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const done = () => {
    req.off('data', take).off('end', whole).off('close', gone);
    memory.give(bytes);
    return Buffer.concat(chunks);
  };
  const take = (chunk: Buffer) => {
    chunks.push(chunk);
    const fits = bytes + chunk.length <= most && memory.take(chunk.length);
    if (fits) {
      bytes += chunk.length;
      return;
    }
    req.pause();
    then({ begun: done() });
  };
  const whole = () => then({ body: done() });
  const gone = () => void done();
  req.on('data', take).once('end', whole).once('close', gone);
}

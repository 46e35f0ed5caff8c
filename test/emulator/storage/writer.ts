import { systemClock } from '../../../src/base/clock.ts';
import { createObjectStore } from '../../../src/emulator/world/objects/store.ts';
import { openStore } from '../../../src/emulator/storage/open.ts';

// Writes until it is killed. Each round sets two records that must agree, appends to a blob, replaces another, and says
// on standard output what it was promised would survive.
/** Large enough for a kill to come in the middle of it. */
const BIG = 2_048_000;
const [dir = '', mode = 'flush'] = process.argv.slice(2);
const store = await openStore(dir);
const left = store.table<{ round: number; pad: string }>('left');
const right = store.table<{ round: number; pad: string }>('right');
const first = (left.get('same')?.round ?? 0) + 1;
process.stdout.write(`opened ${first - 1}\n`);
if (mode === 'objects') {
  const objects = createObjectStore(store, systemClock);
  store.table('s3.buckets').set('b', { account: '000000000000', region: 'us-east-1', createdAt: 0, tags: [] });
  for (let round = 1; ; round += 1) {
    await objects.put('000000000000', 'b', 'same', Buffer.alloc(BIG + round, round % 256));
    process.stdout.write(`put ${round}\n`);
  }
}
if (mode === 'blobs') {
  for (let round = 1; ; round += 1) {
    await store.blobs.put('replaced', Buffer.alloc(BIG * 8 + round, round % 256));
    process.stdout.write(`put ${round}\n`);
  }
}
if (mode !== 'idle') {
  for (let round = first; ; round += 1) {
    const pad = 'x'.repeat((round * 7919) % 50_000);
    left.set('same', { round, pad });
    right.set('same', { round, pad });
    left.set(`round/${round % 500}`, { round, pad: pad.slice(0, 4000) });
    if (round % 3 === 0) left.delete(`round/${(round * 31) % 500}`);
    await store.blobs.put('replaced', Buffer.alloc(BIG + round, round % 256));
    if (mode === 'flush') {
      await store.flush();
      process.stdout.write(`kept ${round}\n`);
    }
  }
}
setInterval(() => {}, 1000);

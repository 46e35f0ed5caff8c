import { openStore } from '../../../src/emulator/storage/open.ts';

// Writes until it is killed. Each round sets two records that must agree, appends to a blob, replaces another, and says
// on standard output what it was promised would survive.
const [dir = '', mode = 'flush'] = process.argv.slice(2);
const store = await openStore(dir);
const left = store.table<{ round: number; pad: string }>('left');
const right = store.table<{ round: number; pad: string }>('right');
const first = (left.get('same')?.round ?? 0) + 1;
process.stdout.write(`opened ${first - 1}\n`);
if (mode !== 'idle') {
  for (let round = first; ; round += 1) {
    const pad = 'x'.repeat((round * 7919) % 50_000);
    left.set('same', { round, pad });
    right.set('same', { round, pad });
    left.set(`round/${round % 500}`, { round, pad: pad.slice(0, 4000) });
    if (round % 3 === 0) left.delete(`round/${(round * 31) % 500}`);
    await store.blobs.put('replaced', Buffer.alloc(1 + (round % 100_000), round % 256));
    if (mode === 'flush') {
      await store.flush();
      process.stdout.write(`kept ${round}\n`);
    }
  }
}
setInterval(() => {}, 1000);

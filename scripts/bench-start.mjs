// What does starting cost? `npm run bench:start` runs whole processes of the built program beside `node -e 0`, in turns,
// on every release of Node that can be had. The least of many turns is what a busy machine stretches least; the
// processor time (where /proc tells it) it does not stretch at all.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { findNode, RELEASES } from './nodes.mjs';

const TURNS = 20;
const CEILING = 1.6;
const program = resolve(import.meta.dirname, '../bin/shadowctl.js');
// A certificate file makes every start of Node slower by tens of milliseconds, whatever it runs.
const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined };
const WAYS = [
  ['-e', '0'],
  [program, '--version'],
  [program, '--help'],
  [program, 'deploy', '--help'],
];
const NAMES = ['node -e 0', 'shadowctl --version', 'shadowctl --help', 'shadowctl deploy --help'];

/** Processor time of children that have ended, in milliseconds; NaN where the system does not tell. */
function childrenCpu() {
  if (!existsSync('/proc/self/stat')) return Number.NaN;
  // After the name in parentheses: cutime and cstime are the 14th and 15th, in hundredths of a second.
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

/** @param {string} line */
const say = (line) => void process.stdout.write(`${line}\n`);

for (const release of RELEASES) {
  const found = findNode(release);
  if ('missing' in found) {
    say(`skipped: ${found.missing}`);
    continue;
  }
  const measured = WAYS.map(() => ({ ms: /** @type {number[]} */ ([]), cpu: 0 }));
  for (let turn = -1; turn < TURNS; turn += 1) {
    for (const [i, argv] of WAYS.entries()) {
      const [began, before] = [performance.now(), childrenCpu()];
      const { status } = spawnSync(found.path, argv, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      if (status !== 0) throw new Error(`${NAMES[i]} ended with ${status} on Node ${release}`);
      // The first turn fills the caches.
      if (turn < 0) continue;
      measured[i]?.ms.push(performance.now() - began);
      if (measured[i] !== undefined) measured[i].cpu += childrenCpu() - before;
    }
  }
  const version = spawnSync(found.path, ['--version'], { encoding: 'utf8' }).stdout.trim();
  say(`Node ${version}, the least of ${TURNS} turns; load ${loadavg()[0]?.toFixed(1)}`);
  const least = measured.map(({ ms }) => Math.min(...ms));
  for (const [i, name] of NAMES.entries()) {
    const ratio = (least[i] ?? 0) / (least[0] ?? 1);
    const cpu = (measured[i]?.cpu ?? 0) / (measured[0]?.cpu ?? 1);
    const held = i === 1 || i === 2;
    // Where the processor's time is known it decides: it is the same on a busy machine.
    const missed = held && (Number.isNaN(cpu) ? ratio : cpu) > CEILING;
    const words = [
      `${(least[i] ?? 0).toFixed(0).padStart(4)} ms`,
      `${ratio.toFixed(2)} × node`,
      Number.isNaN(cpu) ? '' : `${cpu.toFixed(2)} × its processor time`,
      held ? `(at most ${CEILING}${missed ? '; MISSED' : ''})` : '',
    ];
    say(`  ${name.padEnd(24)} ${words.filter((word) => word !== '').join('  ')}`);
    if (missed) process.exitCode = 1;
  }
}

import { setImmediate } from 'node:timers/promises';
import { afterAll } from 'vitest';

/** A warning of Node's (a leak of listeners, something deprecated) reaches the user's terminal: none may be given. */
const warnings: string[] = [];
const keep = (warning: Error) => void warnings.push(warning.stack ?? String(warning));
process.on('warning', keep);
afterAll(async () => {
  // Node tells of them a moment later; then comes the next file, which listens for itself.
  await setImmediate();
  process.off('warning', keep);
  if (warnings.length > 0) throw new Error(`Node has warned:\n${warnings.join('\n')}`);
});

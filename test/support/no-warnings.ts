import { afterAll } from 'vitest';

/** A warning of Node's (a leak of listeners, something deprecated) reaches the user's terminal: none may be given. */
const warnings: string[] = [];
process.on('warning', (warning) => warnings.push(warning.stack ?? String(warning)));
afterAll(() => {
  if (warnings.length > 0) throw new Error(`Node has warned:\n${warnings.join('\n')}`);
});

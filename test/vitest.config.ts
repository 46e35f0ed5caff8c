import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** What scripts/build.mjs takes in as text, tests take in as text too. */
const asText = {
  name: 'as-text',
  enforce: 'pre' as const,
  load(id: string) {
    if (!/\.(sql|txt|inline\.js|iife\.min\.js)$/.test(id)) return undefined;
    return `export default ${JSON.stringify(readFileSync(id, 'utf8'))}`;
  },
};

/** Files that replace a module for themselves (`vi.mock`): each needs a worker of its own. */
export const ALONE = ['test/base/process-lock-links.test.ts', 'test/state/full-disk.test.ts'];

export default defineConfig({
  plugins: [asText],
  test: {
    // Test files share a worker and the modules it has loaded, which saves nearly half the time: so a test puts back
    // whatever it changes in the process.
    projects: [
      { extends: true, test: { name: 'shared', include: ['test/**/*.test.ts'], exclude: ALONE, isolate: false } },
      { extends: true, test: { name: 'alone', include: ALONE, isolate: true } },
    ],
    server: { deps: { inline: ['uplot'] } },
    setupFiles: ['test/support/no-warnings.ts'],
    // The SDK warns about Node 20; NODE_EXTRA_CA_CERTS and real credentials of the machine must not reach a test.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', NO_COLOR: '1' },
    testTimeout: 40_000,
    // Some build the program, on a machine that is busy with other tests.
    hookTimeout: 60_000,
    pool: 'threads',
    // Some tests wait for processes, and for the SDK's pauses between attempts; more workers than cores use the time.
    maxWorkers: 4,
  },
});

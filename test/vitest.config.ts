import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The SDK warns about Node 20; NODE_EXTRA_CA_CERTS and real credentials of the machine must not reach a test.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', NO_COLOR: '1' },
    testTimeout: 20_000,
    pool: 'threads',
    maxWorkers: 2,
  },
});

// Builds and runs the first session on a real AWS account: `npm run verify:aws -- --help`.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'node_modules/.cache/verify-aws');
mkdirSync(folder, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ['scripts/verify-aws/main.ts'],
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  mainFields: ['module', 'main'],
  external: ['@duckdb/node-bindings'],
  loader: { '.sql': 'text', '.inline.js': 'text', '.iife.min.js': 'text' },
  logLevel: 'warning',
  banner: {
    js: "import { createRequire as verifyRequire } from 'node:module'; const require = verifyRequire(import.meta.url);",
  },
});
const child = spawn(process.execPath, [join(folder, 'main.mjs'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, SHADOWCTL_ROOT: root, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
});
// Ctrl-C reaches the session itself, which cleans up; this one waits for it. Other signals are passed on.
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
process.on('SIGINT', () => undefined);
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});

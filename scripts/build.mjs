// Builds the program into `dist/`, or into the folder that is given: `node scripts/build.mjs [folder]`.
import { resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const outdir = resolve(process.argv[2] ?? resolve(root, 'dist'));

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  legalComments: 'linked',
  logLevel: 'warning',
};

await Promise.all([
  build({
    ...common,
    entryPoints: ['src/main.ts'],
    format: 'esm',
    splitting: true,
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    mainFields: ['module', 'main'],
    external: ['@duckdb/node-bindings'],
    loader: { '.sql': 'text', '.inline.js': 'text', '.iife.min.js': 'text' },
    banner: {
      js: "import { createRequire as shadowctlRequire } from 'node:module'; const require = shadowctlRequire(import.meta.url);",
    },
  }),
  // CommonJS, because Node starts it before its loader of ES modules: --version and --help are answered by it alone.
  build({ ...common, entryPoints: { start: 'src/start.ts' }, format: 'cjs', outdir, outExtension: { '.js': '.cjs' } }),
]);

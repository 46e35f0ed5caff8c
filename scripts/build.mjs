// Builds the program into `dist/`, or into the folder that is given: `node scripts/build.mjs [folder]`.
import { mkdirSync, writeFileSync } from 'node:fs';
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
  // Compiling is most of what starting costs, and less of it is less to compile; names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
};

const [bundled] = await Promise.all([
  build({
    ...common,
    metafile: true,
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

// What is in which chunk, for test/bundle.test.ts; no part of the package.
if (process.argv[2] === undefined) {
  const cache = resolve(root, 'node_modules/.cache/shadowctl');
  mkdirSync(cache, { recursive: true });
  writeFileSync(resolve(cache, 'meta.json'), JSON.stringify(bundled.metafile));
}

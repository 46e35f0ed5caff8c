// Builds the program into `dist/`, or into the folder that is given: `node scripts/build.mjs [folder]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { rolldown } from 'rolldown';

const root = resolve(import.meta.dirname, '..');
const outdir = resolve(process.argv[2] ?? resolve(root, 'dist'));

/** Scripts that are sent to a browser are data here, not code. */
const scriptsAsText = {
  name: 'scripts-as-text',
  /** @type {(code: string, id: string) => { code: string, moduleType: 'text' } | undefined} */
  transform: (code, id) => (/\.(?:inline|iife\.min)\.js$/.test(id) ? { code, moduleType: 'text' } : undefined),
};

/** Of the lock file the bundle gets what a function is made of: a package that is installed carries no lock file. */
const lockedPackages = {
  name: 'locked-packages',
  /** @type {(code: string, id: string) => { code: string, moduleType: 'json' } | undefined} */
  transform(code, id) {
    if (id !== resolve(root, 'package-lock.json')) return undefined;
    const all = Object.entries(JSON.parse(code).packages);
    const wanted = all.filter(([name]) => /^node_modules\/@duckdb\/node-bindings-linux-(?:arm64|x64)$/.test(name));
    const packages = Object.fromEntries(wanted.map(([name, { version, integrity }]) => [name, { version, integrity }]));
    return { code: JSON.stringify({ packages }), moduleType: 'json' };
  },
};

/**
 * CommonJS, because Node starts that before its loader of ES modules, and loads many small files faster: a report from
 * files starts about 50 ms sooner for it, one that asks AWS 100 ms (Node 20).
 *
 * @param {Record<string, string>} input @param {boolean} split into chunks that are loaded when they are needed
 */
async function build(input, split) {
  const bundle = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    external: ['@duckdb/node-bindings'],
    resolve: { mainFields: ['module', 'main'] },
    transform: { target: 'node20' },
    moduleTypes: { '.sql': 'text' },
    plugins: [scriptsAsText, lockedPackages],
    onLog: (level, log, handle) => handle(level === 'warn' ? 'error' : level, log),
  });
  const { output } = await bundle.write({
    dir: outdir,
    format: 'cjs',
    codeSplitting: split,
    entryFileNames: '[name].cjs',
    chunkFileNames: 'chunks/[name]-[hash].cjs',
    // Compiling is most of what starting costs, and less of it is less to compile; names stay, for stack traces.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  });
  await bundle.close();
  return output;
}

const [chunks] = await Promise.all([
  build({ main: 'src/main.ts', function: 'src/function.ts' }, true),
  // A file of its own: --version and --help are answered by it alone.
  build({ start: 'src/start.ts' }, false),
]);

// What is in which chunk, for test/bundle.test.ts; no part of the package.
if (process.argv[2] === undefined) {
  const cache = resolve(root, 'node_modules/.cache/shadowctl');
  mkdirSync(cache, { recursive: true });
  const parts = chunks.flatMap((chunk) =>
    chunk.type === 'chunk'
      ? [
          {
            file: chunk.fileName,
            modules: chunk.moduleIds.map((id) => relative(root, id).replaceAll(sep, '/')),
            imports: chunk.imports,
          },
        ]
      : [],
  );
  writeFileSync(resolve(cache, 'chunks.json'), JSON.stringify(parts));
}

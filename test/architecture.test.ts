import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** Who may import whom; `src/README.md` shows the same table. */
const BELOW = [
  ...['base', 'state', 'aws', 'guard', 'resources', 'mirror'],
  ...['analysis', 'analysis/observe', 'analysis/compare'],
];
const RULES: Record<string, readonly string[]> = {
  base: [],
  state: ['base'],
  ui: ['base'],
  aws: ['base'],
  guard: ['base'],
  analysis: ['base'],
  'analysis/observe': ['base', 'aws', 'analysis', 'analysis/compare'],
  'analysis/compare': ['base', 'aws', 'analysis', 'analysis/observe'],
  resources: ['base', 'state', 'aws'],
  report: ['base', 'analysis', 'ui'],
  mirror: ['base', 'analysis'],
  lifecycle: [...BELOW, 'report'],
  emulator: ['base'],
  overview: ['ui', 'cli'],
  start: ['overview', 'ui'],
  pipeline: [...BELOW, 'lifecycle', 'report', 'ui'],
  cli: [...BELOW, 'lifecycle', 'pipeline', 'report', 'ui', 'app'],
};
/** Rooms and files that may import everything; nobody but those named may import them. */
const OPEN = ['main', 'function', 'handler', 'app', 'wire', 'program'];
const STARTS_AN_EMULATOR = ['cli/emulator', 'cli/demo'];
const CALLS_THE_HANDLER = 'cli/demo';

const root = resolve(import.meta.dirname, '..', 'src');

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

const STATEMENT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(STATEMENT)].map((match) => ({
    from: relative(root, file),
    to: match[2] ?? match[3] ?? '',
    typeOnly: match[1] !== undefined,
  }));
}

const all = sources(root).flatMap(importsOf);
const inside = all
  .filter((one) => one.to.startsWith('.'))
  .map((one) => ({ ...one, to: relative(root, resolve(root, dirname(one.from), one.to)) }))
  .filter((one) => !['../package.json', '../package-lock.json'].includes(one.to));

/** The room of a file: its first folder, or its name where it stands at the top. */
function roomOf(file: string): string {
  const [, inner] = /^(analysis\/(?:observe|compare))\//.exec(file) ?? [];
  if (inner !== undefined) return inner;
  return file.includes('/') ? (file.split('/')[0] ?? '') : file.replace(/\.ts$/, '');
}

test('every import leads to a file, with its ending', () => {
  const lost = inside.filter((one) => !existsSync(join(root, one.to)));
  expect(lost).toEqual([]);
});

test('every room imports only what it may', () => {
  const wrong = inside.filter((one) => {
    const from = roomOf(one.from);
    const to = roomOf(one.to);
    if (from === to || OPEN.includes(from)) return false;
    if (from === 'cli' && to === 'handler') return !one.from.startsWith(CALLS_THE_HANDLER);
    if (from === 'cli' && to === 'emulator') return !STARTS_AN_EMULATOR.some((room) => one.from.startsWith(room));
    return !(RULES[from] ?? []).includes(to);
  });
  expect(wrong.map((one) => `${one.from} -> ${one.to}`)).toEqual([]);
});

/** What commands share; every other file or folder of `cli` is a command. */
const SHARED_BY_COMMANDS = [
  ...['flags', 'views', 'on-mirror'],
  ...['confirm.ts', 'guarded.ts', 'release-parts.ts', 'session.ts', 'time-box.ts'],
];

test('a command never imports another command', () => {
  const command = (file: string) => file.split('/')[1]?.replace(/\.ts$/, '') ?? '';
  const isShared = (file: string) => SHARED_BY_COMMANDS.includes(file.split('/')[1] ?? '');
  const wrong = inside.filter(
    ({ from, to }) =>
      from.startsWith('cli/') && to.startsWith('cli/') && command(from) !== command(to) && !isShared(to),
  );
  expect(wrong.map((one) => `${one.from} -> ${one.to}`)).toEqual([]);
});

test('what commands share does not know commands', () => {
  const isCommand = (file: string) => file.startsWith('cli/') && !SHARED_BY_COMMANDS.includes(file.split('/')[1] ?? '');
  const wrong = inside.filter(({ from, to }) => from.startsWith('cli/') && !isCommand(from) && isCommand(to));
  expect(wrong.map((one) => `${one.from} -> ${one.to}`)).toEqual([]);
});

test('only what parses a command line knows commander', () => {
  const wrong = all.filter(({ from, to }) => to === 'commander' && !/^(main|program)\.ts$|^cli\//.test(from));
  expect(wrong.map((one) => one.from)).toEqual([]);
  const views = all.filter(({ from, to }) => to === 'commander' && from.startsWith('cli/views/'));
  expect(views.map((one) => one.from)).toEqual([]);
});

test('the lifecycle draws nothing: of the report it knows what one is, not how it is rendered', () => {
  const wrong = inside.filter(
    ({ from, to }) => from.startsWith('lifecycle/') && to.startsWith('report/') && to !== 'report/report.ts',
  );
  expect(wrong.map((one) => `${one.from} -> ${one.to}`)).toEqual([]);
});

test('nobody imports main', () => {
  expect(inside.filter((one) => one.to === 'main.ts').map((one) => one.from)).toEqual([]);
});

test('only the aws room imports values of the AWS SDK', () => {
  const wrong = all.filter(
    (one) => /^@(aws-sdk|smithy)\//.test(one.to) && !one.typeOnly && !one.from.startsWith('aws/'),
  );
  expect(wrong.map((one) => `${one.from} -> ${one.to}`)).toEqual([]);
});

test('what is slow to load is loaded when it is needed', () => {
  const slow = /^(@aws-sdk\/|ora$|@duckdb\/|yaml$|cli-table3$)/;
  const eager = all.filter((one) => {
    const text = readFileSync(join(root, one.from), 'utf8');
    const dynamic = new RegExp(`import\\(\\s*['"]${one.to.replaceAll('/', '\\/')}['"]`).test(text);
    return (
      slow.test(one.to) &&
      !one.typeOnly &&
      !dynamic &&
      /^(main|program|app|wire|base\/(project|errors|clock)|cli\/[a-z]+\/command)\.ts$/.test(one.from)
    );
  });
  expect(eager.map((one) => `${one.from} -> ${one.to}`)).toEqual([]);
});

test('only the clock asks for the time or starts a timer, and only seeded randomness is used', () => {
  const forbidden =
    /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(|\bMath\.random\(|timers\/promises|performance\.now\(/;
  const wrong = sources(root).filter((file) => {
    const name = relative(root, file);
    if (name === 'base/clock.ts') return false;
    const code = readFileSync(file, 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/(^|\s)\/\/.*$/gm, '');
    return forbidden.test(code);
  });
  expect(wrong.map((file) => relative(root, file))).toEqual([]);
});

/**
 * Exported functions without a doc comment, but for commands and operations of AWS, whose names say what they are. The
 * number may only fall.
 */
const UNDOCUMENTED = 0;

test('exported functions say what they take and give', () => {
  const found = sources(root).flatMap((file) => {
    const name = relative(root, file);
    if (/^emulator\/services\/[\w-]+\/(?!insights)/.test(name)) return [];
    return [
      ...readFileSync(file, 'utf8').matchAll(
        /(^|.*\n)export (?:async )?(?:function\*? (\w+)|const (\w+) = (?:async )?\([^\n]*=>)/g,
      ),
    ]
      .filter(([, before = '', declared]) => !/\*\/\s*$/.test(before) && !declared?.endsWith('Command'))
      .map(([, , declared, constant]) => `${name}: ${declared ?? constant}`);
  });
  expect(found.length, found.join('\n')).toBeLessThanOrEqual(UNDOCUMENTED);
});

/** Every circle of imports, as a chain of files that ends where it began. */
function circles(imports: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const one of imports) next.set(one.from, [...(next.get(one.from) ?? []), one.to]);
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) return void found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return found;
}

test('there are no circles', () => {
  expect(circles(inside.filter((one) => !one.typeOnly))).toEqual([]);
});

test('there are no circles of types either', () => {
  expect(circles(inside)).toEqual([]);
});

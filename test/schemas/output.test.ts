import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { beforeAll, describe, expect, test } from 'vitest';
import type { App } from '../../src/app.ts';
import { mirrorLog } from '../../src/cli/views/mirror.ts';
import type { MirrorHooks } from '../../src/lifecycle/mirror/serve.ts';
import { run } from '../../src/main.ts';
import { systemClock } from '../../src/base/clock.ts';
import { ROOT } from '../docs/pages.ts';
import { capturedIo } from '../support/io.ts';
import { allCommands, collectDocuments, type Documents } from './outputs.ts';
import { widen } from './widen.ts';

const FOLDER = join(ROOT, 'schemas/output');
/** Their `--schema` is that of what they read. */
const OWN_SCHEMA = ['mirror', 'record'];
/** Demos take long; they print their lines by the function that `help` uses. */
const NOT_RUN = ['demo', 'demo batch', 'demo mirror', 'demo release'];

/** commander asks for these before it looks at a flag. */
const NEEDED_WORD: Readonly<Record<string, string[]>> = {
  'emulator fault add': ['throttle'],
  completion: ['bash'],
  'mirror manifest': ['envoy'],
};

const fileOf = (command: string) => `${command.replaceAll(' ', '-')}.schema.json`;
const shipped = (command: string) => JSON.parse(readFileSync(join(FOLDER, fileOf(command)), 'utf8')) as object;

/** The same schema, in which a member that is not described is a mistake: what is printed is written down. */
function closed(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closed);
  if (typeof part !== 'object' || part === null) return part;
  const inner = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, closed(value)]));
  return 'properties' in part && !('additionalProperties' in part) ? { ...inner, additionalProperties: false } : inner;
}

let commands: { name: string; flags: string[] }[];
let documents: Documents;
beforeAll(async () => {
  commands = await allCommands();
  documents = await collectDocuments();
}, 300_000);

test('every command takes --format and --schema, and has a schema of its own', () => {
  expect(commands.length).toBeGreaterThan(40);
  const lacking = commands.filter(({ flags }) => !flags.includes('--format') || !flags.includes('--schema'));
  expect(lacking.map(({ name }) => name)).toEqual([]);
  const files = [...commands.map(({ name }) => fileOf(name)), 'error.schema.json'].toSorted();
  expect(readdirSync(FOLDER).toSorted()).toEqual(files);
});

test('every command was run, and what each printed keeps to its schema, to the last member; UPDATE_SCHEMAS=1 adds members', () => {
  if (process.env.UPDATE_SCHEMAS === '1')
    for (const [command, all] of documents) {
      // A report's is held by test/report.
      if (command === 'report' || command === 'batch report') continue;
      const schema = shipped(command) as Record<string, unknown>;
      for (const one of all) widen(schema, one);
      writeFileSync(join(FOLDER, fileOf(command)), `${JSON.stringify(schema, null, 2)}\n`);
    }
  const names = commands.map(({ name }) => name).filter((name) => !NOT_RUN.includes(name));
  expect(names.filter((name) => !documents.has(name))).toEqual([]);
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  formats.default(ajv);
  const wrong = [...documents].flatMap(([command, all]) => {
    const validate = ajv.compile(closed({ ...shipped(command), $id: undefined }) as object);
    return all.flatMap((one) =>
      validate(one)
        ? []
        : (validate.errors ?? []).map(
            ({ instancePath, message, params }) => `${command}${instancePath} ${message} ${JSON.stringify(params)}`,
          ),
    );
  });
  expect(wrong).toEqual([]);
});

test('every document says which it is and in which version', () => {
  for (const [command, all] of documents)
    for (const one of all.flat())
      expect(one, command).toMatchObject({
        schema: expect.stringMatching(
          new RegExp(`^shadowctl-(${command.replaceAll(' ', '-')}|[a-z]+-of-mirror|mirrors)/1$`),
        ),
      });
});

test('every line that a mirror may log keeps to its schema, to the last member', () => {
  const division = { shadow: 'c', side: 'http://c', share: 0.1, by: 'request', slices: [] };
  type Events = Parameters<MirrorHooks['onEvent']>[0];
  // A kind that is added is added here, or this is no such table.
  const events: { [Kind in Events['kind']]: Extract<Events, { kind: Kind }> } = {
    'records-lost': { kind: 'records-lost', why: 'disk', error: 'ENOSPC' },
    'records-resumed': { kind: 'records-resumed' },
    'records-removed': { kind: 'records-removed', why: 'size', files: 1, records: 2, until: 3 },
    'records-not-removed': { kind: 'records-not-removed', error: 'EACCES' },
    'clock-jumped': { kind: 'clock-jumped', by: -5_000 },
    'credentials-failing': { kind: 'credentials-failing', shadow: 'c', count: 1 },
    'shadow-failing': { kind: 'shadow-failing', shadow: 'c', outcome: 'timeout', count: 1 },
    'fell-back': { kind: 'fell-back', shadow: 'c', how: '5xx', count: 1 },
    divided: { kind: 'divided', live: 'http://a', division },
    reloaded: { kind: 'reloaded' },
    'reload-failed': { kind: 'reload-failed', error: 'x' },
    'upload-failed': { kind: 'upload-failed', file: 'live/x', error: 'x' },
    draining: { kind: 'draining', underWay: 1 },
    stopped: { kind: 'stopped', lost: 0 },
  };
  const io = capturedIo();
  const log = mirrorLog({ io, clock: systemClock } as unknown as App, 'json');
  for (const event of Object.values(events)) log.event(event);
  const lines = io.errLines.map((line) => JSON.parse(line) as { event: string });
  expect(lines.map(({ event }) => event)).toEqual(Object.keys(events));
  const validate = new Ajv2020({ allErrors: true, strict: false }).compile(
    closed({ ...shipped('mirror'), $id: undefined }) as object,
  );
  expect(lines.flatMap((line) => (validate(line) ? [] : [line, validate.errors]))).toEqual([]);
});

describe('--schema', () => {
  test('prints the schema of the command, and asks for nothing', async () => {
    for (const { name } of commands.filter((one) => !OWN_SCHEMA.includes(one.name))) {
      const io = capturedIo();
      const surroundings = {
        clock: systemClock,
        env: {},
        cwd: '/',
        signal: new AbortController().signal,
        io: () => io,
      };
      expect(await run([...name.split(' '), ...(NEEDED_WORD[name] ?? []), '--schema'], surroundings), name).toBe(0);
      expect(JSON.parse(io.outLines.join('\n')), name).toEqual(shipped(name));
    }
  });
});

describe('an error with --format json', () => {
  async function told(words: string) {
    const io = capturedIo();
    const surroundings = { clock: systemClock, env: {}, cwd: '/', signal: new AbortController().signal, io: () => io };
    const code = await run(words.split(' '), surroundings);
    return { code, out: io.outLines.join('\n'), err: io.errLines.join('\n') };
  }

  test.each([
    ['status --format json --nowhere', 'usage'],
    ['status --endpoint w --format json', 'cannot-run'],
    ['config show --format=json --env nowhere', 'usage'],
    ['policy explain --format json --policy nowhere.yaml', 'usage'],
  ])('%s: the document stands where the result would, and the words on standard error', async (words, kind) => {
    const { code, out, err } = await told(words);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ schema: 'shadowctl-error/1', error: { kind, exitCode: 2 } });
    expect(err).toMatch(/^error: /);
  });

  test('without it there is no document', async () => {
    expect(await told('status --endpoint w')).toMatchObject({ code: 2, out: '' });
  });
});

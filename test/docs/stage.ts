import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REALISTIC_LATENCIES } from '../../src/emulator/world/options.ts';
import { interrupted } from '../../src/base/errors.ts';
import { FINISHED, operationOf } from '../../src/emulator/http/server.ts';
import { run } from '../../src/main.ts';
import { capturedIo } from '../support/io.ts';
import { flow } from '../support/traffic.ts';
import { ARTIFACT_009, FIXTURES, type TestWorld, testWorld } from '../support/world.ts';
import { ROOT, type ShellCommand, shadowctlWords } from './pages.ts';

/** One command of a page, as it ended. */
export interface Played {
  line: string;
  command: string;
  code: number;
  out: string;
  err: string;
  /** Operations of AWS that it called, such as `sagemaker:DescribeEndpoint`. */
  operations: ReadonlySet<string>;
}

/**
 * A folder, an emulator and a virtual clock in which the commands of pages are run one after another. What a page takes
 * as given lies in the folder: `fixtures/`, `model.tar.gz`, `truth.csv`, `policy.yaml`.
 */
export interface Stage {
  world: TestWorld;
  play(commands: readonly ShellCommand[]): Promise<Played[]>;
  /** Plays while endpoint `weather` gets a request every two seconds, from the rows of `truth.csv`. */
  playWithTraffic(commands: readonly ShellCommand[]): Promise<Played[]>;
  close(): Promise<void>;
}

export async function openStage(yaml = ''): Promise<Stage> {
  const world = await testWorld({ latencies: REALISTIC_LATENCIES });
  symlinkSync(FIXTURES, join(world.root, 'fixtures'));
  copyFileSync(ARTIFACT_009, join(world.root, 'model.tar.gz'));
  copyFileSync(join(FIXTURES, 'data/weather-test.csv'), join(world.root, 'truth.csv'));
  writeFileSync(join(world.root, 'policy.yaml'), 'policy: { blockMinutes: 1 }\n');
  if (yaml !== '') writeFileSync(join(world.root, 'shadowctl.yaml'), yaml);

  const stage = { world, played: [] as Played[], background: undefined as AbortController | undefined };
  const play = async (commands: readonly ShellCommand[]): Promise<Played[]> => {
    const before = stage.played.length;
    await playAll(stage, commands);
    return stage.played.slice(before);
  };
  return {
    world,
    play,
    async playWithTraffic(commands) {
      const stop = new AbortController();
      const [played] = await world.clock.all([
        async () => {
          try {
            return await play(commands);
          } finally {
            stop.abort();
          }
        },
        async () => {
          await flow(world.clock, world.emulator, { endpoint: 'weather', perSecond: 0.5, signal: stop.signal });
          return undefined;
        },
      ]);
      return played ?? [];
    },
    async close() {
      const usedEmulator = stage.played.some(({ command }) => command === 'emulator');
      if (usedEmulator) await built(world, ['emulator', 'stop']);
      await world.close();
    },
  };
}

interface Playing {
  world: TestWorld;
  played: Played[];
  background: AbortController | undefined;
}

async function playAll(stage: Playing, [command, ...rest]: readonly ShellCommand[]): Promise<void> {
  if (command === undefined) return;
  if (!command.background) {
    await playOne(stage, command);
    return playAll(stage, rest);
  }
  const stop = new AbortController();
  stage.background = stop;
  await stage.world.clock.all([
    async () => {
      try {
        await playAll(stage, rest);
      } finally {
        stop.abort(interrupted('Interrupted.'));
      }
    },
    async () => void (await shadowctl(stage.world, shadowctlWords(command) ?? [], stop.signal)),
  ]);
}

async function playOne(stage: Playing, command: ShellCommand): Promise<void> {
  const { root } = stage.world;
  const words = shadowctlWords(command);
  const [name = '', ...rest] = command.words;
  const file = (path: string) => join(root, path);
  if (words !== undefined) {
    const ended = await observed(stage, words);
    stage.played.push({ line: command.words.join(' '), command: commandOf(words), ...ended });
    if (command.to !== undefined) writeFileSync(file(command.to), `${ended.out}\n`);
  } else if (name === 'printf' && command.to !== undefined) {
    const text = (rest[0] ?? '').replaceAll('\\n', '\n');
    // Everything runs on this stage's emulator already, whose clock is virtual.
    writeFileSync(file(command.to), text.replace('target: emulator', 'target: aws'));
  } else if (name === 'eval') {
    // The stage has that environment already.
  } else if (name === 'rm') rmSync(file(rest[0] ?? ''));
  else if (name === 'kill') {
    stage.background?.abort(interrupted('Interrupted.'));
    stage.background = undefined;
  } else throw new Error(`The test of the pages cannot run: ${command.words.join(' ')}`);
}

/** `canary`, `shadow`: the first word that is no flag. */
function commandOf(words: readonly string[]): string {
  return words.find((word) => !word.startsWith('-')) ?? '';
}

async function observed(stage: Playing, words: readonly string[]) {
  const operations = new Set<string>();
  const note = (message: unknown) => {
    const { response } = message as { response: Parameters<typeof operationOf>[0] };
    const operation = operationOf(response);
    if (operation !== undefined && !(operation.endsWith(':InvokeEndpoint') && stage.background !== undefined))
      operations.add(operation);
  };
  FINISHED.subscribe(note);
  try {
    return { ...(await shadowctl(stage.world, words)), operations };
  } finally {
    FINISHED.unsubscribe(note);
  }
}

async function shadowctl(world: TestWorld, words: readonly string[], signal = new AbortController().signal) {
  // The emulator in the background is a process, and so is what starts it.
  if (words[0] === 'emulator') return built(world, words);
  // Whoever follows a page answers yes where a command asks.
  const io = capturedIo(['y', 'y', 'y']);
  const code = await run(words, { clock: world.clock, env: world.env, cwd: world.root, signal, io: () => io });
  return { code, out: io.outLines.join('\n'), err: io.errLines.join('\n') };
}

/** The program that `npm run build` made, as a shell calls it. */
function built({ root }: TestWorld, words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, 'bin/shadowctl.js'), ...words], { cwd: root }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

/** The files of the stage, for a look. */
export const onStage = ({ world }: Stage, path: string): string => readFileSync(join(world.root, path), 'utf8');

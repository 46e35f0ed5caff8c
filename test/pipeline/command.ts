import { pipelineCommand, runInstall, runTemplate } from '../../src/cli/pipeline.ts';
import { Problem } from '../../src/base/errors.ts';
import { packed } from '../../src/pipeline/code/bundle.ts';
import { createApp } from '../../src/wire.ts';
import type { Outcome } from '../../src/app.ts';
import { NO_GLOBALS } from '../support/globals.ts';
import { capturedIo } from '../support/io.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { Said } from '../support/stage.ts';

const CODES: Readonly<Record<Outcome, number>> = { done: 0, no: 1, inconclusive: 3, pending: 4 };
const SMALL = new Map([['index.js', Buffer.from('exports.handler = async () => ({});')]]);

/**
 * Runs `shadowctl pipeline …` on a stage, as `main` does, but for the code of the function: the real one is 25 MB, and is made
 * and run in tests of its own. Here a few bytes stand for it.
 * @param argv the words after `pipeline`
 */
export async function pipelineOn(
  stage: { clock: Clock; emulator: { url: string }; cwd: string },
  argv: readonly string[],
  {
    files = SMALL,
    env = {},
    signal = new AbortController().signal,
  }: {
    files?: ReadonlyMap<string, Uint8Array>;
    env?: Record<string, string>;
    signal?: AbortSignal;
  } = {},
): Promise<Said> {
  const io = capturedIo();
  const closing: (() => void)[] = [];
  const app = createApp({
    surroundings: {
      clock: stage.clock,
      env: {
        AWS_ENDPOINT_URL: stage.emulator.url,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        ...env,
      },
      cwd: stage.cwd,
      signal,
      io: () => io,
    },
    globals: NO_GLOBALS,
    io,
    execute: () => Promise.reject(new Error('no command line is run here')),
    opened: (close) => void closing.push(close),
    startedEmulator: () => undefined,
  });
  const code = async () => packed(files);
  let outcome: Outcome = 'done';
  const command = pipelineCommand(
    {
      async start(run, options) {
        outcome = await run(app, options);
      },
    },
    (_, options) => runTemplate(app, options, code),
    (_, options) => runInstall(app, options, code),
  );
  const said = () => ({ out: io.outLines.join('\n'), err: io.errLines.join('\n') });
  try {
    await command.parseAsync([...argv], { from: 'user' });
    return { code: CODES[outcome], ...said() };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    io.alert(error.message);
    return { code: error.kind === 'no' ? 1 : 2, ...said() };
  } finally {
    for (const close of closing) close();
  }
}

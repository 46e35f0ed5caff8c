import { Command } from 'commander';
import { type App, type Host, lazy, type Run } from '../../app.ts';
import { usageError } from '../../base/errors.ts';
import { formatFlag } from '../flags/common.ts';
import type { ReleaseStory } from './release.ts';
import type { DemoOptions } from './run.ts';

export function demoCommand(
  host: Host,
  run: Run<DemoOptions & { format: Format }> = lazy(() => import('./run.ts')),
  runMirror: Run<undefined> = lazy(() => import('./mirror.ts')),
  runRelease: Run<{ story: ReleaseStory; format: Format }> = lazy(() => import('./release.ts')),
  runBatch: Run<undefined> = lazy(() => import('./batch.ts')),
): Command {
  const command = formatFlag(new Command('demo'))
    .option('--keep', "do not clean up: keep everything in this folder's emulator, so that you can look around")
    .option('--full', 'show everything that the commands print, not only a summary')
    .addHelpText(
      'after',
      `
Takes a real linear-learner model and its successor through the whole life cycle, in a minute or two. The emulator
runs in this process on a virtual clock; everything else is what you would run yourself. You need no AWS account,
and the demo touches nothing outside this machine.

Example:
  $ shadowctl demo --keep`,
    )
    .action((flags: { keep?: boolean; full?: boolean; format: Format }) =>
      host.start(inFormat('demo', run), {
        keep: flags.keep === true,
        full: flags.full === true,
        format: flags.format,
      }),
    );
  command.addCommand(
    formatFlag(new Command('mirror'))
      .description('a shadow for a model behind HTTP: two model servers, a mirror, requests, the verdict; in seconds')
      // commander gives flags that the command above has, too, to that.
      .action((_: unknown, own: Command) => {
        const { format } = own.optsWithGlobals<{ format: Format }>();
        return host.start(
          inFormat('demo-mirror', async (app: App, __: { format: Format }) => runMirror(app, undefined)),
          {
            format,
          },
        );
      }),
  );
  command.addCommand(
    formatFlag(new Command('batch'))
      .description(
        'a shadow that needs no endpoint: fourteen days of recorded inputs, judged day by day; in under a minute',
      )
      .action((_: unknown, own: Command) => {
        const { format } = own.optsWithGlobals<{ format: Format }>();
        return host.start(
          inFormat('demo-batch', async (app: App, __: { format: Format }) => runBatch(app, undefined)),
          { format },
        );
      }),
  );
  command.addCommand(
    formatFlag(new Command('release'))
      .description('a release that runs itself: an upload, a shadow, a mail, a click, a canary; in under a minute')
      .option('--worse', 'with a candidate that is worse than production')
      .option('--unanswered', 'where nobody answers the mail')
      .action((_: unknown, own: Command) => {
        const { format, worse, unanswered } = own.optsWithGlobals<{
          format: Format;
          worse?: boolean;
          unanswered?: boolean;
        }>();
        if (worse === true && unanswered === true)
          throw usageError('--worse and --unanswered are two stories.', 'Give one of them.');
        const story = worse === true ? 'worse' : unanswered === true ? 'unanswered' : 'approved';
        return host.start(inFormat('demo-release', runRelease), { story, format });
      }),
  );
  return command;
}

type Format = 'text' | 'json';

/** What a demo prints, as it is or as lines of a document. */
function inFormat<Options extends { format: Format }>(name: string, run: Run<Options>): Run<Options> {
  return async (app, options) => {
    if (options.format === 'text') return run(app, options);
    const { writeLinesAsJson } = await import('../views/json.ts');
    return writeLinesAsJson(app.io, name, (io) =>
      run({ ...app, io, execute: (argv, overrides) => app.execute(argv, { io, ...overrides }) }, options),
    );
  };
}

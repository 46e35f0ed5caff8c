import type { Handler } from './handler.ts';

let made: Promise<Handler> | undefined;

/** What AWS Lambda calls, for an installed pipeline. Loaded when it is called first, as the commands are. */
export const handler: Handler = async (event, context) => {
  made ??= make();
  return (await made)(event, context);
};

async function make(): Promise<Handler> {
  const { systemClock } = await import('./base/clock.ts');
  const { createHandler } = await import('./handler.ts');
  return createHandler({
    clock: systemClock,
    env: process.env,
    folder: '/tmp',
    log: (line) => void process.stdout.write(`${line}\n`),
  });
}

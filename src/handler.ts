import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { App, Environment, Globals } from './app.ts';
import { AwsProblem } from './aws/errors.ts';
import { functionUrl } from './aws/function-url.ts';
import { putObject } from './aws/s3-text.ts';
import { headObject, readObject } from './aws/s3.ts';
import { environmentError } from './base/errors.ts';
import { isObject, parsedJson } from './base/json.ts';
import { projectOf } from './base/project.ts';
import { printCommand, printText } from './base/text.ts';
import { prepareRelease } from './cli/release-parts.ts';
import { approvalHtml } from './cli/views/approval-page.ts';
import { accountHere } from './lifecycle/session.ts';
import {
  type FunctionContext,
  handle,
  type Look,
  type Opened,
  type TickRecord,
  type UrlReply,
} from './pipeline/handle.ts';
import { tickRecordUri } from './pipeline/places.ts';
import { type FunctionSettings, projectOfFunction, readFunctionSettings } from './pipeline/settings.ts';
import type { Io } from './ui/io.ts';
import { createApp, type Surroundings, NO_GLOBALS } from './wire.ts';

/** What the function finds around it; tests and the demo bring their own. */
export interface FunctionSurroundings extends Pick<Surroundings, 'clock' | 'env' | 'wrap'> {
  /** A folder that may be written to, and may be empty the next time. */
  folder: string;
  /** Takes a line for the log. */
  log(line: string): void;
}

/** What AWS Lambda calls. */
export type Handler = (event: unknown, context: FunctionContext) => Promise<UrlReply | TickRecord>;

/** A settings object is a shadowctl.yaml. */
const MAX_SETTINGS = 1024 * 1024;

/**
 * The function that AWS Lambda calls, for an installed pipeline: one release, looked after by ticks, and its pages.
 * Its environment: SHADOWCTL_STATE, SHADOWCTL_SETTINGS (an object in S3), and SHADOWCTL_LINK=function-url where it has a URL.
 */
export function createHandler(surroundings: FunctionSurroundings): Handler {
  let settings: Promise<FunctionSettings> | undefined;
  let link: Promise<string | undefined> | undefined;
  return (event, context) =>
    handle(
      {
        clock: surroundings.clock,
        draw: approvalHtml,
        async open(signal) {
          const closing: (() => void)[] = [];
          const opened = (close: () => void) => void closing.push(close);
          // The settings lie in S3, and a connection asks for the project: this one has none.
          const bare = appOf(surroundings, signal, opened, async () =>
            projectOf({}, surroundings.folder, 'a pipeline'),
          );
          // An object that is named by its content is read once.
          settings ??= readSettings(bare, surroundings.env);
          settings.catch(() => void (settings = undefined));
          const known = await settings;
          const app = appOf(surroundings, signal, opened, async () => projectOfFunction(known, surroundings.folder));
          const { session, parts } = await prepareRelease(app, {
            endpoint: known.endpoint,
            allowCommand: false,
            yes: true,
            inPipeline: true,
          });
          link ??= ownLink(app, surroundings.env);
          link.catch(() => void (link = undefined));
          const url = parts.settings.link ?? (await link);
          return {
            session,
            parts: { ...parts, settings: { ...parts.settings, link: url } },
            settings: known,
            close: () => closing.forEach((close) => close()),
          };
        },
        keep: keepTick,
        lastLook: readLook,
        forget: () => rm(capturesOf(surroundings), { recursive: true, force: true }),
      },
      event,
      context,
    );
}

/** Where captures that were downloaded are kept from tick to tick. */
function capturesOf({ folder }: Pick<FunctionSurroundings, 'folder'>): string {
  return join(folder, 'captures');
}

function appOf(
  { clock, env, folder, log, wrap }: FunctionSurroundings,
  signal: AbortSignal,
  opened: (close: () => void) => void,
  project: App['project'],
): App {
  const io = logIo(log, env);
  return createApp({
    surroundings: {
      clock,
      env: { ...env, SHADOWCTL_CACHE: capturesOf({ folder }) },
      cwd: folder,
      signal,
      io: () => io,
      ...(wrap !== undefined && { wrap }),
    },
    globals: GLOBALS,
    io,
    project,
    execute: () => Promise.reject(new Error('a function runs no command lines')),
    opened,
    startedEmulator: () => undefined,
  });
}

/** Whoever holds the lock is at the same work: the next tick goes on. */
const GLOBALS: Globals = { ...NO_GLOBALS, lockTimeout: '5s', color: false };

/** Lines for a log. Commands in messages say where the journal is: whoever reads them has only the message. */
function logIo(log: (line: string) => void, env: Environment): Io {
  const where = { state: env.SHADOWCTL_STATE, region: env.AWS_REGION };
  const command: Io['command'] = (line) => printCommand(line, where);
  return {
    out: (line = '') => log(printText(line, command)),
    err: (line = '') => log(printText(line, command)),
    alert: (line) => log(printText(line, command)),
    command,
    interactive: false,
    terminal: false,
    color: false,
    columns: Number.MAX_SAFE_INTEGER,
    rows: 24,
    ask: async () => undefined,
  };
}

async function readSettings(app: App, { SHADOWCTL_SETTINGS: uri = '' }: Environment): Promise<FunctionSettings> {
  const text = new TextDecoder().decode(await readObject(await app.aws(), uri, MAX_SETTINGS, app.signal));
  const content = parsedJson(text);
  if (content === undefined)
    throw environmentError(`${uri} is not valid JSON.`, 'Install the pipeline again: this rewrites its settings.');
  return readFunctionSettings(content, uri);
}

/** The address of the function itself, for links; undefined where it has none. */
async function ownLink(app: App, env: Environment): Promise<string | undefined> {
  const name = env.AWS_LAMBDA_FUNCTION_NAME;
  if (env.SHADOWCTL_LINK !== 'function-url' || name === undefined) return undefined;
  return (await functionUrl(await app.aws(), name, app.signal))?.replace(/\/+$/, '');
}

async function recordUri({ session, settings }: Opened): Promise<string> {
  const aws = await session.aws();
  const { place } = await session.state();
  return tickRecordUri(place, {
    account: await accountHere(session),
    region: aws.target.region,
    endpoint: settings.endpoint,
  });
}

/** A line of JSON is smaller. */
const MAX_TICK = 64 * 1024;

async function readLook(opened: Opened): Promise<Look | undefined> {
  const { session } = opened;
  const aws = await session.aws();
  const uri = await recordUri(opened);
  const there = await headObject(aws, uri).catch((error: unknown) => {
    // Of what is not there S3 says 403 to whoever may not list everything.
    if (error instanceof AwsProblem && error.denied) return undefined;
    throw error;
  });
  if (there === undefined) return undefined;
  const content = parsedJson(new TextDecoder().decode(await readObject(aws, uri, MAX_TICK, session.signal)));
  const look = isObject(content) && isObject(content.look) ? content.look : {};
  const { at, took } = look;
  return typeof at === 'number' && typeof took === 'number' ? { at, took } : undefined;
}

async function keepTick(opened: Opened, tick: TickRecord): Promise<void> {
  const { session } = opened;
  const aws = await session.aws();
  const uri = await recordUri(opened);
  const body = `${JSON.stringify({ ...tick, at: new Date(tick.at).toISOString() })}\n`;
  await putObject(aws, uri, { body, type: 'application/json' }, session.signal);
}

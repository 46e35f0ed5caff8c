// What runs in the process of a function: it loads the handler once, and answers one event after another. The emulator
// writes this file beside the function's code; the two speak over Node's channel between processes.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format, types } from 'node:util';

const root = process.env.LAMBDA_TASK_ROOT;
const callbacks = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV)?.[1]) < 24;
const started = performance.now();
let requestId = '';
let handler;

const send = (message, done) => process.send?.(message, undefined, undefined, done);

/** What Lambda's runtime logs by itself. */
const tell = (what, error) => write('ERROR', `${what} ${JSON.stringify(described(error))}`);

const write = (level, text) =>
  send({ log: `${new Date().toISOString()}\t${requestId || 'undefined'}\t${level}\t${text}` });

const LEVELS = { debug: 'DEBUG', error: 'ERROR', info: 'INFO', log: 'INFO', trace: 'TRACE', warn: 'WARN' };
for (const [name, level] of Object.entries(LEVELS))
  console[name] = (...words) => write(level, format(...words));

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/** As Lambda's runtime writes an error down: what is thrown need not be an Error. */
function described(error) {
  if (types.isNativeError(error) || error instanceof Error)
    return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split('\n') };
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function isModule(file) {
  for (let folder = dirname(file); folder.length >= root.length; folder = dirname(folder)) {
    const found = join(folder, 'package.json');
    if (existsSync(found)) return JSON.parse(readFileSync(found, 'utf8')).type === 'module';
  }
  return false;
}

async function loadModule(path) {
  const require = createRequire(join(root, 'index.js'));
  for (const ending of ['', '.js', '.mjs', '.cjs']) {
    const file = path + ending;
    if (!existsSync(file) || (ending === '' && !/\.[cm]?js$/.test(file))) continue;
    const asModule = ending === '.mjs' || (ending === '.js' && isModule(file));
    return asModule ? await import(pathToFileURL(file).href) : require(file);
  }
  const name = path.slice(path.lastIndexOf('/') + 1);
  throw new RuntimeError('Runtime.ImportModuleError', `Error: Cannot find module '${name}'`);
}

async function load(name) {
  const slash = name.lastIndexOf('/') + 1;
  const [, file, path] = /^([^.]*)\.(.*)$/.exec(name.slice(slash)) ?? [];
  if (!file || !path || name.includes('..')) throw new RuntimeError('Runtime.MalformedHandlerName', 'Bad handler');
  let loaded;
  try {
    loaded = await loadModule(resolve(root, name.slice(0, slash), file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeError('Runtime.UserCodeSyntaxError', error.stack);
    if (/^(?:ERR_)?MODULE_NOT_FOUND$/.test(error?.code)) throw new RuntimeError('Runtime.ImportModuleError', String(error));
    throw error;
  }
  let found = path.split('.').reduce((value, key) => value?.[key], loaded);
  // A CommonJS module that was imported has its exports under `default`.
  found ??= path.split('.').reduce((value, key) => value?.[key], loaded?.default);
  if (found === undefined)
    throw new RuntimeError('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  if (typeof found !== 'function') throw new RuntimeError('Runtime.HandlerNotFound', `${name} is not a function`);
  return found;
}

function answer(error, result) {
  const memory = Math.ceil(process.resourceUsage().maxRSS / 1024);
  if (error !== undefined) {
    const told = described(error);
    tell('Invoke Error', error);
    send({ error: told, memory });
    return;
  }
  let text;
  try {
    text = JSON.stringify(result ?? null) ?? 'null';
  } catch (cause) {
    return answer(new RuntimeError('Runtime.MarshalResponseError', `Unable to stringify response body: ${String(cause)}`));
  }
  send({ result: text, memory });
}

let finish;
process.on('beforeExit', () => finish?.(undefined, null));

function invoke({ event, context, deadline }) {
  requestId = context.awsRequestId;
  let over = false;
  finish = (error, result) => {
    if (over) return;
    over = true;
    finish = undefined;
    process.channel?.ref();
    answer(error ?? undefined, result);
  };
  const end = finish;
  const given = {
    ...context,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  const fail = (error) => end(error ?? new Error(String(error)));
  try {
    const made = handler(JSON.parse(event), given, callbacks ? (error, result) => end(error, result) : undefined);
    if (typeof made?.then === 'function') made.then((result) => end(undefined, result), fail);
    // A handler that answers neither by promise nor by callback is done when nothing is left to happen.
    else if (callbacks) process.channel?.unref();
    else end(undefined, made);
  } catch (error) {
    fail(error);
  }
}

process.on('uncaughtException', (error) => {
  tell('Uncaught Exception', error);
  send({ error: described(error), fatal: true, memory: 0 }, () => process.exit(129));
});
process.on('unhandledRejection', (reason) => {
  const error = new RuntimeError('Runtime.UnhandledPromiseRejection', String(reason));
  tell('Unhandled Promise Rejection', error);
  send({ error: described(error), fatal: true, memory: 0 }, () => process.exit(128));
});
// The emulator is gone.
process.on('disconnect', () => process.exit(0));

load(process.env._HANDLER).then(
  (loaded) => {
    handler = loaded;
    process.on('message', invoke);
    send({ ready: performance.now() - started });
  },
  (error) => {
    tell('Uncaught Exception', error);
    send({ error: described(error), fatal: true, memory: 0 }, () => process.exit(1));
  },
);

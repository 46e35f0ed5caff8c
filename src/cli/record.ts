import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { requireFile } from '../base/disk.ts';
import { usageError } from '../base/errors.ts';
import { parseDuration, parseSize } from '../base/units.ts';
import { plain } from '../ui/io.ts';
import { formatAlone } from './flags/common.ts';
import { writeJson } from './views/json.ts';
import { repeated } from './flags/values.ts';

export interface RecordCommandOptions {
  records: string;
  /** Files to read, `-` for standard input; empty: lines come over HTTP. */
  from: readonly string[];
  listen: string;
  tokenFile: string | undefined;
  /** Milliseconds. */
  wait: number;
  /** Bytes. */
  maxBody: number;
  /** Print the JSON schema of a line, and nothing else. */
  schema: boolean;
  format: 'text' | 'json';
}

interface Flags {
  records: string;
  from?: string[];
  listen: string;
  tokenFile?: string;
  wait: string;
  maxBody: string;
  schema?: boolean;
  format: 'text' | 'json';
}

const HELP = `
For callers that call both models themselves. For each call they send a line, as POST /record, or write it into a file:

  {"id":"7","side":"live","status":200,"latency":12,"request":[1,2],"answer":3}
  {"id":"7","side":"shadow","status":200,"latency":9,"request":[1,2],"answer":3}

Lines with one id are a pair. A shadow's line that does not come counts against the shadow. Nothing is promoted by it.

Examples:
  $ shadowctl record --records records
  $ shadowctl record --records records --from live.jsonl --from shadow.jsonl
  $ shadowctl report --files records

More: shadowctl help mirror`;

export function recordCommand(host: Host, start: Run<RecordCommandOptions> = run): Command {
  return formatAlone(new Command('record'))
    .option('--records <folder>', 'where pairs are recorded, for shadowctl report --files', 'records')
    .option(
      '--from <file>',
      'read lines from this file, - for standard input, and end; may be given several times',
      repeated,
    )
    .option('--listen <host:port>', 'where callers send lines; beyond this machine only with a token', '127.0.0.1:8081')
    .option('--token-file <file>', 'callers must send what it contains: Authorization: Bearer TOKEN')
    .option('--wait <duration>', 'a line of the other side that has not come after this time is given up', '60s')
    .option('--max-body <size>', 'larger bodies are refused', '6MB')
    .option('--schema', 'print the JSON schema of a line, and exit')
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(start, parse(flags)));
}

function parse({ from = [], wait, maxBody, tokenFile, schema, ...rest }: Flags): RecordCommandOptions {
  const ms = parseDuration(wait);
  if (ms === undefined || ms <= 0) throw usageError(`--wait: "${wait}" is not a duration.`, 'Write it like 60s or 5m.');
  const bytes = parseSize(maxBody);
  if (bytes === undefined || bytes <= 0)
    throw usageError(`--max-body: "${maxBody}" is not a size.`, 'Write it like 6MB.');
  if (from.length > 0 && tokenFile !== undefined)
    throw usageError('--from reads files, and --token-file is for callers that send lines.', 'Leave one of them out.');
  return { ...rest, from, wait: ms, maxBody: bytes, tokenFile, schema: schema === true };
}

/** Takes lines until it is interrupted, or those of files. */
export async function run(app: App, options: RecordCommandOptions): Promise<Outcome> {
  const { io, clock, signal } = app;
  if (options.schema) {
    const { default: schema } = await import('../mirror/logged/line.schema.json', { with: { type: 'json' } });
    io.out(JSON.stringify(schema, null, 2));
    return 'done';
  }
  const folder = resolve(app.cwd, options.records);
  const { recordFiles, serveRecord } = await import('../lifecycle/mirror/record.ts');
  const { recordEventText, refusedLine, resultLines } = await import('./views/record.ts');
  const onEvent = (event: Parameters<typeof recordEventText>[0]) => io.alert(plain(recordEventText(event)));
  const how = { folder, wait: options.wait };
  if (options.from.length > 0) {
    const sources = options.from.map((name) => {
      if (name === '-') return { name: 'standard input', stream: process.stdin };
      const path = resolve(app.cwd, name);
      requireFile(path, 'file', '--from');
      return { name: path, stream: undefined };
    });
    let refused = 0;
    const result = await recordFiles({ clock, signal }, how, sources, {
      onEvent,
      onRefused(line) {
        refused += 1;
        if (refused <= MOST_SHOWN) io.err(plain(refusedLine(line)));
        if (refused === MOST_SHOWN + 1) io.err('… and more.');
      },
    });
    if (options.format === 'json') writeJson(io, 'record', result);
    else for (const line of resultLines(result)) io.out(line);
    return refused + result.lost === 0 ? 'done' : 'no';
  }
  const { readAddress } = await import('../mirror/settings.ts');
  const listen = readAddress(options.listen, '--listen');
  const token = tokenOf(app, options.tokenFile);
  const result = await serveRecord(
    { clock, signal },
    how,
    { listen, token, most: options.maxBody },
    {
      onEvent,
      onStarted: ({ port }) =>
        io.err(
          `Lines are taken at http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}/record${token === undefined ? '' : ', with the token'}, and recorded in ${folder}.`,
        ),
    },
  );
  if (options.format === 'json') writeJson(io, 'record', result);
  else for (const line of resultLines(result)) io.err(line);
  return 'done';
}

/** Lines that are shown one by one. */
const MOST_SHOWN = 10;

/** The token that callers must have: never a word of the command line, which others can see. */
function tokenOf(app: App, file: string | undefined): string | undefined {
  if (file === undefined) {
    const { SHADOWCTL_RECORD_TOKEN: token } = app.env;
    return token === undefined || token === '' ? undefined : token;
  }
  const path = resolve(app.cwd, file);
  requireFile(path, 'file of the token', '--token-file');
  const token = readFileSync(path, 'utf8').trim();
  if (token === '')
    throw usageError(
      `--token-file: ${path} is empty.`,
      'Write the token into it; openssl rand -hex 32 makes a good one.',
    );
  return token;
}

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import { oneOf, repeated } from './flags/values.ts';
import type { MirrorConfig } from '../mirror/config.ts';
import type { Settings, SettingsContext } from '../mirror/settings.ts';
import { formatAlone, formatFlag } from './flags/common.ts';
import { writeJson } from './views/json.ts';

/** The flags of `mirror` as they were given. */
export interface MirrorOptions {
  /** The configuration file; flags override it. */
  file: string | undefined;
  settings: Settings;
  /** Print the JSON schema of the file, and nothing else. */
  schema: boolean;
  logFormat: 'text' | 'json' | undefined;
}

export interface MirrorCommandOptions {
  what: 'status' | 'reload' | 'stop';
  /** The control socket, or the folder of the records, which knows it. */
  socket: string | undefined;
  mirror: string | undefined;
}

interface Flags {
  file?: string;
  live?: string;
  shadow?: string[];
  listen?: string;
  tlsCert?: string;
  tlsKey?: string;
  control?: string;
  socket?: string;
  path?: string[];
  shadowPath?: string;
  share?: string;
  by?: string;
  timeout?: string;
  dropHeader?: string[];
  idHeader?: string;
  cancelWithClient?: boolean;
  canary?: string;
  slice?: string[];
  canaryBy?: string;
  fallback?: 'unreachable' | 'failures' | 'none';
  records?: string;
  upload?: string;
  bodies: boolean;
  redactPath?: string[];
  keepBytes?: string;
  keepFor?: string;
  maxBody?: string;
  memory?: string;
  format: 'text' | 'json';
  logFormat?: 'text' | 'json';
  schema?: boolean;
}

const HELP = `
Callers use the mirror's address in place of the live server's, and get its answers as they are. The shadow gets a copy as
soon as the request has gone to the live server, marked by the header x-shadowctl-copy and without credentials; its answers
are only recorded. POSTs on the routes of SageMaker, TensorFlow Serving, KServe, the Open Inference Protocol, TorchServe,
MLflow and OpenAI chats are mirrored, and those that --path names.

Examples:
  $ shadowctl mirror --live http://127.0.0.1:8501 --shadow http://127.0.0.1:8502 --records records
  $ shadowctl report --files records

A shadow that answers a share of the requests, and can be rolled out and promoted:
  $ shadowctl mirror --live http://127.0.0.1:8501 --shadow http://127.0.0.1:8502 --records records --canary 10%
  $ shadowctl rollout --mirror records

With several shadows each is named, and may get a share:
  $ shadowctl mirror --live http://127.0.0.1:8501 --shadow a=http://127.0.0.1:8502,share=10% --shadow b=http://127.0.0.1:8503

More: shadowctl help mirror`;

export function mirrorCommand(
  host: Host,
  start: Run<MirrorOptions> = run,
  startCommand: Run<MirrorCommandOptions> = runCommand,
): Command {
  const command = formatAlone(new Command('mirror'))
    .option('--live <url>', 'the server that answers today, or sagemaker:NAME[@REGION] for an endpoint')
    .option(
      '--shadow <[name=]url[,share=…]>',
      'the server that gets copies, or sagemaker:NAME; may be given several times, then with names',
      repeated,
    )
    .option('--listen <host:port>', 'where callers reach the mirror (default: 127.0.0.1:8080)')
    .option('--tls-cert <file>', 'certificate, PEM: callers use https')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--file <file>', 'configuration file (YAML or JSON); flags override it')
    .optionsGroup('What is mirrored:')
    .option('--path <path>', 'mirror POSTs on this path, too; * stands for any characters but /', repeated)
    .option('--shadow-path <path>', "the path of copies (default: the request's)")
    .option('--share <share>', 'share of the requests that are copied (default: 100%)')
    .option('--by <what>', 'draw by request, session, header:NAME or cookie:NAME (default: request)')
    .option('--timeout <duration>', 'a copy without an answer after this time is given up (default: 30s)')
    .option('--cancel-with-client', 'cancel the copy when the caller disconnects')
    .option('--drop-header <name>', 'do not send this header to shadows; credentials are never sent', repeated)
    .option('--id-header <name>', "the caller's header that holds the id of the pair")
    .optionsGroup('Who answers:')
    .option('--canary <share>', 'a shadow answers this share of the requests, and the live server gets the copies')
    .option(
      '--slice <what>',
      "a shadow answers all of these: header:NAME=VALUE, cookie:NAME=VALUE, or '$.path.in.json=VALUE'",
      repeated,
    )
    .option('--canary-by <what>', 'keep with one side: session, header:NAME or cookie:NAME (default: request)')
    .option(
      '--fallback <when>',
      'the live server answers what the candidate failed: unreachable, failures, none (default: unreachable)',
      oneOf('--fallback', ['unreachable', 'failures', 'none']),
    )
    .optionsGroup('Records:')
    .option('--records <folder>', 'where pairs are recorded, for shadowctl report --files')
    .option('--upload <s3 uri>', 'copy finished record files to S3')
    .option('--no-bodies', 'save answers in full, and requests only as hashes')
    .option('--redact-path <path>', "replace the value at this JSON path in records, like '$.user.name'", repeated)
    .option(
      '--keep-bytes <size>',
      'remove the oldest record files when the total exceeds this, like 10GB (default: keep all)',
    )
    .option('--keep-for <duration>', 'remove record files older than this, like 30d (default: keep all)')
    .optionsGroup('Operation:')
    .option('--control <host:port>', 'serve /healthz and /metrics here')
    .option('--socket <file>', 'a Unix socket for shadowctl mirror status, reload and stop')
    .option('--max-body <size>', 'requests and answers beyond this are not kept (default: 6MB)')
    .option('--memory <size>', 'maximum memory for bodies and records (default: 60 MiB)')
    .option(
      '--log-format <format>',
      'text or json (default: text on a terminal)',
      oneOf('--log-format', ['text', 'json']),
    )
    .option('--schema', 'print the JSON schema of the configuration file, and exit')
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(start, parse(flags)));
  for (const [what, about] of [
    ['status', 'what a running mirror has counted, as JSON'],
    ['reload', 'make a running mirror read its configuration again, as SIGHUP does'],
    ['stop', 'make a running mirror finish what is under way, and stop'],
  ] as const)
    command.addCommand(
      formatFlag(new Command(what))
        .description(about)
        // commander gives flags that the command above has, too, to that.
        .option('--mirror <folder>', 'the mirror, by the folder of its records')
        .option('--socket <file>', 'the control socket of a mirror without records')
        .action((_: unknown, own: Command) => {
          const { socket, mirror } = own.optsWithGlobals<{ socket?: string; mirror?: string }>();
          if ((socket === undefined) === (mirror === undefined))
            throw usageError(
              socket === undefined ? 'No mirror was named.' : '--mirror and --socket both name a mirror.',
              'Name it by the folder of its records: --mirror FOLDER. One without records is named by --socket FILE.',
            );
          return host.start(startCommand, { what, socket, mirror });
        }),
    );
  command.addCommand(manifestCommand(host));
  return command;
}

function parse(flags: Flags): MirrorOptions {
  const { share, by, timeout, shadowPath: path } = flags;
  const each = defined({ share, by, timeout, path });
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined))
    throw usageError('--tls-cert and --tls-key go together.', 'Give both, or neither.');
  const records = defined({
    folder: flags.records,
    upload: flags.upload,
    bodies: flags.bodies ? undefined : false,
    redact: flags.redactPath,
    keepBytes: flags.keepBytes,
    keepFor: flags.keepFor,
  });
  const bounds = defined({ request: flags.maxBody, answer: flags.maxBody, memory: flags.memory });
  const canary = defined({ share: flags.canary, slices: flags.slice, by: flags.canaryBy });
  if (flags.canaryBy !== undefined && flags.canary === undefined)
    throw usageError('--canary-by needs a share to draw.', 'Add --canary 10%.');
  const settings = defined({
    live: flags.live,
    shadows: flags.shadow && readShadows(flags.shadow, each),
    listen: flags.listen,
    tls: flags.tlsCert === undefined ? undefined : { cert: flags.tlsCert, key: flags.tlsKey },
    control: flags.control,
    socket: flags.socket,
    canary: Object.keys(canary).length === 0 ? undefined : canary,
    fallback: flags.fallback,
    paths: flags.path,
    dropHeaders: flags.dropHeader,
    idHeader: flags.idHeader,
    cancelWithClient: flags.cancelWithClient,
    records: Object.keys(records).length === 0 ? undefined : records,
    bounds: Object.keys(bounds).length === 0 ? undefined : bounds,
  }) as Settings;
  if (flags.shadow === undefined && Object.keys(each).length > 0 && flags.schema !== true)
    throw usageError(
      `--${Object.keys(each)[0] === 'path' ? 'shadow-path' : Object.keys(each)[0]} is about shadows named on the command line, and none is.`,
      'Give --shadow, or write it into the configuration file.',
    );
  return {
    file: flags.file,
    settings,
    schema: flags.schema === true,
    logFormat: flags.logFormat ?? (flags.format === 'json' ? 'json' : undefined),
  };
}

/** `URL`, `NAME=URL`, `NAME=URL,share=10%,by=header:x-user`. What is said of all is said of each. */
function readShadows(words: readonly string[], each: object): NonNullable<Settings['shadows']> {
  const found: Record<string, object> = {};
  for (const word of words) {
    const [place = '', ...settings] = word.split(/,(?=(?:share|by|seed|path|timeout|concurrency|queue)=)/);
    const [, named, url = place] = /^([A-Za-z0-9_-]+)=(.+)$/.exec(place) ?? [];
    const name = named ?? 'shadow';
    if (found[name] !== undefined)
      throw usageError(`Two shadows are called ${name}.`, 'Give each a name: --shadow a=URL --shadow b=URL.');
    const own = settings.map((one) => {
      const at = one.indexOf('=');
      const [key, value] = [one.slice(0, at), one.slice(at + 1)];
      return [key, key === 'concurrency' || key === 'queue' ? Number(value) : value];
    });
    found[name] = { url, ...each, ...Object.fromEntries(own) };
  }
  return found as NonNullable<Settings['shadows']>;
}

function defined(given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** Reads file and flags together. @throws Problem (usage) */
async function configOf(app: App, options: MirrorOptions): Promise<MirrorConfig> {
  const { readSettings } = await import('../mirror/settings.ts');
  const { content, context } = await settingsOf(app, options);
  return readSettings(content, context);
}

/** What file and flags say together, not checked yet. @throws Problem (usage) where the file cannot be read */
async function settingsOf(
  app: App,
  { file, settings }: Pick<MirrorOptions, 'file' | 'settings'>,
): Promise<{ content: Settings; context: SettingsContext }> {
  const { requireFile } = await import('../base/disk.ts');
  const path = file === undefined ? undefined : resolve(app.cwd, file);
  const common = {
    env: app.env,
    readFile(name: string, what: string) {
      requireFile(name, what, what);
      return readFileSync(name, 'utf8');
    },
  };
  if (path === undefined)
    return { content: settings, context: { ...common, where: 'the command line', folder: app.cwd } };
  requireFile(path, 'configuration file', '--file');
  const { parseYaml } = await import('../base/yaml.ts');
  const content = parseYaml(readFileSync(path, 'utf8'), path);
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw usageError(`${path} holds no keys at the top level.`, 'Write `key: value` lines.');
  // Paths in the file are of its folder, those of flags of the present one.
  return {
    content: { ...content, ...withFolders(settings, content, app.cwd) },
    context: { ...common, where: path, folder: dirname(path) },
  };
}

/** Flags over a file: sections are joined key by key; paths become whole. */
function withFolders(flags: Settings, content: Settings, cwd: string): Settings {
  const { tls, socket, records, bounds } = flags;
  return defined({
    ...flags,
    tls: tls && { cert: resolve(cwd, tls.cert), key: resolve(cwd, tls.key) },
    socket: socket === undefined ? undefined : resolve(cwd, socket),
    records: records && {
      ...content.records,
      ...records,
      ...(records.folder === undefined ? {} : { folder: resolve(cwd, records.folder) }),
    },
    bounds: bounds && { ...content.bounds, ...bounds },
  });
}

/** Mirrors until it is interrupted, or stopped by its socket. */
export async function run(app: App, options: MirrorOptions): Promise<Outcome> {
  if (options.schema) {
    const { default: schema } = await import('../mirror/config.schema.json', { with: { type: 'json' } });
    app.io.out(JSON.stringify(schema, null, 2));
    return 'done';
  }
  const config = await configOf(app, options);
  const { serveMirror } = await import('../lifecycle/mirror/serve.ts');
  const { mirrorLog, startLines } = await import('./views/mirror.ts');
  const { unreachableLines } = await import('./views/mirror-reach.ts');
  const log = mirrorLog(app, options.logFormat ?? (app.io.interactive ? 'text' : 'json'));
  await serveMirror({ clock: app.clock, signal: app.signal, aws: () => app.aws() }, config, {
    onStarted(started) {
      const lines = log.format === 'json' ? log.started(config, started) : startLines(config, started);
      for (const line of lines) app.io.err(line);
      if (log.format === 'text') for (const line of unreachableLines(started)) app.io.alert(line);
      void remember(app, config);
    },
    onEvent: log.event,
    reread: () => configOf(app, options),
    onHangup(reload) {
      process.on('SIGHUP', reload);
      return () => void process.off('SIGHUP', reload);
    },
  });
  return 'done';
}

/** So that `ls` knows it; where that cannot be written, the mirror runs all the same. */
async function remember(app: App, { records }: MirrorConfig): Promise<void> {
  if (records === undefined) return;
  try {
    const { rememberMirror } = await import('../lifecycle/mirror/known.ts');
    await rememberMirror((await app.project()).stateDir, records.folder);
  } catch {
    // A shadowctl.yaml that cannot be read is no matter of the mirror's.
  }
}

/** Tells a running mirror something, through its socket. */
export async function runCommand(app: App, { what, socket, mirror }: MirrorCommandOptions): Promise<Outcome> {
  const { askMirror } = await import('../lifecycle/mirror/ask.ts');
  const { socketOf } = await import('../lifecycle/mirror/place.ts');
  const path = mirror === undefined ? resolve(app.cwd, socket ?? '') : await socketOf(resolve(app.cwd, mirror));
  const answer = await askMirror(path, what);
  writeJson(app.io, `mirror-${what}`, answer as object);
  return 'done';
}

/** The flags of `mirror manifest` as they were given. */
interface ManifestOptions {
  format: 'text' | 'json';
  kind: 'kubernetes' | 'envoy';
  mirror: Pick<MirrorOptions, 'file' | 'settings'>;
  deployment: string | undefined;
  image: string | undefined;
  claim: string | undefined;
  envoyListen: string;
}

interface ManifestFlags {
  deployment?: string;
  image?: string;
  claim?: string;
  envoyListen: string;
}

const MANIFEST_HELP = `
Everything that shadowctl mirror takes may be given, best by --file.

Examples:
  $ shadowctl mirror manifest kubernetes --file mirror.yaml --deployment model.yaml --image registry/shadowctl:0.1 > with-mirror.yaml
  $ shadowctl mirror manifest envoy --file mirror.yaml > envoy.yaml

More: shadowctl help mirror`;

function manifestCommand(host: Host): Command {
  return formatFlag(new Command('manifest'))
    .description('print a sidecar for Kubernetes, or an Envoy that falls back to the live server')
    .argument('<kind>', 'kubernetes or envoy', (word) => {
      if (word === 'kubernetes' || word === 'envoy') return word;
      throw usageError(`There is no manifest for "${word}".`, 'Known: kubernetes, envoy.');
    })
    .option('--deployment <file>', 'kubernetes: the file with the Deployment of the model')
    .option('--image <image>', 'kubernetes: an image with shadowctl in it')
    .option('--claim <name>', 'kubernetes: a PersistentVolumeClaim for records (default: they go with the pod)')
    .option('--envoy-listen <host:port>', 'envoy: where it takes requests', '0.0.0.0:8000')
    .addHelpText('after', MANIFEST_HELP)
    .action((kind: ManifestOptions['kind'], { deployment, image, claim, envoyListen }: ManifestFlags, own: Command) =>
      host.start(runManifest, {
        kind,
        mirror: parse(own.optsWithGlobals<Flags>()),
        format: own.optsWithGlobals<Flags>().format,
        deployment,
        image,
        claim,
        envoyListen,
      }),
    );
}

/** Prints YAML. */
async function runManifest(app: App, options: ManifestOptions): Promise<Outcome> {
  const { kind, mirror, envoyListen } = options;
  const { readSettings, readAddress } = await import('../mirror/settings.ts');
  const { sidecarManifests, secretsOf } = await import('../mirror/manifest/kubernetes.ts');
  const { parseYamlDocuments, yamlText } = await import('../base/yaml.ts');
  const { content, context } = await settingsOf(app, mirror);
  // A secret is looked up where the mirror runs, not here.
  const env = { ...context.env, ...Object.fromEntries(secretsOf(content).map((name) => [name, 'unknown'])) };
  const config = readSettings(content, { ...context, env });
  if (kind === 'envoy') {
    const { envoyConfig } = await import('../mirror/manifest/envoy.ts');
    const text = yamlText([envoyConfig(config, readAddress(envoyListen, '--envoy-listen'))]);
    return writeManifest(app, options, text.trimEnd());
  }
  const { deployment, image, claim } = options;
  if (deployment === undefined || image === undefined)
    throw usageError(
      `--${deployment === undefined ? 'deployment' : 'image'} is missing.`,
      'Give the file that the model is deployed with, and an image: --deployment model.yaml --image registry/shadowctl:0.1.',
    );
  const { requireFile } = await import('../base/disk.ts');
  const path = resolve(app.cwd, deployment);
  requireFile(path, 'Deployment', '--deployment');
  const documents = parseYamlDocuments(readFileSync(path, 'utf8'), path);
  const manifests = sidecarManifests({ documents, where: path, settings: content, config, image, claim });
  return writeManifest(app, options, yamlText(manifests).trimEnd());
}

function writeManifest({ io }: App, { kind, format }: ManifestOptions, yaml: string): Outcome {
  if (format === 'json') writeJson(io, 'mirror-manifest', { kind, yaml });
  else io.out(yaml);
  return 'done';
}

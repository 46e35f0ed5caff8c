import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import type { Settings, SettingsContext } from '../mirror/settings.ts';

/** What `mirror` is told by file and flags. */
interface Told {
  file: string | undefined;
  settings: Settings;
}

/** How `mirror` reads its own flags and file. */
interface OfMirror {
  parse: (flags: object) => Told;
  settingsOf: (app: App, told: Told) => Promise<{ content: Settings; context: SettingsContext }>;
}

/** The flags of `mirror manifest` as they were given. */
interface ManifestOptions {
  kind: 'kubernetes' | 'envoy';
  mirror: Told;
  deployment: string | undefined;
  image: string | undefined;
  claim: string | undefined;
  envoyListen: string;
}

interface Flags {
  deployment?: string;
  image?: string;
  claim?: string;
  envoyListen: string;
}

const HELP = `
Everything that shadowctl mirror takes may be given, best by --file.

Examples:
  $ shadowctl mirror manifest kubernetes --file mirror.yaml --deployment model.yaml --image registry/shadowctl:0.1 > with-mirror.yaml
  $ shadowctl mirror manifest envoy --file mirror.yaml > envoy.yaml

More: shadowctl help mirror`;

export function manifestCommand(host: Host, { parse, settingsOf }: OfMirror): Command {
  const start: Run<ManifestOptions> = (app, options) => run(app, options, settingsOf);
  return new Command('manifest')
    .description('print a sidecar for Kubernetes, or an Envoy that falls back to the live server')
    .argument('<kind>', 'kubernetes or envoy', (word) => {
      if (word === 'kubernetes' || word === 'envoy') return word;
      throw usageError(`There is no manifest for "${word}".`, 'Known: kubernetes, envoy.');
    })
    .option('--deployment <file>', 'kubernetes: the file with the Deployment of the model')
    .option('--image <image>', 'kubernetes: an image with shadowctl in it')
    .option('--claim <name>', 'kubernetes: a PersistentVolumeClaim for records (default: they go with the pod)')
    .option('--envoy-listen <host:port>', 'envoy: where it takes requests', '0.0.0.0:8000')
    .addHelpText('after', HELP)
    .action((kind: ManifestOptions['kind'], { deployment, image, claim, envoyListen }: Flags, own: Command) =>
      host.start(start, { kind, mirror: parse(own.optsWithGlobals()), deployment, image, claim, envoyListen }),
    );
}

/** Prints YAML. */
async function run(app: App, options: ManifestOptions, settingsOf: OfMirror['settingsOf']): Promise<Outcome> {
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
    app.io.out(text.trimEnd());
    return 'done';
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
  app.io.out(yamlText(manifests).trimEnd());
  return 'done';
}

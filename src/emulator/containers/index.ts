import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { ArchiveError, readArchive } from './archive.ts';
import type { Container, ContainerFactory, ContainerSpec } from './container.ts';
import { builtInImage } from './images.ts';
import type { Register } from './own/register.ts';
import { type OwnContainer, readOwnContainer, serves } from './own/options.ts';

/**
 * The factory of all containers: the built-in algorithms by image name, and the user's own by `containers`
 * (`IMAGE=http://127.0.0.1:8080` or `IMAGE=command …`). Containers of one artifact and image share the loaded model.
 */
export function createContainerFactory({
  containers,
  clock,
  register = NOWHERE,
  bareArrays = false,
}: {
  containers: readonly string[];
  clock: Clock;
  /** Where the processes of commands are written down. */
  register?: Register;
  /** Does linear-learner take a line of JSON that is an array of features? */
  bareArrays?: boolean;
}): ContainerFactory {
  const own = containers.map(readOwnContainer);
  const models = new Map<string, { loaded: Promise<unknown>; users: number }>();

  /** The model of this artifact as `load` makes it, shared by all that hold it at the same time. */
  async function share<T>(kind: string, spec: ContainerSpec, load: (files: Map<string, Uint8Array>) => T | Promise<T>) {
    const key = `${kind} ${spec.artifact ? createHash('sha256').update(spec.artifact).digest('hex') : 'no artifact'}`;
    const entry = models.get(key) ?? { loaded: unpack(spec).then(load), users: 0 };
    models.set(key, entry);
    entry.users += 1;
    let held = true;
    const release = () => {
      if (held) entry.users -= 1;
      held = false;
      if (entry.users === 0 && models.get(key) === entry) models.delete(key);
    };
    try {
      return { loaded: (await entry.loaded) as T, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  return async (spec, log, signal) => {
    signal?.throwIfAborted();
    const mine = own.find((container) => serves(container, spec.image));
    if (mine) return startOwn(mine, spec, log, register, signal);
    const image = builtInImage(spec.image);
    if (!image) throw new Error(unknownImage(spec.image));
    if (image.kind === 'linear-learner') {
      const { loadLinearLearner, linearLearnerContainer } = await import('./linear-learner/container.ts');
      const { loaded, release } = await share('linear-learner', spec, loadLinearLearner);
      const { environment, cpus } = spec;
      return {
        ...linearLearnerContainer(loaded, clock, log, { environment, cpus, bareArrays }),
        stop: async () => release(),
      };
    }
    const { imageVersion, loadModels, xgboostContainer } = await import('./xgboost/index.ts');
    const version = imageVersion(image.version);
    const ensemble = spec.environment['SAGEMAKER_INFERENCE_ENSEMBLE'] ?? 'true';
    const { loaded, release } = await share(`xgboost ${image.version} ${ensemble}`, spec, (files) =>
      loadModels(files, version, spec.environment),
    );
    return {
      ...xgboostContainer(loaded, version, spec.environment, clock, log, spec.cpus),
      stop: async () => release(),
    };
  };
}

/** Without a folder no later emulator could find the processes again, so nothing is written down. */
const NOWHERE: Register = { began: async () => {}, ended: () => {} };

async function startOwn(
  own: OwnContainer,
  spec: ContainerSpec,
  log: (line: string) => void,
  register: Register,
  signal: AbortSignal | undefined,
): Promise<Container> {
  if ('command' in own) {
    const { startCommand } = await import('./own/command.ts');
    const files = await unpack(spec);
    return startCommand({ command: own.command, files, environment: spec.environment, log, register, signal });
  }
  const { forward } = await import('./own/forward.ts');
  const server = forward(own.url, log);
  const { ping, invoke, executionParameters } = server;
  return { ping, invoke, executionParameters, stop: async () => server.close() };
}

/** What /opt/ml/model contains. */
async function unpack(spec: ContainerSpec): Promise<Map<string, Uint8Array>> {
  // A model without ModelDataUrl has an empty /opt/ml/model.
  if (!spec.artifact) return new Map();
  try {
    return await readArchive(spec.artifact);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    const url = spec.artifactUrl === undefined ? '' : ` from URL "${spec.artifactUrl}"`;
    // AWS's sentence, as people quote it from their FailureReason; what follows it is ours.
    throw new Error(
      `Failed to extract model data archive for container "container_1"${url}. Please ensure that the object located at ` +
        `the URL is a valid tar.gz archive. (The archive ${error.message}.)`,
      { cause: error },
    );
  }
}

function unknownImage(image: string): string {
  return (
    `The emulator has no container for image "${image}": it has linear-learner and xgboost. ` +
    `Start it with --container ${image}=http://127.0.0.1:8080 or --container ${image}='command' to serve the image yourself.`
  );
}

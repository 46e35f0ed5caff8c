import { setMaxListeners } from 'node:events';
import type { App, Environment, Globals } from './app.ts';
import type { Aws } from './aws/clients.ts';
import type { Network } from './aws/proxy.ts';
import type { Clock } from './base/clock.ts';
import type { Project } from './base/project.ts';
import { cacheFolder, onEmulator, profileSetting, regionSetting, stateSetting, withRegionOf } from './base/settings.ts';
import { environmentError, Problem, usageError } from './base/errors.ts';
import { shown, text } from './base/text.ts';
import { isoSeconds, readDuration } from './base/units.ts';
import type { Io } from './ui/io.ts';

/** What the program finds around it; tests and the demo bring their own. */
export interface Surroundings {
  clock: Clock;
  env: Environment;
  cwd: string;
  signal: AbortSignal;
  io(options: { quiet: boolean; color: boolean }): Io;
  /** What stands between the commands and AWS: for who records calls. */
  wrap?(aws: Aws): Aws;
}

/** The global options where none is given. */
export const NO_GLOBALS: Globals = {
  emulator: false,
  endpointUrl: undefined,
  profile: undefined,
  region: undefined,
  config: undefined,
  env: undefined,
  state: undefined,
  lockTimeout: undefined,
  quiet: false,
  color: true,
  debug: false,
};

export interface AppParts {
  surroundings: Surroundings;
  globals: Globals;
  io: Io;
  /** shadowctl.yaml, where it is read already. */
  project?: App['project'];
  execute: App['execute'];
  /** Called with whatever must be closed at the end. */
  opened(close: () => void): void;
  /** Called when the emulator had to be started: it outlives the command. */
  startedEmulator(): void;
}

/** Makes each part of the app when it is first asked for. */
export function createApp(parts: AppParts): App {
  const { surroundings, globals, io, execute, opened } = parts;
  const { project = projectReader(surroundings, globals) } = parts;
  const { env, cwd, clock } = surroundings;
  const environment = once(() => readEnvironment(parts, project));
  const aws = once(async () => {
    const { connect } = await import('./aws/clients.ts');
    const settings = await project();
    const made = connect(await awsTarget(await environment(), globals, settings, io));
    const connection = surroundings.wrap?.(made) ?? made;
    opened(() => connection.close());
    if (!onEmulator(globals, settings)) await requireAccount(connection, settings);
    return connection;
  });
  const state = once(async () => openAppState(parts, await project(), aws));
  const app = (signal: AbortSignal): App => {
    // Every request under way listens to it, and every sleep: ten are no leak, which Node would report on the terminal.
    setMaxListeners(0, signal);
    return {
      io,
      clock,
      env,
      cwd,
      globals,
      signal,
      withSignal: app,
      project,
      environment,
      aws,
      state,
      captures: async () => ({
        folder: cacheFolder(env, await project(), cwd),
        firstKept: (captures) => io.err(keptWords(captures)),
      }),
      async journal(endpoint) {
        const { openJournal } = await import('./state/journal.ts');
        const connection = await aws();
        const place = { account: await connection.account(endpoint), region: connection.target.region, endpoint };
        return openJournal(await state(), place, clock);
      },
      execute,
    };
  };
  return app(surroundings.signal);
}

/** Said when captures are kept for the first time: they are what the callers of a model sent. */
function keptWords(captures: string): string {
  return `note: Downloaded captures, which hold requests and answers of your callers in plain text, are kept in ${captures}. cleanup deletes them; \`cache: off\` in shadowctl.yaml (or SHADOWCTL_CACHE=off) keeps none.`;
}

/** Where journals are kept: the flag before the environment before shadowctl.yaml before the project's folder. */
async function openAppState({ surroundings, globals, io }: AppParts, project: Project, aws: () => Promise<Aws>) {
  const { env, cwd, clock } = surroundings;
  const { lockTimeout } = globals;
  const { openState, statePlace } = await import('./lifecycle/open-state.ts');
  const { describeHolder } = await import('./state/lock.ts');
  return openState(statePlace(stateSetting(globals, env, project), project, cwd), {
    aws,
    clock,
    signal: surroundings.signal,
    lockTimeout:
      lockTimeout === undefined
        ? undefined
        : /^0s?$/.test(lockTimeout)
          ? 0
          : readDuration(lockTimeout, '--lock-timeout'),
    onWaiting: (holder, until) =>
      io.err(
        `Waiting for the lock on the state, which ${describeHolder(holder)} holds; at most until ${isoSeconds(until)}.`,
      ),
  });
}

/** shadowctl.yaml as these flags and variables ask for it, read when it is first asked for. */
export function projectReader(
  { cwd, env }: Pick<Surroundings, 'cwd' | 'env'>,
  globals: Pick<Globals, 'config' | 'env'>,
) {
  return once(async () => {
    const { loadProject } = await import('./base/project.ts');
    const asked = askedEnvironment(globals.env, env);
    try {
      return await loadProject(cwd, globals.config, asked);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { withSectionMistakes } = await import('./cli/flags/sections.ts');
      const { OF_POLICY } = await import('./analysis/policy/schema.ts');
      // Once more, with what takes long to load: where a key belongs that stands outside of its section.
      const told: unknown = await loadProject(cwd, globals.config, asked, OF_POLICY).catch((again: unknown) => again);
      throw await withSectionMistakes(told instanceof Problem ? told : error, cwd, globals.config);
    }
  });
}

function askedEnvironment(flag: string | undefined, env: Environment) {
  if (flag !== undefined) return { name: flag, by: '--env' };
  const name = nonEmpty(env.SHADOWCTL_ENV);
  return name === undefined ? undefined : { name, by: 'SHADOWCTL_ENV' };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** @throws Problem (cannot-run) where the credentials are of another account than shadowctl.yaml names */
async function requireAccount(connection: Aws, { account, file }: Project): Promise<void> {
  if (account === undefined) return;
  const own = await connection.account();
  if (own === account) return;
  const { profileInUse: profile } = connection.target;
  throw environmentError(
    `These credentials${profile === undefined ? '' : ` (profile ${profile})`} are of account ${own}, and ${file} is for account ${account}. Nothing was done.`,
    'Use credentials of that account (--profile), or change `account:`.',
  );
}

async function readEnvironment(
  { surroundings: { env }, globals, io, startedEmulator }: AppParts,
  project: () => Promise<Project>,
): Promise<Environment> {
  const settings = await project();
  if (!onEmulator(globals, settings)) return withRegionOf(settings, env);
  const { ensureEmulator, emulatorEnvironment } = await import('./emulator/daemon/process.ts');
  const { join } = await import('node:path');
  const { url, started } = await ensureEmulator(join(settings.stateDir, 'emulator'));
  if (started) {
    io.err(text`Started the emulator in the background. Stop it with: ${shown('emulator stop')}`);
    startedEmulator();
  }
  return { ...env, ...emulatorEnvironment(url, withRegionOf(settings, env), settings.region) };
}

const HOST_PART = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
/** What every region of AWS looks like; which there are, AWS changes. */
const REGION = /^[a-z]{2,}(-[a-z]+)+-\d+$/;

/** Where the SDK is to be pointed at: flags before shadowctl.yaml before the environment before the SDK's own files. */
async function awsTarget(env: Environment, globals: Globals, project: Project, io: Io) {
  // As the SDKs have it: the variable of a service comes before the general one, and a switch takes both away. What was
  // asked for here, the emulator too, comes before all.
  const asked = globals.endpointUrl ?? (onEmulator(globals, project) ? env.AWS_ENDPOINT_URL : undefined);
  const ignored = asked !== undefined || /^true$/i.test(env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? '');
  const chosen = profileSetting(globals, env, project);
  // The SDK reads AWS_PROFILE by itself, and takes keys in the environment before it.
  const profile = chosen?.from.kind === 'variable' ? undefined : chosen?.value;
  const { profileNetwork } = await import('./aws/profile.ts');
  const profiled = onEmulator(globals, project)
    ? { endpointUrls: {} }
    : await profileNetwork(chosen?.value ?? 'default', env);
  const { SERVICES } = await import('./aws/target.ts');
  const byVariable = nonEmpty(env.AWS_ENDPOINT_URL);
  const endpointUrl = asked ?? (ignored ? undefined : (byVariable ?? profiled.endpointUrl));
  const endpointUrls = Object.fromEntries(
    SERVICES.flatMap((service) => {
      const inProfile = byVariable === undefined ? profiled.endpointUrls[service] : undefined;
      const url = ignored ? undefined : (nonEmpty(env[`AWS_ENDPOINT_URL_${service}`]) ?? inProfile);
      return url === undefined ? [] : [[service, url]];
    }),
  );
  if (endpointUrl !== undefined && !URL.canParse(endpointUrl)) {
    throw environmentError(
      `The endpoint URL "${endpointUrl}" is not a URL.`,
      'Give one like http://127.0.0.1:4599, with --endpoint-url or AWS_ENDPOINT_URL.',
    );
  }
  const accessKeyId = nonEmpty(env.AWS_ACCESS_KEY_ID);
  const secretAccessKey = nonEmpty(env.AWS_SECRET_ACCESS_KEY);
  const sessionToken = nonEmpty(env.AWS_SESSION_TOKEN);
  const given = accessKeyId !== undefined && secretAccessKey !== undefined && profile === undefined;
  const { defaultRegion } = await import('./aws/region.ts');
  const region =
    regionSetting(globals, env, project)?.value ?? (await defaultRegion(profile ?? nonEmpty(env.AWS_PROFILE)));
  const named = profile ?? (region === undefined ? nonEmpty(env.AWS_PROFILE) : undefined);
  if (named !== undefined) {
    const { requireProfile } = await import('./aws/profile.ts');
    await requireProfile(named, env);
  }
  if (region === undefined) {
    throw new Problem('cannot-run', 'No AWS region is set.', {
      next: 'Give --region, set AWS_REGION, or write `region:` into shadowctl.yaml.',
      offersEmulator: true,
    });
  }
  // Another server may have other regions; what is no part of a host's name the SDK takes for no region at all.
  if (!(endpointUrl === undefined ? REGION : HOST_PART).test(region)) {
    throw usageError(
      `"${region}" is not the name of an AWS region.`,
      'Regions have names like eu-central-1 (Frankfurt) or us-east-1: give --region, or correct AWS_REGION or shadowctl.yaml.',
    );
  }
  const { misspelledRegion } = await import('./aws/regions.ts');
  const meant = misspelledRegion(region);
  if (meant !== undefined)
    io.err(`note: shadowctl does not know a region "${region}" and uses it as it is. Did you mean ${meant}?`);
  return {
    region,
    endpointUrl,
    ...(Object.keys(endpointUrls).length > 0 && { endpointUrls }),
    profile,
    profileInUse: given ? undefined : (profile ?? nonEmpty(env.AWS_PROFILE)),
    credentials: given
      ? { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
      : undefined,
    credentialsEnd: given ? timeOf(env.AWS_CREDENTIAL_EXPIRATION) : undefined,
    network: await networkFor({ ...env, AWS_CA_BUNDLE: nonEmpty(env.AWS_CA_BUNDLE) ?? profiled.caBundle }),
    mfaCode: (serial: string) => askMfaCode(io, serial, profile ?? nonEmpty(env.AWS_PROFILE)),
  };
}

/** `aws configure export-credentials --format env` says when they end. */
function timeOf(words: string | undefined): number | undefined {
  const at = Date.parse(words ?? '');
  return Number.isNaN(at) ? undefined : at;
}

async function networkFor(env: Environment): Promise<Network | undefined> {
  const set = Object.keys(env).filter((name) => env[name] !== undefined);
  return PROXIED.test(set.join(' ')) ? (await import('./aws/proxy.ts')).networkOf(env) : undefined;
}

/** Variables that say how requests leave the machine: only with one of them is that looked into. */
const PROXIED = /\b(?:HTTPS?_PROXY|AWS_CA_BUNDLE)\b/i;

/** Asks for the code of a device of MFA. @throws Problem (cannot-run) where there is no terminal to ask on */
async function askMfaCode(io: Io, serial: string, profile: string | undefined): Promise<string> {
  const code = io.interactive ? await io.ask(`Code from the MFA device ${serial}: `) : undefined;
  if (code !== undefined && code !== '') return code;
  throw environmentError(
    `The profile${profile === undefined ? '' : ` "${profile}"`} requires a code from the MFA device ${serial}.`,
    `Run this on a terminal, which asks for it; or start a session first: eval "$(aws configure export-credentials${profile === undefined ? '' : ` --profile ${profile}`} --format env)"`,
  );
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}

/** A line to add to an error about missing credentials or regions: the emulator that runs in this folder, if one does. */
export async function emulatorHere(cwd: string): Promise<string | undefined> {
  try {
    const { loadProject } = await import('./base/project.ts');
    const { runningEmulator } = await import('./emulator/daemon/process.ts');
    const { join } = await import('node:path');
    const running = await runningEmulator(join((await loadProject(cwd, undefined)).stateDir, 'emulator'));
    return running && `An emulator runs in this folder, at ${running.url}: --emulator uses it.`;
  } catch {
    // Only a hint: whatever is wrong with the folder is not what went wrong.
    return undefined;
  }
}

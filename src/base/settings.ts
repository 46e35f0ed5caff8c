import { join, resolve } from 'node:path';
import type { Project } from './project.ts';

/**
 * What wins where a setting is said in several places: the flag, then a variable that is shadowctl's own, then what
 * shadowctl.yaml says of the endpoint, of the chosen environment, of everything. Variables that the shell holds for every
 * program come after what was chosen by name: AWS_REGION after the environment, AWS_PROFILE and SAGEMAKER_ROLE_ARN last.
 */

/** Where a value comes from. */
export interface Source {
  kind: 'flag' | 'variable' | 'endpoint' | 'environment' | 'file' | 'default';
  /** As it is written there: `--region`, `AWS_REGION`, `environments.staging.region`; for a default, why it is that. */
  name: string;
}

/** A value with its place. */
export interface Sourced<T = string> {
  value: T;
  from: Source;
}

/** The program's flags that say where it works, as they were typed. */
export interface TargetWords {
  emulator: boolean;
  endpointUrl: string | undefined;
  profile: string | undefined;
  region: string | undefined;
  state: string | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;
type Settings = Pick<Project, 'environment' | 'region' | 'profile' | 'target' | 'state'>;

/** Whether commands work on the embedded emulator. */
export function onEmulator(flags: TargetWords, { target }: Pick<Project, 'target'>): boolean {
  if (flags.endpointUrl !== undefined) return false;
  return flags.emulator || (target === 'emulator' && flags.profile === undefined);
}

/** Where commands work on the emulator, whose account has any number and whose region any name. */
export const EMULATED = { account: '000000000000', region: 'us-east-1' } as const;

/** The account of the emulator that a command works in: twelve digits for a key choose it. */
export function emulatedAccount(env: Variables): string {
  const key = env.AWS_ACCESS_KEY_ID ?? '';
  return /^\d{12}$/.test(key) ? key : EMULATED.account;
}

/** The role that models on the emulator name where nobody says: it is never looked up, but SageMaker's API demands one. */
export function emulatedRole(account: string): string {
  return `arn:aws:iam::${account}:role/shadowctl-emulator`;
}

/** The region as far as shadowctl is told it; undefined: the profile's, which the SDK finds. */
export function regionSetting(flags: TargetWords, env: Variables, project: Settings): Sourced | undefined {
  return first(
    flagged('--region', flags.region),
    ofEnvironment('region', project),
    variable('AWS_REGION', env),
    variable('AWS_DEFAULT_REGION', env),
    ofFile('region', project.region),
  );
}

/** The profile; undefined: the SDK's default. `profile:` and AWS_PROFILE are for AWS: on the emulator they have no effect. */
export function profileSetting(flags: TargetWords, env: Variables, project: Settings): Sourced | undefined {
  const aws = !onEmulator(flags, project);
  return first(
    flagged('--profile', flags.profile),
    aws ? ofEnvironment('profile', project) : undefined,
    aws ? ofFile('profile', project.environment?.profile === undefined ? project.profile : undefined) : undefined,
    aws ? variable('AWS_PROFILE', env) : undefined,
  );
}

/** Where the journals are kept, as it is written; undefined: `.shadowctl` of the project. */
export function stateSetting(
  flags: Pick<TargetWords, 'state'>,
  env: Variables,
  { environment, state }: Settings,
): Sourced | undefined {
  return first(
    flagged('--state', flags.state),
    variable('SHADOWCTL_STATE', env),
    environment?.state === undefined
      ? ofFile('state', state?.place)
      : ofEnvironment('state', { environment: { name: environment.name, state: environment.state.place } }),
  );
}

/** Where downloaded captures are kept: a folder, or `off`; undefined: in `.shadowctl` of the project. */
export function cacheSetting(env: Variables, { cache }: Pick<Project, 'cache'>): Sourced | undefined {
  return first(variable('SHADOWCTL_CACHE', env), ofFile('cache', cache));
}

/** The folder of the cache; undefined: nothing is kept. */
export function cacheFolder(
  env: Variables,
  project: Pick<Project, 'cache' | 'root' | 'stateDir'>,
  cwd: string,
): string | undefined {
  const said = cacheSetting(env, project);
  if (said === undefined) return join(project.stateDir, 'cache');
  if (said.value === 'off') return undefined;
  return resolve(said.from.kind === 'variable' ? cwd : project.root, said.value);
}

/** The variables, where those of AWS that name a region say what the chosen environment says. */
export function withRegionOf({ environment }: Pick<Project, 'environment'>, env: Variables): Variables {
  const region = environment?.region;
  return region === undefined ? env : { ...env, AWS_REGION: region, AWS_DEFAULT_REGION: region };
}

function first(...settings: (Sourced | undefined)[]): Sourced | undefined {
  return settings.find((one) => one !== undefined);
}

function flagged(name: string, value: string | undefined): Sourced | undefined {
  return value === undefined ? undefined : { value, from: { kind: 'flag', name } };
}

function variable(name: string, env: Variables): Sourced | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : { value, from: { kind: 'variable', name } };
}

function ofEnvironment<Key extends string>(
  key: Key,
  { environment }: { environment: ({ name: string } & { [K in Key]?: string | undefined }) | undefined },
): Sourced | undefined {
  const value = environment?.[key];
  if (environment === undefined || value === undefined) return undefined;
  return { value, from: { kind: 'environment', name: `environments.${environment.name}.${key}` } };
}

function ofFile(name: string, value: string | undefined): Sourced | undefined {
  return value === undefined ? undefined : { value, from: { kind: 'file', name } };
}

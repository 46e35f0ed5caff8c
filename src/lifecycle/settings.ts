import { join } from 'node:path';
import type { EndpointDefaults, Project } from '../base/project.ts';
import { isObject } from '../base/json.ts';
import {
  cacheSetting,
  EMULATED,
  emulatedAccount,
  emulatedRole,
  onEmulator,
  profileSetting,
  regionSetting,
  type Source,
  stateSetting,
  type Sourced,
  type TargetWords,
} from '../base/settings.ts';

/** A setting as it holds, and where it comes from. */
export interface Setting {
  /** As it stands in shadowctl.yaml: `region`, `policy.latency.p99`. */
  key: string;
  /** As written; null where nothing is set and a command finds it out. */
  value: unknown;
  from: Source;
}

/** What is asked for: the flags and variables of a command line, shadowctl.yaml, and an endpoint of it. */
export interface Asked {
  flags: TargetWords & { env: string | undefined };
  env: Readonly<Record<string, string | undefined>>;
  project: Project;
  endpoint: string | undefined;
}

/**
 * Every setting that holds, in the order of the file. Asks no AWS: the region of a profile is read from the SDK's files.
 * Of webhooks only the host is told, for the rest of their URL is a secret.
 */
export async function settingsOf({ flags, env, project, endpoint }: Asked): Promise<Setting[]> {
  const { endpoints } = project;
  const own = endpoint !== undefined && Object.hasOwn(endpoints, endpoint) ? endpoints[endpoint] : undefined;
  const of = (key: string) => `endpoints.${endpoint}.${key}`;
  const profile = profileSetting(flags, env, project);
  const emulator = onEmulator(flags, project);
  const emulated = (value: string): Sourced => ({ value, from: unset("the emulator's") });
  return [
    {
      key: 'environment',
      value: project.environment?.name ?? null,
      from: project.environment === undefined ? unset('none was chosen') : chosenBy(flags.env),
    },
    targetOf({ flags, env, project }),
    setting(
      'region',
      regionSetting(flags, env, project) ?? (emulator ? emulated(EMULATED.region) : await ownRegion(profile?.value)),
    ),
    setting('profile', profile, emulator ? 'the emulator asks for none' : "the SDK's default"),
    setting('account', emulator ? emulated(emulatedAccount(env)) : accountOf(project), 'any'),
    setting(
      'state',
      stateSetting(flags, env, project) ?? { value: project.stateDir, from: unset('beside shadowctl.yaml') },
    ),
    setting(
      'cache',
      cacheSetting(env, project) ?? { value: join(project.stateDir, 'cache'), from: unset('beside shadowctl.yaml') },
    ),
    setting(
      'role',
      roleOf({ own, of, env, project }) ?? (emulator ? emulated(emulatedRole(emulatedAccount(env))) : undefined),
      "the live model's",
    ),
    ...tagsOf(project, own, of),
    ...project.notify.map((one) => ({ key: 'notify', value: withoutSecret(one), from: inFile('notify') })),
    ...policyOf(project, own, of),
    ...leavesOf(withoutSecrets(project.release), 'release').map(([key, value]) => ({ key, value, from: inFile(key) })),
    {
      key: 'engine',
      value: project.engine ?? null,
      from: project.engine === undefined ? unset('this machine; Athena where somebody agrees') : inFile('engine'),
    },
    ...leavesOf(project.athena, 'athena').map(([key, value]) => ({ key, value, from: inFile(key) })),
    ...leavesOf(project.prices, 'prices').map(([key, value]) => ({ key, value, from: inFile(key) })),
    ...ownKeys(own, of),
  ];
}

function setting(key: string, found: Sourced | undefined, why = ''): Setting {
  return found === undefined ? { key, value: null, from: unset(why) } : { key, ...found };
}

function unset(why: string): Source {
  return { kind: 'default', name: why };
}

function inFile(name: string): Source {
  return { kind: 'file', name };
}

function chosenBy(flag: string | undefined): Source {
  return flag === undefined ? { kind: 'variable', name: 'SHADOWCTL_ENV' } : { kind: 'flag', name: '--env' };
}

function targetOf({ flags, env, project }: Pick<Asked, 'flags' | 'env' | 'project'>): Setting {
  const ignored = onEmulator(flags, project) || /^true$/i.test(env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? '');
  const url = flags.endpointUrl ?? (ignored ? undefined : env.AWS_ENDPOINT_URL || undefined);
  const value = flags.endpointUrl ?? (onEmulator(flags, project) ? 'emulator' : 'aws');
  const { environment } = project;
  const key = 'target';
  const by = (name: string): Setting => ({ key, value, from: { kind: 'flag', name } });
  if (flags.endpointUrl !== undefined) return by('--endpoint-url');
  if (flags.emulator) return by('--emulator');
  if (flags.profile !== undefined && project.target === 'emulator') return by('--profile');
  const why = (['target', 'profile', 'account'] as const).find((one) => environment?.[one] !== undefined);
  if (environment !== undefined && why !== undefined)
    return { key, value, from: { kind: 'environment', name: `environments.${environment.name}.${why}` } };
  if (url !== undefined) return { key, value: url, from: { kind: 'variable', name: 'AWS_ENDPOINT_URL' } };
  return { key, value, from: project.target === 'emulator' ? inFile('target') : unset('') };
}

async function ownRegion(profile: string | undefined): Promise<Sourced | undefined> {
  const { defaultRegion } = await import('../aws/region.ts');
  const value = await defaultRegion(profile);
  return value === undefined ? undefined : { value, from: unset(`the profile ${profile ?? 'default'}`) };
}

function accountOf({ environment, account }: Project): Sourced | undefined {
  if (account === undefined) return undefined;
  if (environment?.account === undefined) return { value: account, from: inFile('account') };
  return { value: account, from: { kind: 'environment', name: `environments.${environment.name}.account` } };
}

function roleOf({
  own,
  of,
  env,
  project,
}: {
  own: EndpointDefaults | undefined;
  of: (key: string) => string;
} & Pick<Asked, 'env' | 'project'>): Sourced | undefined {
  if (own?.role !== undefined) return { value: own.role, from: { kind: 'endpoint', name: of('role') } };
  if (project.role !== undefined) return { value: project.role, from: inFile('role') };
  const variable = env.SAGEMAKER_ROLE_ARN;
  return variable === undefined || variable === ''
    ? undefined
    : { value: variable, from: { kind: 'variable', name: 'SAGEMAKER_ROLE_ARN' } };
}

function tagsOf(project: Project, own: EndpointDefaults | undefined, of: (key: string) => string): Setting[] {
  const tags = new Map<string, Setting>();
  for (const [name, value] of Object.entries(project.tags))
    tags.set(name, { key: `tags.${name}`, value, from: inFile(`tags.${name}`) });
  for (const [name, value] of Object.entries(own?.tags ?? {}))
    tags.set(name, { key: `tags.${name}`, value, from: { kind: 'endpoint', name: of(`tags.${name}`) } });
  return [...tags.values()];
}

/** What is said of the policy, leaf by leaf; all else has its default. */
function policyOf(project: Project, own: EndpointDefaults | undefined, of: (key: string) => string): Setting[] {
  if (typeof own?.policy === 'string')
    return [{ key: 'policy', value: own.policy, from: { kind: 'endpoint', name: of('policy') } }];
  const leaves = new Map<string, Setting>();
  const add = (section: unknown, from: (path: string) => Source, below: string) => {
    for (const [path, value] of leavesOf(section, below)) leaves.set(path, { key: path, value, from: from(path) });
  };
  add(project.policy, inFile, 'policy');
  add(own?.policy, (path) => ({ kind: 'endpoint', name: of(path) }), 'policy');
  add(own?.answers, (path) => ({ kind: 'endpoint', name: of(path.replace(/^policy\./, '')) }), 'policy.answers');
  return [...leaves.values()];
}

function leavesOf(value: unknown, path: string): [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, `${path}.${key}`));
}

function ownKeys(own: EndpointDefaults | undefined, of: (key: string) => string): Setting[] {
  const { answers: _, policy: __, role: ___, tags: ____, ...rest } = own ?? {};
  return Object.entries(rest).flatMap(([key, value]) => {
    const from = { kind: 'endpoint' as const, name: of(key) };
    if (key === 'notify' && Array.isArray(value)) return value.map((one) => ({ key, value: withoutSecret(one), from }));
    return [{ key, value: key === 'release' ? withoutSecrets(value) : value, from }];
  });
}

/** A section `release:`, whose targets may be webhooks. */
function withoutSecrets(section: unknown): unknown {
  if (!isObject(section) || section.notify === undefined) return section;
  return {
    ...section,
    notify: [section.notify].flat().map((one) => (typeof one === 'string' ? withoutSecret(one) : '…')),
  };
}

/** A target as it may be shown: a topic, the variable that holds it, or the host of a webhook. */
function withoutSecret(target: string): string {
  if (target.startsWith('arn:') || /^env:\w+$/.test(target)) return target;
  const address = target.replace(/^(slack|teams|webhook):/, '');
  return URL.canParse(address) ? `${new URL(address).origin}/…` : '…';
}

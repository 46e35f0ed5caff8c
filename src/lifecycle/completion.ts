import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import * as v from 'valibot';
import type { Aws } from '../aws/clients.ts';
import type { Clock } from '../base/clock.ts';
import type { Project } from '../base/project.ts';
import { onEmulator, regionSetting, stateSetting, type TargetWords } from '../base/settings.ts';
import { MINUTE } from '../base/units.ts';
import { folderState } from '../state/folder-state.ts';
import { s3Place } from '../aws/s3-uri.ts';
import { statePlace } from './open-state.ts';

/** What completing names needs of its caller. */
interface Asker {
  clock: Clock;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  globals: TargetWords;
  project(): Promise<Project>;
  aws(): Promise<Aws>;
}

export interface KnownEndpoints {
  /** Sorted. */
  names: string[];
  /** Asks the account, where that was last done more than five minutes ago, and keeps what it says. */
  refresh(): Promise<void>;
}

const MAX_AGE = 5 * MINUTE;
/** An account is asked again where it has not answered after this time. */
const PATIENCE = MINUTE;
/** What SageMaker calls an endpoint: nothing else is a name, whatever a file is called. */
const NAME = /^[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}$/;
const KEPT = v.object({ at: v.number(), names: v.array(v.string()) });

/**
 * The endpoints that can be named without asking anybody: of shadowctl.yaml, of the journals in the folder, and of the
 * account as it was asked within the last five minutes. Never throws, starts no emulator, asks no question.
 */
export async function knownEndpoints(asker: Asker): Promise<KnownEndpoints> {
  const none: KnownEndpoints = { names: [], refresh: async () => undefined };
  try {
    const project = await asker.project();
    const file = cacheFile(asker, project);
    const now = asker.clock.now();
    const kept = file === undefined ? undefined : await readKept(file);
    const fresh = kept !== undefined && kept.at <= now && now - kept.at <= MAX_AGE;
    const local = [...Object.keys(project.endpoints), ...(await journaled(asker, project))];
    const names = [...new Set([...local, ...(fresh ? kept.names : [])])].filter((name) => NAME.test(name)).toSorted();
    const refresh = () => (fresh || file === undefined ? Promise.resolve() : ask(asker, project, file));
    return { names, refresh };
  } catch {
    // A shadowctl.yaml that cannot be read is told by the command itself.
    return none;
  }
}

/** The batches that have a journal in the folder here, sorted. Never throws, asks nobody. */
export async function knownBatches(asker: Asker): Promise<string[]> {
  try {
    const found = await journaled(asker, await asker.project(), 'batches');
    return [...new Set(found)].filter((name) => NAME.test(name)).toSorted();
  } catch {
    return [];
  }
}

async function journaled(
  { env, cwd, clock, globals }: Asker,
  project: Project,
  of: 'endpoints' | 'batches' = 'endpoints',
): Promise<string[]> {
  const { place, folder } = statePlace(stateSetting(globals, env, project), project, cwd);
  // A bucket is not asked while a shell waits.
  if (s3Place(place) !== undefined) return [];
  const all = folderState(resolve(folder, place), clock);
  const root = of === 'batches' ? all.batches.journals : all;
  const region = regionSetting(globals, env, project)?.value ?? 'us-east-1';
  const names = await Promise.all((await root.accounts()).map((account) => root.endpoints(account, region)));
  return names.flat();
}

/** By what decides which account is asked; undefined where there is no folder of the user's own. */
function cacheFile({ env, globals }: Asker, project: Project): string | undefined {
  const caches = env.XDG_CACHE_HOME || (env.HOME && join(env.HOME, '.cache')) || env.LOCALAPPDATA;
  if (!caches || !isAbsolute(caches)) return undefined;
  const { emulator, endpointUrl, profile } = globals;
  const { AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL } = env;
  const { root, target, account, environment } = project;
  const by = [root, target, account, environment, project.profile, regionSetting(globals, env, project)?.value];
  const asked = [emulator, endpointUrl, profile, AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL];
  const key = createHash('sha256')
    .update(JSON.stringify([by, asked]))
    .digest('hex')
    .slice(0, 32);
  return join(caches, 'shadowctl', 'endpoints', `${key}.json`);
}

async function readKept(file: string): Promise<v.InferOutput<typeof KEPT> | undefined> {
  try {
    return v.parse(KEPT, JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Asks the account, one process at a time, and keeps what it says for the user alone. */
async function ask(asker: Asker, project: Project, file: string): Promise<void> {
  let began = false;
  try {
    // An emulator is this folder's, and its journals name what is on it; it would be started by being asked.
    if (onEmulator(asker.globals, project)) return;
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    began = await begins(`${file}.asking`, asker.clock.now());
    if (!began) return;
    const { listEndpoints } = await import('../aws/sagemaker.ts');
    const names = await listEndpoints(await asker.aws());
    const part = `${file}.${process.pid}.part`;
    const written = await open(part, 'wx', 0o600);
    await written.writeFile(JSON.stringify({ at: asker.clock.now(), names }));
    await written.close();
    await rename(part, file);
  } catch {
    // Without credentials, network or permission there are the names that are known here.
  } finally {
    if (began) await rm(`${file}.asking`, { force: true }).catch(() => undefined);
  }
}

/** Whether this process is to ask: not where another has begun to within the last minute, and is still at it. */
async function begins(mark: string, now: number): Promise<boolean> {
  const begun = Number(await readFile(mark, 'utf8').catch(() => ''));
  if (begun > now - PATIENCE && begun <= now) return false;
  await writeFile(mark, String(now), { mode: 0o600 });
  return true;
}

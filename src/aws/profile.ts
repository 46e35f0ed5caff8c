import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { environmentError, Problem } from '../base/errors.ts';
import { type Service, SERVICES } from './target.ts';

/**
 * Refuses a profile that stands in neither of the files of the AWS CLI: the SDK would only say that it found no
 * credentials.
 * @throws Problem (cannot-run) naming the files and the profiles there are
 */
export async function requireProfile(
  profile: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const files = filesOf(env);
  const known = new Set((await Promise.all(files.map(profilesIn))).flat());
  if (known.has(profile)) return;
  throw new Problem('cannot-run', `There is no AWS profile "${profile}": looked in ${files.join(' and ')}.`, {
    next:
      known.size === 0
        ? 'There are no profiles at all. Create one with: aws configure'
        : `Known profiles: ${[...known].toSorted().join(', ')}.`,
    offersEmulator: true,
  });
}

type Env = Readonly<Record<string, string | undefined>>;

/** The files of the AWS CLI: config, credentials. */
function filesOf(env: Env): [config: string, credentials: string] {
  const home = env.HOME ?? homedir();
  return [
    env.AWS_CONFIG_FILE ?? join(home, '.aws', 'config'),
    env.AWS_SHARED_CREDENTIALS_FILE ?? join(home, '.aws', 'credentials'),
  ];
}

/** What a profile says of the way to AWS. */
export interface ProfileNetwork {
  /** Its `endpoint_url`. */
  endpointUrl?: string;
  /** Those of its `services` section, which come before that one. */
  endpointUrls: Partial<Record<Service, string>>;
  /** Its `ca_bundle`. */
  caBundle?: string;
}

/**
 * What the config file says of a profile's endpoints and certificates. The SDK looks up endpoints of the profile that
 * AWS_PROFILE names alone, also where it is told another.
 * @throws Problem (cannot-run) where the profile names a section of services that is not there
 */
export async function profileNetwork(profile: string, env: Env): Promise<ProfileNetwork> {
  const [file] = filesOf(env);
  const sections = sectionsOf(await readFile(file, 'utf8').catch(() => ''));
  const own = sections.get(profile === 'default' ? 'default' : `profile ${profile}`) ?? sections.get(profile);
  const {
    endpoint_url: endpointUrl,
    ca_bundle: caBundle,
    services,
    ignore_configured_endpoint_urls: ignored,
  } = own ?? {};
  const certificates = caBundle === undefined ? {} : { caBundle };
  if (/^true$/i.test(ignored ?? '')) return { endpointUrls: {}, ...certificates };
  const listed = services === undefined ? {} : sections.get(`services ${services}`);
  if (listed === undefined)
    throw environmentError(
      `The profile "${profile}" names the services section "${services}", which is not in ${file}.`,
      `Write a section [services ${services}] into it, or take \`services\` out of the profile.`,
    );
  const endpointUrls = Object.fromEntries(
    SERVICES.flatMap((service) => {
      const url = listed[`${service.toLowerCase()}.endpoint_url`];
      return url === undefined ? [] : [[service, url]];
    }),
  );
  return { ...(endpointUrl !== undefined && { endpointUrl }), endpointUrls, ...certificates };
}

/** `key = value` by section; `key.inner` of the lines that are indented below a key without a value. */
function sectionsOf(text: string): Map<string, Record<string, string>> {
  const sections = new Map<string, Record<string, string>>();
  let [section, outer]: [Record<string, string> | undefined, string] = [undefined, ''];
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    if (heading !== undefined) {
      const name = heading.replace(/^(profile|services)\s+(["']?)(.*)\2$/, '$1 $3');
      section = sections.get(name) ?? {};
      sections.set(name, section);
      continue;
    }
    const [, indent = '', key, value = ''] = /^(\s*)([^\s#;=]+)\s*=\s*(.*?)(?:\s+[#;].*)?\s*$/.exec(line) ?? [];
    if (key === undefined || section === undefined) continue;
    if (indent === '') outer = key;
    if (value !== '') section[indent === '' ? key : `${outer}.${key}`] = value;
  }
  return sections;
}

/** `[name]` in the credentials file, `[profile name]` in the config file; a file that is not there holds none. */
async function profilesIn(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const headings = [...text.matchAll(/^\s*\[\s*([^\]]+?)\s*\]/gm)].map(([, name = '']) => name);
  return headings
    .filter((name) => !/^(sso-session|services)\s/.test(name))
    .map((name) => name.replace(/^profile\s+/, '').replace(/^(["'])(.*)\1$/, '$2'));
}

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../base/errors.ts';

/**
 * Refuses a profile that stands in neither of the files of the AWS CLI: the SDK would only say that it found no
 * credentials.
 * @throws Problem (cannot-run) naming the files and the profiles there are
 */
export async function requireProfile(
  profile: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const home = env.HOME ?? homedir();
  const files = [
    env.AWS_CONFIG_FILE ?? join(home, '.aws', 'config'),
    env.AWS_SHARED_CREDENTIALS_FILE ?? join(home, '.aws', 'credentials'),
  ];
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

/** `[name]` in the credentials file, `[profile name]` in the config file; a file that is not there holds none. */
async function profilesIn(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const headings = [...text.matchAll(/^\s*\[\s*([^\]]+?)\s*\]/gm)].map(([, name = '']) => name);
  return headings
    .filter((name) => !/^(sso-session|services)\s/.test(name))
    .map((name) => name.replace(/^profile\s+/, '').replace(/^(["'])(.*)\1$/, '$2'));
}

import type { App, Outcome } from '../../app.ts';
import { withRegionOf } from '../../base/settings.ts';
import { emulatorEnvironment } from '../../emulator/daemon/process.ts';
import { type DirOptions, needRunning } from './folder.ts';
import { writeJson } from '../views/json.ts';

export interface EnvOptions extends DirOptions {
  format: 'text' | 'json';
  shell: 'bash' | 'fish' | 'powershell' | 'dotenv';
}

/** Prints what a shell must set and unset, for `eval`. */
export async function run(app: App, options: EnvOptions): Promise<Outcome> {
  const { url } = await needRunning(app, options);
  const region = app.globals.region;
  const project = await app.project();
  const env = region === undefined ? withRegionOf(project, app.env) : { ...app.env, AWS_REGION: region };
  const variables = emulatorEnvironment(url, env, project.region);
  if (options.format === 'json') {
    const all = Object.entries(variables).map(([name, value]) => [name, value ?? null]);
    writeJson(app.io, 'emulator-env', { variables: Object.fromEntries(all) as object });
    return 'done';
  }
  for (const [name, value] of Object.entries(variables)) {
    const words = line(options.shell, name, value);
    if (words !== '') app.io.out(words);
  }
  return 'done';
}

/** One assignment, or the removal of what would send real credentials. */
function line(shell: EnvOptions['shell'], name: string, value: string | undefined): string {
  const { set, unset } = WORDS[shell];
  return value === undefined ? unset(name) : set(name, value);
}

const WORDS: Record<EnvOptions['shell'], { set(name: string, value: string): string; unset(name: string): string }> = {
  bash: {
    set: (name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
    unset: (name) => `unset ${name}`,
  },
  fish: {
    set: (name, value) => `set -gx ${name} '${value.replace(/[\\']/g, '\\$&')}';`,
    unset: (name) => `set -e ${name};`,
  },
  // For $GITHUB_ENV and `docker --env-file`, which cannot unset and keep quotes as they stand.
  dotenv: {
    set: (name, value) => `${name}=${value}`,
    unset: () => '',
  },
  powershell: {
    set: (name, value) => `$Env:${name} = '${value.replaceAll("'", "''")}'`,
    unset: (name) => `Remove-Item Env:${name} -ErrorAction SilentlyContinue`,
  },
};

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { App, Outcome } from '../../app.ts';
import { type Census, takeCensus } from '../../aws/census.ts';
import { connect } from '../../aws/clients.ts';
import { listTransformJobs } from '../../aws/transform-jobs.ts';
import { withRegionOf } from '../../base/settings.ts';
import { emulatorEnvironment, runningEmulator } from '../../emulator/daemon/process.ts';
import { getJson } from '../../emulator/daemon/request.ts';
import { plain } from '../../ui/io.ts';
import { shown, type Text, text } from '../../base/text.ts';
import { type DirOptions, folderOf } from './folder.ts';
import { bytes, isoSeconds } from '../../base/units.ts';
import { writeJson } from '../views/json.ts';

export interface StatusOptions extends DirOptions {
  format: 'text' | 'json';
}

/** Says whether an emulator runs, where, and what stands on it in one region. That none runs is a no. */
export async function run(app: App, options: StatusOptions): Promise<Outcome> {
  const dir = await folderOf(app, options);
  const running = await runningEmulator(dir);
  const stateBytes = await bytesIn(dir);
  if (running === undefined) {
    if (options.format === 'json') writeJson(app.io, 'emulator-status', { running: false, dir, stateBytes });
    else app.io.out(text`No emulator runs in ${dir}. Start one with: ${shown('emulator start')}`);
    return 'no';
  }
  const project = await app.project();
  const env = emulatorEnvironment(running.url, withRegionOf(project, app.env), project.region);
  const region = app.globals.region ?? env.AWS_REGION ?? 'us-east-1';
  const [health, standing] = await Promise.all([
    getJson(`${running.url}/_shadowctl/health`),
    census(running.url, region, env),
  ]);
  const { version, faults } = health.body as { version: string; faults: number };
  if (options.format === 'json') {
    writeJson(app.io, 'emulator-status', {
      running: true,
      ...running,
      version,
      dir,
      stateBytes,
      faults,
      region,
      ...standing,
    });
    return 'done';
  }
  const rows: [string, Text][] = [
    ['url', running.url],
    ['process', `${running.pid}, version ${version}, since ${isoSeconds(running.since)}`],
    ['state', `${dir}, ${bytes(stateBytes)}`],
    ['faults', faults === 0 ? 'none' : text`${faults} (${shown('emulator fault list')})`],
    ['region', region],
    ['endpoints', standing.endpoints.map(plain).join(', ') || 'none'],
    [
      'also',
      [
        counted(standing.models, 'model'),
        counted(standing.endpointConfigs, 'endpoint config'),
        counted(standing.alarms, 'alarm'),
        counted(standing.transformJobs, 'transform job'),
      ].join(', '),
    ],
  ];
  for (const [name, value] of rows) app.io.out(text`${name.padEnd(10)} ${value}`);
  return 'done';
}

function counted(things: readonly unknown[], word: string): string {
  return `${things.length} ${word}${things.length === 1 ? '' : 's'}`;
}

async function census(
  url: string,
  region: string,
  env: Record<string, string | undefined>,
): Promise<Census & { transformJobs: string[] }> {
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? 'test', secretAccessKey: 'test' };
  const aws = connect({ region, endpointUrl: url, profile: undefined, credentials });
  try {
    return { ...(await takeCensus(aws)), transformJobs: (await listTransformJobs(aws)).map(({ name }) => name).sort() };
  } finally {
    aws.close();
  }
}

/** The size of all files below a folder; files that vanish meanwhile count nothing. */
async function bytesIn(dir: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(dir).catch(() => [])) {
    const path = join(dir, name);
    const found = await stat(path).catch(() => undefined);
    sum += found?.isDirectory() ? await bytesIn(path) : (found?.size ?? 0);
  }
  return sum;
}

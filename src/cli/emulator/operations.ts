import type { App, Outcome } from '../../app.ts';
import {
  countStandings,
  type ServiceStanding,
  standings,
  standingsMarkdown,
} from '../../emulator/services/conformance.ts';
import { table } from '../../ui/table.ts';
import type { ServiceId } from '../../emulator/model/shapes.ts';
import { writeJson } from '../views/json.ts';

export interface OperationsOptions {
  /** Undefined: all of them. */
  service: ServiceId | undefined;
  format: 'text' | 'json' | 'markdown';
  /** Names also what is not built. */
  all: boolean;
}

/** Prints the conformance table; no emulator needs to run. */
export async function run(app: App, options: OperationsOptions): Promise<Outcome> {
  const all = await standings(options.service && [options.service]);
  if (options.format === 'json') writeJson(app.io, 'emulator-operations', all);
  else if (options.format === 'markdown') app.io.out(standingsMarkdown(all, options.all).trimEnd());
  else await print(app, all, options.all);
  return 'done';
}

async function print({ io }: App, all: readonly ServiceStanding[], everything: boolean): Promise<void> {
  for (const [index, one] of all.entries()) {
    const { built, partly, 'not built': none } = countStandings(one);
    if (index > 0) io.out('');
    io.out(`${one.service}: ${built} built, ${partly} partly, ${none} not built`);
    const rows = one.operations
      .filter(({ standing }) => everything || standing !== 'not built')
      .map(({ name, standing, missing = '' }) => [name, standing, missing]);
    io.out(await table(io, ['operation', '', 'missing'], rows, { indent: '  ' }));
  }
  if (!everything) io.out('\nAn operation that is not built answers NotImplemented; --all lists these.');
}

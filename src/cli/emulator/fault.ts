import type { App, Outcome } from '../../app.ts';
import type { Fault } from '../../emulator/world/faults.ts';
import { getJson } from '../../emulator/daemon/request.ts';
import { usageError } from '../../base/errors.ts';
import { plain } from '../../ui/io.ts';
import { shown, text } from '../../base/text.ts';
import { type DirOptions, needRunning } from './folder.ts';
import { writeJson } from '../views/json.ts';

export interface FaultAddOptions extends DirOptions {
  fault: Omit<Fault, 'id'>;
  format: 'text' | 'json';
}

export interface FaultListOptions extends DirOptions {
  format: 'text' | 'json';
}

export interface FaultClearOptions extends DirOptions {
  /** All, when empty. */
  ids: string[];
  format: 'text' | 'json';
}

/** Adds a fault; its id is the result. */
export async function add(app: App, options: FaultAddOptions): Promise<Outcome> {
  const { body } = await ask(app, options, { method: 'POST', body: options.fault });
  const added = body as Fault;
  app.io.err(`Added: ${describe(added)}.`);
  if (options.format === 'json') writeJson(app.io, 'emulator-fault-add', added);
  else app.io.out(added.id);
  return 'done';
}

/** `emulator fault list` */
export async function list(app: App, options: FaultListOptions): Promise<Outcome> {
  const { faults } = (await ask(app, options)).body as { faults: Fault[] };
  if (options.format === 'json') writeJson(app.io, 'emulator-fault-list', faults);
  else for (const fault of faults) app.io.out(`${fault.id}  ${plain(describe(fault))}`);
  if (faults.length === 0) app.io.err('There are no faults.');
  return 'done';
}

/** `emulator fault clear`: removes the named faults, or all. */
export async function clear(app: App, options: FaultClearOptions): Promise<Outcome> {
  if (options.ids.length === 0) await ask(app, options, { method: 'DELETE' });
  for (const id of options.ids) await ask(app, options, { method: 'DELETE', path: `/${encodeURIComponent(id)}` });
  if (options.format === 'json')
    writeJson(app.io, 'emulator-fault-clear', { cleared: options.ids.length === 0 ? 'all' : options.ids });
  app.io.err(options.ids.length === 0 ? 'All faults are removed.' : `Removed: ${options.ids.join(', ')}.`);
  return 'done';
}

/** Asks the control endpoint; what it refuses is the caller's mistake, in its words. */
async function ask(
  app: App,
  options: DirOptions,
  request: { method?: 'POST' | 'DELETE'; path?: string; body?: unknown } = {},
): Promise<{ status: number; body: unknown }> {
  const { url } = await needRunning(app, options);
  const { path = '', ...rest } = request;
  const reply = await getJson(`${url}/_shadowctl/faults${path}`, rest);
  if (reply.status < 400) return reply;
  const { message } = (reply.body ?? {}) as { message?: string };
  throw usageError(
    message ?? `The emulator answered ${reply.status}.`,
    text`List the faults with: ${shown('emulator fault list')}`,
  );
}

/** A fault in one line, for example `throttle, operation UpdateEndpoint, share 0.5, times 3`. */
function describe(fault: Fault): string {
  const parts = Object.entries(fault).filter(([name]) => name !== 'id' && name !== 'kind');
  const words = parts.map(([name, value]) => (name === 'times' && value === 0 ? 'used up' : `${name} ${value}`));
  return [fault.kind, ...words].join(', ');
}

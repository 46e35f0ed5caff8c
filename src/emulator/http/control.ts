import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import type { Fault } from '../world/faults.ts';
import type { WireRequest, WireResponse } from '../protocols/wire.ts';
import { conformance } from '../services/conformance.ts';
import { SERVICE_IDS } from '../model/shapes.ts';
import type { World } from '../world/world.ts';

/** Everything below this path is the emulator's own; no bucket can be called so. */
export const CONTROL = '/_shadowctl/';

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(256));

/** A fault as it is asked for: what is left out matches everything. */
const Asked = v.strictObject({
  kind: v.picklist([
    'throttle',
    'error',
    'delay',
    'deny',
    'drop-reply',
    'cut-reply',
    'slow-model',
    'failing-model',
    'unhealthy',
    'insufficient-capacity',
    'delay-metrics',
  ] satisfies Fault['kind'][]),
  service: v.optional(v.picklist(SERVICE_IDS)),
  operation: v.optional(text),
  endpoint: v.optional(text),
  variant: v.optional(text),
  endpointConfig: v.optional(text),
  transformJob: v.optional(text),
  share: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  times: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  milliseconds: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(3_600_000))),
  status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599))),
});

/**
 * The control endpoint, for any language that speaks HTTP and JSON:
 *
 * - `GET /_shadowctl/health`
 * - `GET /_shadowctl/operations` → `{ sagemaker: { built: [...], notBuilt: [...] }, … }`
 * - `GET /_shadowctl/faults` → `{ faults: [...] }`
 * - `POST /_shadowctl/faults` with a fault → 201 and the fault with its `id`
 * - `DELETE /_shadowctl/faults` forgets all, `DELETE /_shadowctl/faults/{id}` one
 *
 * @param startedAt milliseconds since the epoch
 */
export async function control(world: World, startedAt: number, request: WireRequest): Promise<WireResponse> {
  const [what = '', id] = request.path.slice(CONTROL.length).split('/');
  const key = `${request.method} ${what}`;
  // A fault applies from now on: what was due before happens as if it were not there.
  if (request.method !== 'GET') await world.timeline.catchUp();
  if (key === 'GET health' && id === undefined) return reply(200, health(world, startedAt));
  if (key === 'GET operations' && id === undefined) return reply(200, await conformance());
  if (key === 'GET faults' && id === undefined) return reply(200, { faults: world.faults.list() });
  if (key === 'POST faults' && id === undefined) return add(world, request);
  if (key === 'DELETE faults') {
    if (id === undefined) world.faults.clear();
    else if (!world.faults.remove(id)) return problem(404, `There is no fault ${JSON.stringify(id)}.`);
    return { status: 204, headers: {}, body: '' };
  }
  return problem(
    404,
    `The emulator has no ${request.method} ${request.path}. It has GET /_shadowctl/health and operations, and GET, POST and DELETE /_shadowctl/faults.`,
  );
}

function health(world: World, startedAt: number) {
  const now = world.clock.now();
  return {
    status: 'ok',
    version: version(),
    uptimeSeconds: (now - startedAt) / 1000,
    time: new Date(now).toISOString(),
    virtualTime: world.clock.virtual,
    faults: world.faults.list().length,
    services: SERVICE_IDS,
  };
}

/** The version in the nearest package.json above this file, which is the program's own in the source and in the bundle. */
function version(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

function add(world: World, request: WireRequest): WireResponse {
  let asked: unknown;
  try {
    asked = JSON.parse(Buffer.from(request.body).toString('utf8'));
  } catch {
    return problem(400, 'The fault is not JSON.');
  }
  const parsed = v.safeParse(Asked, asked);
  if (!parsed.success) {
    const issues = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? 'fault'}: ${issue.message}`);
    return problem(400, `The fault is not understood. ${issues.join('; ')}.`);
  }
  return reply(201, world.faults.add(parsed.output));
}

function problem(status: number, message: string): WireResponse {
  return reply(status, { message });
}

function reply(status: number, value: unknown): WireResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(value)}\n` };
}

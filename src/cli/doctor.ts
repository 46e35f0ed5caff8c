import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import { printText, shown, text } from '../base/text.ts';
import type { Finding } from '../guard/finding.ts';
import type { Size } from '../guard/strategy.ts';
import { formatFlag } from './flags/common.ts';
import { parseSeconds, parseSize } from '../guard/quantities.ts';
import { writeJson } from './views/json.ts';

export interface DoctorOptions {
  /** Undefined: every endpoint with a journal here. */
  endpoint: string | undefined;
  /** Alarms by name; none: every alarm on this endpoint. */
  alarms: readonly string[];
  /** A JSON file with alarms that need not exist yet. */
  file: string | undefined;
  /** The bake the alarms are to fire in, in seconds. */
  bakeSeconds: number;
  canarySize: Size;
  /** The config a new fleet will run, where the alarms name one. */
  configName: string | undefined;
  /** Ask IAM what will be denied, too. */
  permissions: boolean;
  format: 'text' | 'json';
}

interface Flags {
  endpoint?: string;
  alarm?: string[];
  file?: string;
  bake: string;
  canarySize: string;
  configName?: string;
  permissions?: boolean;
  format: 'text' | 'json';
}

const HELP = `
Exit codes: 0 nothing would leave an update unguarded, 1 something would (marked ✖).

Example:
  $ shadowctl doctor --endpoint weather --bake 10m`;

export function doctorCommand(host: Host, start: Run<DoctorOptions> = run): Command {
  const command = new Command('doctor')
    .option(
      '--endpoint <name>',
      'the endpoint (default: every endpoint with a journal here, in this account and region)',
    )
    .option('--alarm <name...>', 'examine these alarms (default: every alarm on the endpoint)')
    .option('--file <path>', 'examine alarms from a JSON file: PutMetricAlarm inputs or what describe-alarms prints')
    .option('--bake <duration>', 'the bake time within which they must fire', '5m')
    .option('--canary-size <size>', 'how much of the fleet is replaced first', '1')
    .option('--config-name <name>', 'the config the new fleet will run')
    .option('--permissions', "ask IAM's simulation what will be denied to you, and to the role of the models");
  return formatFlag(command)
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(start, parse(flags)));
}

function parse(flags: Flags): DoctorOptions {
  const ofOne = (['alarm', 'file', 'configName'] as const).find((name) => flags[name] !== undefined);
  if (flags.endpoint === undefined && ofOne !== undefined)
    throw usageError(
      `--${ofOne === 'configName' ? 'config-name' : ofOne} is about one endpoint, and none was named.`,
      'Name the endpoint: --endpoint NAME',
    );
  return {
    endpoint: flags.endpoint,
    alarms: [...new Set(flags.alarm ?? [])],
    file: flags.file,
    bakeSeconds: parseSeconds('--bake', flags.bake),
    canarySize: parseSize('--canary-size', flags.canarySize),
    configName: flags.configName,
    permissions: flags.permissions === true,
    format: flags.format,
  };
}

/** Shows what was found, the worst first. */
export async function run(app: App, options: DoctorOptions): Promise<Outcome> {
  const { resolve } = await import('node:path');
  const { endpointsHere, examine } = await import('../lifecycle/doctor.ts');
  const { blocking, worstFirst } = await import('../guard/finding.ts');
  const { sessionOf } = await import('./session.ts');
  const session = sessionOf(app);
  const file = options.file === undefined ? undefined : resolve(app.cwd, options.file);
  const { damagedProblem } = await import('../lifecycle/session.ts');
  const { endpoints, damaged } =
    options.endpoint === undefined ? await endpointsHere(session) : { endpoints: [options.endpoint], damaged: [] };
  const examined: { endpoint: string; healthy: boolean; findings: unknown[] }[] = [];
  /** Notes that were shown of an endpoint, which hold of the next one, word for word. */
  const said = new Set<string>();
  for (const [index, endpoint] of endpoints.entries()) {
    const findings = worstFirst(await examine(session, { ...options, endpoint, file }));
    const count = blocking(findings).length;
    examined.push({ endpoint, healthy: count === 0, findings: findings.map(asJson) });
    if (options.format === 'json') continue;
    if (index > 0) app.io.out();
    // What holds off an update is told of each: what may be done about it names the endpoint.
    const fresh = findings.filter((one) => one.holdsOff === true || !said.has(wordsOf(one, endpoint)));
    for (const one of fresh) if (one.severity === 'note') said.add(wordsOf(one, endpoint));
    const again = findings.filter((one) => !fresh.includes(one)).map(({ check }) => check);
    await write(app, { ...options, endpoint }, { findings: fresh, again, count });
  }
  if (options.format === 'json') {
    const { healthy, findings } = examined[0] ?? {};
    writeJson(app.io, 'doctor', options.endpoint === undefined ? examined : { healthy, findings });
  }
  const problem = damagedProblem(damaged);
  if (problem !== undefined) throw problem;
  return examined.every(({ healthy }) => healthy) ? 'done' : 'no';
}

/** A finding without the name of its endpoint. */
function wordsOf({ check, message }: Finding, endpoint: string): string {
  return `${check} ${message.replaceAll(endpoint, '')}`;
}

function asJson(finding: Finding) {
  return { ...finding, next: finding.next === undefined ? undefined : printText(finding.next) };
}

async function write(
  app: App,
  options: DoctorOptions & { endpoint: string },
  { findings, again, count }: { findings: readonly Finding[]; again: readonly string[]; count: number },
): Promise<void> {
  const { endpoint } = options;
  const { showFinding } = await import('./views/findings.ts');
  for (const finding of findings) for (const line of showFinding(app.io, finding)) app.io.out(line);
  if (again.length > 0) app.io.out(`  As of the endpoint above: ${again.join(', ')}.`);
  app.io.out();
  const holding = findings.filter(({ holdsOff }) => holdsOff === true);
  const until = holding.every(({ check }) => check === 'shadow')
    ? 'the shadow has ended'
    : 'what is under way has ended';
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  const also = warnings === 0 ? '' : ` See also the ${warnings === 1 ? 'warning' : `${warnings} warnings`} (!).`;
  const conclusion =
    count === 0
      ? `${holding.length > 0 ? `No canary can begin before ${until} (see above). Nothing else was found that would stop one` : 'Nothing found that would stop an update'}${warnings === 0 ? '.' : `, but ${warnings === 1 ? '1 warning' : `${warnings} warnings`} (!).`}`
      : `${count} ${count === 1 ? 'finding' : 'findings'} would leave an update unguarded (✖).${also}`;
  const { wrap } = await import('../ui/wrap.ts');
  for (const line of wrap(conclusion, app.io.columns, '  ')) app.io.out(line);
  const { correctionLines } = await import('./views/findings.ts');
  for (const line of correctionLines(app.io, findings, options)) app.io.out(line);
  const { nextLines } = await import('./views/next.ts');
  for (const line of nextLines(app.io, text`${shown('status', { endpoint })}`)) app.io.out(line);
}

import type { Project } from '../../base/project.ts';
import type { Source } from '../../base/settings.ts';
import type { Setting } from '../../lifecycle/settings.ts';
import { type Io, plain } from '../../ui/io.ts';
import { records } from '../../ui/records.ts';
import { textWidth } from '../../ui/width.ts';

/** The settings as a table, below a line that names the file. */
export async function configLines(
  io: Io,
  { project, endpoint, settings }: { project: Project; endpoint: string | undefined; settings: readonly Setting[] },
): Promise<string[]> {
  const { file, endpoints, environments } = project;
  const all = settings.flatMap(({ key, value, from }) =>
    membersOf(key, value).map(([name, one]) => [plain(name), plain(shownValue(one)), plain(placeOf(from))]),
  );
  // One long value would turn all of it into a list.
  const isLong = ([, value = '']: readonly string[]) => textWidth(value) > io.columns / 2;
  const rows = all.filter((row) => !isLong(row));
  const own = Object.keys(endpoints);
  const lines = [
    file === undefined ? 'No shadowctl.yaml here or above: shadowctl init writes one.' : `From ${plain(file)}:`,
    await records(io, ['setting', 'value', 'comes from'], rows),
    ...all.filter(isLong).flatMap(([key, value, place]) => [`${key}  (${place})`, `  ${value}`]),
  ];
  if (!settings.some(({ key }) => key.startsWith('policy'))) lines.push('The policy has its defaults throughout.');
  else lines.push('All else of the policy has its default: shadowctl policy explain.');
  if (endpoint === undefined && own.length > 0)
    lines.push(`Endpoints with settings of their own: ${own.map(plain).join(', ')} (--endpoint shows them).`);
  if (Object.keys(environments).length > 0)
    lines.push(`Environments: ${Object.keys(environments).map(plain).join(', ')} (--env chooses one).`);
  return lines;
}

/** A section as its keys, one by one: `release.bake`. */
function membersOf(key: string, value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[key, value]];
  return Object.entries(value).flatMap(([name, one]) => membersOf(`${key}.${name}`, one));
}

function shownValue(value: unknown): string {
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
    ? value.join(', ')
    : JSON.stringify(value);
}

/** The key stands in the first column already. */
function placeOf({ kind, name }: Source): string {
  if (kind === 'file') return 'the file';
  return kind === 'endpoint' || kind === 'environment' ? name.split('.').slice(0, 2).join('.') : name;
}

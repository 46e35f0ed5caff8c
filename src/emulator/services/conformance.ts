import { MISSING } from './conformance-notes.ts';
import { loadService } from './registry.ts';
import { SERVICE_IDS, type ServiceId } from '../model/shapes.ts';

type Standing = 'built' | 'partly' | 'not built';

/** How far an operation of AWS is built. */
interface OperationStanding {
  /** AWS's name. */
  name: string;
  standing: Standing;
  /** What is missing; of `partly` alone. */
  missing?: string;
}

/** All operations that AWS describes for a service, by name. */
export interface ServiceStanding {
  service: ServiceId;
  operations: OperationStanding[];
}

/**
 * How far each operation is built: AWS's descriptions say which there are, the code which are built, and a table of
 * notes what of those is missing.
 */
export async function standings(services: readonly ServiceId[] = SERVICE_IDS): Promise<ServiceStanding[]> {
  const all = await conformance();
  return services.map((service) => ({
    service,
    operations: [
      ...all[service].built.map((name): OperationStanding => built(name, MISSING[service]?.[name])),
      ...all[service].notBuilt.map((name): OperationStanding => ({ name, standing: 'not built' })),
    ].sort((a, b) => (a.name < b.name ? -1 : 1)),
  }));
}

function built(name: string, missing: string | undefined): OperationStanding {
  return missing === undefined ? { name, standing: 'built' } : { name, standing: 'partly', missing };
}

/** How many operations of a service are built, partly built, and not built. */
export function countStandings({ operations }: ServiceStanding): Record<Standing, number> {
  const count = { built: 0, partly: 0, 'not built': 0 };
  for (const { standing } of operations) count[standing] += 1;
  return count;
}

/**
 * The table as Markdown. Operations that are not built are counted, and named only with `everything`: SageMaker alone
 * has hundreds.
 */
export function standingsMarkdown(all: readonly ServiceStanding[], everything = false): string {
  const summary = all.map((one) => {
    const { built: whole, partly, 'not built': none } = countStandings(one);
    return `| ${one.service} | ${whole} | ${partly} | ${none} |`;
  });
  const details = all.flatMap(({ service, operations }) =>
    operations
      .filter(({ standing }) => everything || standing !== 'not built')
      .map(({ name, standing, missing }) => `| ${service} | ${name} | ${standing} | ${cell(missing ?? '')} |`),
  );
  return [
    '| service | built | partly | not built |',
    '|---|--:|--:|--:|',
    ...summary,
    '',
    '| service | operation | | missing |',
    '|---|---|---|---|',
    ...details,
    '',
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** Which operations of each service are built, and which AWS has besides: read from the code, so that it cannot be wrong. */
export async function conformance(): Promise<Record<ServiceId, { built: string[]; notBuilt: string[] }>> {
  const entries = await Promise.all(
    SERVICE_IDS.map(async (id) => {
      const { model, operations } = await loadService(id);
      const isBuilt = (name: string) => model.operation(name)?.built === true && operations[name] !== undefined;
      const names = [...model.operationNames].sort();
      return [id, { built: names.filter(isBuilt), notBuilt: names.filter((name) => !isBuilt(name)) }] as const;
    }),
  );
  return Object.fromEntries(entries) as Record<ServiceId, { built: string[]; notBuilt: string[] }>;
}

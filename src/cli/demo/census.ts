import { type Census, takeCensus } from '../../aws/census.ts';
import { connect } from '../../aws/clients.ts';
import type { Environment } from '../../app.ts';
import type { Io } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';
import { CENSUS_KINDS, type Plan } from './story.ts';

/** Asks the emulator, through the SDK, what stands: the demo trusts no memory of its own. */
export async function readCensus(env: Environment): Promise<Census> {
  const aws = connect({
    region: env.AWS_REGION ?? '',
    endpointUrl: env.AWS_ENDPOINT_URL,
    profile: undefined,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
  });
  try {
    return await takeCensus(aws);
  } finally {
    aws.close();
  }
}

/** Where what stands differs from the plan, in words; empty where it does not. */
export function differences(found: Census, planned: Plan): string[] {
  return CENSUS_KINDS.filter(
    ({ key }) => found[key].length !== planned[key].length || found[key].some((name) => !planned[key].includes(name)),
  ).map(({ key, title }) => `${title}: found ${listed(found[key])}, planned ${listed(planned[key])}`);
}

/** The recap: a row for each kind. */
export async function renderCensus(found: Census, planned: Plan, io: Io): Promise<string> {
  return table(
    io,
    ['', 'count', 'planned', 'names'],
    CENSUS_KINDS.map(({ key, title }) => [
      title,
      String(found[key].length),
      String(planned[key].length),
      listed(found[key]),
    ]),
  );
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

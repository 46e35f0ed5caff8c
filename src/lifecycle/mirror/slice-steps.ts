import { follow, type Path, parsePath, pathText } from '../../analysis/answers/path.ts';
import { payloadText } from '../../analysis/answers/captures.ts';
import { linesOf } from '../../analysis/mirrored/lines.ts';
import { LIVE_FOLDER } from '../../analysis/mirrored/record.ts';
import { openMirrorFolder } from '../../analysis/observe/mirror/folder.ts';
import { type SliceRanking, sliceRanking } from '../../analysis/statistics/slice-risk.ts';
import { usageError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { shown, text } from '../../base/text.ts';
import type { JudgeSession } from '../judge.ts';
import { judgeShadowOf, type MirrorJudging } from './judge.ts';
import type { MirrorName } from './look.ts';

/** The slices of a field, as steps of a rollout. */
export interface SliceSteps {
  /** `$.country=LI`, the least risky first, and 100% in the end. */
  steps: string[];
  ranking: SliceRanking;
}

/** Where a field of a request's body may lie, by the forms that the analysis takes apart (`featuresOf`). */
const PLACES = (name: string): Path[] => [
  [name],
  ['instances', null, name],
  ['features', name],
  ['instances', null, 'features', name],
];

/**
 * Orders the slices of a field of the requests by the records of a mirror: those with the least risk first, and those that stand out last.
 *
 * @param field `country`, or its path `$.user.country`
 * @throws Problem (usage) where the records know no such slices, where the field lies in two places, or where its slices are no single
 * values
 */
export async function sliceSteps(
  session: JudgeSession,
  { mirror, shadow, judging }: { mirror: MirrorName; shadow: string; judging: MirrorJudging },
  field: string,
): Promise<SliceSteps> {
  const path = field.startsWith('$') ? parsePath(field) : undefined;
  const name = path === undefined ? field : path.at(-1);
  if (typeof name !== 'string')
    throw usageError(
      `--by ${field}: a path to slices by ends with the name of a field.`,
      "Write it like '$.user.country'.",
    );
  const { observations } = await judgeShadowOf(session, { folder: mirror.folder, shadow }, judging);
  const { predictions } = observations;
  const rankings = predictions === undefined ? [] : sliceRanking(predictions);
  const ranking = withoutOthers(rankings.find(({ column }) => column === name));
  if (ranking === undefined || ranking.parts.length < 2)
    throw usageError(
      `--by ${field}: the records have no slices by ${name} that could be ordered: each needs 30 different requests${rankings.length === 0 ? '' : `; there are slices by ${rankings.map(({ column }) => column).join(', ')}`}.`,
      text`See them: ${shown('report', { mirror: mirror.words, full: true })}`,
    );
  const found = await placeOf(mirror.folder, shadow, path === undefined ? PLACES(name) : [path], ranking);
  if (found.length !== 1)
    throw usageError(
      found.length === 0
        ? `--by ${field}: its slices are ranges of numbers, or cut off, or lie elsewhere in the requests: a slice of a rollout is one value at one place.`
        : `--by ${field}: requests have it at ${found.map(pathText).join(' and ')}.`,
      found.length === 0
        ? 'Name the slices yourself: --steps header:NAME=VALUE,10%,100%'
        : `Say which is meant: --by '${pathText(found[0] ?? [])}'`,
    );
  const place = pathText(found[0] ?? []);
  return { steps: [...ranking.order.map((part) => `${place}=${part}`), '100%'], ranking };
}

/** Values beyond the commonest are no slice that a step could name: the last step, all requests, has them. */
function withoutOthers(ranking: SliceRanking | undefined): SliceRanking | undefined {
  if (ranking === undefined) return undefined;
  const rest = new Set(ranking.parts.flatMap(({ part, others }) => (others ? [part] : [])));
  return {
    ...ranking,
    parts: ranking.parts.filter(({ others }) => !others),
    order: ranking.order.filter((part) => !rest.has(part)),
  };
}

/** Those of the paths at which every slice is the value of some request; a value that a step cannot say is none. */
async function placeOf(folder: string, shadow: string, paths: readonly Path[], ranking: SliceRanking): Promise<Path[]> {
  const { live } = await openMirrorFolder(folder, [LIVE_FOLDER, shadow]);
  const open = paths.map((path) => ({
    path,
    missing: new Set(ranking.order),
  }));
  for (const file of live)
    for await (const { text: line, facts } of linesOf(file)) {
      if (open.every(({ missing }) => missing.size === 0)) break;
      const body = facts === undefined ? undefined : bodyOf(line);
      if (body === undefined) continue;
      for (const { path, missing } of open)
        for (const value of follow(body, path))
          if (typeof value !== 'object') missing.delete(typeof value === 'string' ? value : JSON.stringify(value));
    }
  const sayable = ranking.order.every((part) => !part.includes('=') && part.trim() === part && part !== '');
  return open.filter(({ missing }) => sayable && missing.size === 0).map(({ path }) => path);
}

function bodyOf(line: string): unknown {
  try {
    const { captureData } = JSON.parse(line) as { captureData: { endpointInput?: Parameters<typeof payloadText>[0] } };
    const input = captureData.endpointInput;
    const body: unknown = input === undefined ? undefined : JSON.parse(payloadText(input));
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

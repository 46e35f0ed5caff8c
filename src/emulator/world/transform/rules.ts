import { mediaType } from '../../containers/media-type.ts';
import { isIndexed, PathError } from './path.ts';
import { processes, readFilters } from './join.ts';
import type { TransformRecord } from './records.ts';
import { formatOf } from './rows.ts';

/**
 * What of a request goes against the rules for data processing (Developer Guide, "Associate Prediction Results with Input
 * Records"), in our words: AWS's are not sourced, nor whether the call is refused or the job fails. Undefined where nothing does.
 */
export function ruleBroken(request: TransformRecord['request']): string | undefined {
  const { DataProcessing: data, DataCaptureConfig: capture, TransformInput: input, TransformOutput: output } = request;
  let filters: ReturnType<typeof readFilters>;
  try {
    filters = readFilters(data);
  } catch (error) {
    if (error instanceof PathError) return error.message;
    throw error;
  }
  if (!processes(data, capture)) return undefined;
  const [given, answered] = [mediaType(input?.ContentType), mediaType(output?.Accept)];
  const format = formatOf(given);
  if (format === undefined)
    return `Data processing needs the ContentType text/csv, application/json or application/jsonlines, not "${given}".`;
  if (given !== answered)
    return `Data processing needs the same ContentType and Accept: "${given}" is not "${answered}".`;
  const [split = 'None', assemble = 'None'] = [input?.SplitType, output?.AssembleWith];
  if (split !== assemble)
    return `Data processing needs the same SplitType and AssembleWith: ${split} is not ${assemble}.`;
  if (format === 'csv' && split !== 'Line') return 'Data processing of text/csv needs SplitType and AssembleWith Line.';
  const path = [filters.input, filters.output].find((one) => format === 'csv' && !isIndexed(one));
  if (path !== undefined) return `For CSV data only index based JSONPaths can be applied, not "${path.text}".`;
  return undefined;
}

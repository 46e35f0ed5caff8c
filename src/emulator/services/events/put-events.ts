import type { PutEventsRequestEntry, PutEventsResultEntry } from '@aws-sdk/client-eventbridge';
import type { Context } from '../operation.ts';
import { validationError } from './errors.ts';
import { checkBus } from './rules.ts';

/** "The total entry size must be less than 1 MB"; ten entries at the most (API_PutEvents). */
const MAX_ENTRIES = 10;

export const putEventsOperations = {
  /** Each entry succeeds or fails by itself. */
  PutEvents(context: Context, input: { Entries?: PutEventsRequestEntry[]; EndpointId?: string }) {
    const entries = input.Entries ?? [];
    if (entries.length > MAX_ENTRIES)
      throw validationError(
        `1 validation error detected: Value '[PutEventsRequestEntry]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to ${MAX_ENTRIES}`,
      );
    const results = entries.map((entry) => put(context, entry));
    return {
      FailedEntryCount: results.filter(({ ErrorCode }) => ErrorCode !== undefined).length,
      Entries: results,
    };
  },
};

function put(context: Context, entry: PutEventsRequestEntry): PutEventsResultEntry {
  const { Source: source, DetailType: type, Detail: text, Resources: resources = [], Time: time } = entry;
  checkBus(entry.EventBusName);
  const missing = (name: string) => ({
    ErrorCode: 'InvalidArgument',
    ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
  });
  if (source === undefined || source === '') return missing('Source');
  if (type === undefined || type === '') return missing('DetailType');
  if (text === undefined || text === '') return missing('Detail');
  if (source.startsWith('aws.'))
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  let detail: unknown;
  try {
    detail = JSON.parse(text);
  } catch {
    detail = undefined;
  }
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail))
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  const now = context.world.clock.now();
  const id = context.world.bus.put(
    context,
    { source, 'detail-type': type, resources, detail, ...(time !== undefined && { time: time.getTime() }) },
    now,
  );
  return { EventId: id };
}

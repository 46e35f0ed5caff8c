import type { LifecycleEnd, Message } from '../../lifecycle/events.ts';
import { noteMessage } from '../../lifecycle/release/note-words.ts';
import type { Io } from '../../ui/io.ts';
import { mirrorRolloutMessage } from './mirror-rollout.ts';
import { rolloutMessage } from './rollout.ts';
import { resultFacts, resultLines } from './update-result.ts';

/** How an end is told to those who are notified of it. */
export function describeEnd(end: LifecycleEnd, { command }: Pick<Io, 'command'>): Message {
  switch (end.kind) {
    case 'update': {
      const { ended } = end;
      // Chat services and mail programs break lines themselves.
      const io = { color: false, columns: Number.POSITIVE_INFINITY, command };
      return {
        subject: `shadowctl ${ended.update.command}: ${ended.ending.kind} - ${ended.update.endpoint}`,
        text: resultLines(io, ended).join('\n'),
        facts: resultFacts(ended),
      };
    }
    case 'rollout':
      return rolloutMessage({ command }, end.stopped);
    case 'mirror-rollout':
      return mirrorRolloutMessage({ command }, end.stopped);
    case 'release':
      return noteMessage(end.note, command);
    case 'kept': {
      const { endpoint, model, production, reason } = end;
      const why = reason === undefined ? '' : ` Reason: ${reason}`;
      return {
        subject: `shadowctl keep: kept - ${endpoint}`,
        text: `The shadow of ${endpoint} with ${model} has ended; production keeps ${production}.${why}`,
        facts: { endpoint, ended: 'kept', model, production, reason: reason ?? null },
      };
    }
  }
}

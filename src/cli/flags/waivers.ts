import type { Command } from 'commander';
import type { Policy } from '../../analysis/policy/policy.ts';
import { notWaivable, waivableOf } from '../../analysis/policy/schema.ts';
import { usageError } from '../../base/errors.ts';

/** What `waiverFlags` adds. */
export interface WaiverFlags {
  waive: readonly string[];
  reason: string | undefined;
}

/** Adds `--waive` and `--reason`. */
export function waiverFlags(command: Command): Command {
  return command
    .option(
      '--waive <gate...>',
      'gates to waive, by the ids that a report shows: they decide nothing, and every report names them',
    )
    .option('--reason <text>', 'why they are waived');
}

/** The policy with these gates waived. @throws Problem (usage) where there is no such gate, or no reason */
export function withWaivers(policy: Policy, { waive, reason }: WaiverFlags): Policy {
  if (waive.length === 0) {
    if (reason === undefined) return policy;
    throw usageError('--reason says why gates are waived, and none is.', 'Name them: --waive GATE.');
  }
  if (reason === undefined || reason.trim() === '')
    throw usageError(
      `--waive ${waive.join(' ')} has no reason.`,
      "Add --reason 'TEXT': the report and the journal keep it.",
    );
  for (const gate of waive) {
    const wrong = notWaivable(gate, Object.keys(policy.answers.margins));
    if (wrong === undefined) continue;
    const all = waivableOf(gate);
    throw usageError(
      `--waive "${gate}" is not ${wrong}.`,
      all.length === 0 ? undefined : `All of them: --waive ${all.join(' ')} --reason 'TEXT'`,
    );
  }
  return { ...policy, waivers: [...waive.map((gate) => ({ gate, reason })), ...policy.waivers] };
}

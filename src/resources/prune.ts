import type { ProductionVariant } from '@aws-sdk/client-sagemaker';
import type { ResourceKind, ResourceRef } from '../state/journal.ts';
import { keyOf } from '../state/replay.ts';
import { artifactsOf } from './model.ts';
import type { Deletion, ResourceCheck } from './teardown.ts';

/** What is pruned, in the order in which it is deleted: nothing that stands names what is gone. */
export const PRUNED: readonly ResourceKind[] = ['endpoint-config', 'model', 's3-object'];

/** Something that is needed, and by what: the end of "stays: …". */
export interface Needed {
  ref: ResourceRef;
  why: string;
}

export interface Pruning {
  steps: Deletion[];
  /** Of what shadowctl created: what stays, and why. */
  kept: Needed[];
}

/**
 * Which configs, models and uploads of shadowctl's own nothing needs. What a config needs that stays, stays, and so does
 * the artifact of a model that stays. What was not seen, and what is not shadowctl's, is not touched. Pure.
 *
 * @param checks what AWS has of what the journal names
 */
export function planPruning(checks: readonly ResourceCheck[], needed: readonly Needed[]): Pruning {
  const reasons = new Map<string, string>();
  for (const { ref, why } of needed) if (!reasons.has(keyOf(ref))) reasons.set(keyOf(ref), why);
  const pruning: Pruning = { steps: [], kept: [] };
  for (const kind of PRUNED)
    for (const { tracked, exists, managed, unseen } of checks.toReversed()) {
      const { ref, input, adopted } = tracked;
      if (ref.kind !== kind || (unseen === undefined && !exists)) continue;
      const why =
        reasons.get(keyOf(ref)) ??
        (unseen !== undefined
          ? `not seen: needs ${unseen.needs ?? 'a permission'}`
          : adopted
            ? 'adopted: it existed before'
            : managed
              ? undefined
              : 'it does not carry the tag that shadowctl gave it');
      if (why === undefined) {
        pruning.steps.push({ action: 'delete', kind, name: ref.name });
        continue;
      }
      pruning.kept.push({ ref, why });
      for (const part of namedIn(input)) if (!reasons.has(keyOf(part))) reasons.set(keyOf(part), why);
    }
  return pruning;
}

/** What the input of a config or a model names, as the journal kept it. */
function namedIn(input: Readonly<Record<string, unknown>>): ResourceRef[] {
  const variants = [input.ProductionVariants, input.ShadowProductionVariants].flatMap(
    (one) => (Array.isArray(one) ? one : []) as ProductionVariant[],
  );
  return [
    ...variants.flatMap(({ ModelName: name }) => (name === undefined ? [] : [{ kind: 'model' as const, name }])),
    ...artifactsOf(input).map((name) => ({ kind: 's3-object' as const, name })),
  ];
}

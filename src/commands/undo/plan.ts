import type { DescribeEndpointConfigCommandOutput } from '@aws-sdk/client-sagemaker';
import { cannotRun } from '../../base/errors.ts';
import type { Live } from '../../resources/live.ts';
import type { Step } from '../../resources/steps.ts';
import { trackedResource, type State } from '../../state/replay.ts';

/** The config an endpoint ran before the one it runs: the last it was told to run that is another and still stands. */
export function previousConfig(live: Live, state: State): string {
  const current = live.endpoint.EndpointConfigName;
  const stands = (name: string) => trackedResource(state, { kind: 'endpoint-config', name })?.state === 'exists';
  // What came after the current one was rolled back: it must not be taken for the past.
  const known = state.configs.map((change) => change.config);
  const until = current === undefined ? -1 : known.lastIndexOf(current);
  const before = (until < 0 ? known : known.slice(0, until)).findLast((name) => name !== current && stands(name));
  if (before !== undefined) return before;
  throw cannotRun(
    `The journal of endpoint "${live.name}" knows no earlier config that still stands; it runs ${current}.`,
    'Name one with --to.',
  );
}

/**
 * Back to a config that is ours and stands. Pure.
 * @param target as AWS describes it; undefined where it does not exist
 * @param models of the target that do not exist any more
 * @throws Problem (cannot-run) where that is not possible
 */
export function planUndo(
  live: Live,
  state: State,
  to: { name: string; target: DescribeEndpointConfigCommandOutput | undefined; missingModels: readonly string[] },
): Step {
  if (to.name === live.endpoint.EndpointConfigName)
    throw cannotRun(`Endpoint "${live.name}" runs ${to.name} already.`, 'Name another config with --to.');
  const ours = state.resources
    .filter((tracked) => tracked.ref.kind === 'endpoint-config' && tracked.state === 'exists')
    .map((tracked) => tracked.ref.name);
  if (!ours.includes(to.name)) {
    throw cannotRun(
      `Endpoint config "${to.name}" is not one that shadowctl created for endpoint "${live.name}".`,
      `Known: ${ours.join(', ') || 'none'}.`,
    );
  }
  if (to.target === undefined)
    throw cannotRun(
      `Endpoint config "${to.name}" does not exist any more.`,
      `Others that stand in the journal: ${ours.filter((name) => name !== to.name).join(', ') || 'none'}.`,
    );
  if (to.missingModels.length > 0)
    throw cannotRun(
      `Endpoint config "${to.name}" needs what does not exist any more: model ${to.missingModels.join(', model ')}.`,
      'Name another config with --to.',
    );
  return {
    action: 'update',
    kind: 'endpoint',
    name: live.name,
    input: {
      EndpointName: live.name,
      EndpointConfigName: to.name,
      RetainAllVariantProperties: true,
      ExcludeRetainedVariantProperties: SET_ANEW,
    },
  };
}

/** Instance counts survive an update, as autoscaling has made them; weights and capture are as the config says. */
const SET_ANEW: { VariantPropertyType: 'DesiredWeight' | 'DataCaptureConfig' }[] = [
  { VariantPropertyType: 'DesiredWeight' },
  { VariantPropertyType: 'DataCaptureConfig' },
];

/** A warning where the present config carries a shadow that this takes away. */
export function undoNotes(live: Live, target: DescribeEndpointConfigCommandOutput): string[] {
  const [shadow] = live.config?.ShadowProductionVariants ?? [];
  const lost = shadow !== undefined && (target.ShadowProductionVariants ?? []).length === 0;
  return lost ? [`note: this takes the shadow variant ${shadow.VariantName} away.`] : [];
}

import type { WaiverFlags } from './waivers.ts';

/** How a shadow is judged before it is promoted, as the flags of `report` would say it. */
export interface JudgeFlags {
  from: string | undefined;
  labels: string | undefined;
  policy: string | undefined;
  /** What the new model is expected to be, in the words of the policy. */
  expect: string | undefined;
  /** Where predictions are in an answer. */
  prediction?: string | undefined;
  /** The policy's comparator may run without asking. */
  allowCommand: boolean;
  /** Gates that do not decide, and why. */
  waivers: WaiverFlags;
}

/** The flags that ask for this, for a command line that is shown; undefined: a flag that is left out. */
export function judgeFlagValues({ from, labels, policy, expect, prediction, allowCommand, waivers }: JudgeFlags) {
  return {
    from,
    labels,
    policy,
    expect,
    prediction,
    'allow-command': allowCommand ? (true as const) : undefined,
    waive: waivers.waive.length === 0 ? undefined : waivers.waive,
    reason: waivers.reason,
  };
}

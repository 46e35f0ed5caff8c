/** A setting of a guarded update, by the flag that `canary` and `promote` have for it. */
export type GuardSetting =
  | 'strategy'
  | 'bake'
  | 'final-bake'
  | 'canary-size'
  | 'step-size'
  | 'batch-size'
  | 'rollback-batch-size'
  | 'max-time'
  | 'max-5xx-rate'
  | 'max-4xx-rate'
  | 'max-latency'
  | 'max-latency-increase'
  | 'alarm';

/** How whoever is told sets it: `--bake 10m`. Without a value: the setting itself, `--bake`. */
export type SettingWords = (setting: GuardSetting, value?: string) => string;

/** Of a command that has these flags. */
export const AS_FLAGS: SettingWords = (setting, value) => `--${setting}${value === undefined ? '' : ` ${value}`}`;

/** Of a command that has none: canary has them. */
export const OF_CANARY: SettingWords = (setting, value) => `canary ${AS_FLAGS(setting, value)}`;

const KEYS: Readonly<Record<GuardSetting, string>> = {
  strategy: 'strategy',
  bake: 'bake',
  'final-bake': 'finalBake',
  'canary-size': 'size',
  'step-size': 'size',
  'batch-size': 'size',
  'rollback-batch-size': 'size',
  'max-time': 'bake',
  'max-5xx-rate': 'max5xxRate',
  'max-4xx-rate': 'max4xxRate',
  'max-latency': 'maxLatency',
  'max-latency-increase': 'maxLatencyIncrease',
  alarm: 'alarms',
};

/** Of a release, which has settings in shadowctl.yaml: `release: { bake: 10m }`. */
export const OF_RELEASE: SettingWords = (setting, value) =>
  value === undefined ? `${KEYS[setting]} (under release:)` : `release: { ${KEYS[setting]}: ${value} }`;

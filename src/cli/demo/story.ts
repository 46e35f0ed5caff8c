import type { Outcome } from '../../app.ts';

/** One command line of the demo, as a user would type it. */
export interface Line {
  argv: readonly string[];
  /** How it is meant to end; another end makes the demo fail. */
  outcome: Outcome;
  /** Runs in the background while `argv` runs, and is stopped when that has ended. */
  alongside?: readonly string[];
}

export interface Scene {
  title: string;
  /** What this is about, a paragraph. */
  about: string;
  lines: readonly Line[];
}

/** The names that must stand, by kind. */
export interface Plan {
  endpoints: readonly string[];
  models: readonly string[];
  endpointConfigs: readonly string[];
  alarms: readonly string[];
}

export const CENSUS_KINDS = [
  { key: 'endpoints', title: 'endpoints' },
  { key: 'models', title: 'models' },
  { key: 'endpointConfigs', title: 'endpoint configs' },
  { key: 'alarms', title: 'CloudWatch alarms' },
] as const;

export const ENDPOINT = 'weather-prediction-endpoint';
const ROUNDS = [1, 2, 3] as const;
const STAGES = ['v1', 'v2', 'shadow'];

/** Before the cleanup: one endpoint, nine models, nine endpoint configs, three alarms. */
export const STANDING: Plan = {
  endpoints: [ENDPOINT],
  models: STAGES.flatMap((stage) => ROUNDS.map((round) => `weather-model-${stage}-${round}`)),
  endpointConfigs: STAGES.flatMap((stage) => ROUNDS.map((round) => `weather-config-${stage}-${round}`)),
  alarms: ['4XXError', '5XXError', 'ModelLatency'].map((metric) => `${ENDPOINT}-${metric}`),
};
/** After it. */
export const NOTHING: Plan = { endpoints: [], models: [], endpointConfigs: [], alarms: [] };

const ON_ENDPOINT = ['--endpoint', ENDPOINT];
const LINEAR_LEARNER = ['--algorithm', 'linear-learner'];
const V1 = ['--artifact', '005-model.tar.gz', ...LINEAR_LEARNER];
const V2 = ['--artifact', '009-model.tar.gz', ...LINEAR_LEARNER];
/** The newer model behind a container that cannot read it: healthy to look at, every answer a 500. */
const V2_MISMATCHED = ['--artifact', '009-model.tar.gz', '--algorithm', 'xgboost:1.2-1', '--allow-mismatch'];
const TRAFFIC = ['invoke', ...ON_ENDPOINT, '--data', 'weather-test.csv', '--labels', 'label'];

const candidate = (round: number) => (round === 2 ? V2_MISMATCHED : V2);

function deployV1(round: number): Line {
  return {
    argv: [
      'deploy',
      ...ON_ENDPOINT,
      ...V1,
      '--instance-type',
      'ml.m5.large',
      '--instances',
      '3',
      '--model-name',
      `weather-model-v1-${round}`,
      '--config-name',
      `weather-config-v1-${round}`,
      '--test',
      'test.csv',
      '--yes',
    ],
    outcome: 'done',
  };
}

function canary(round: number): Line {
  return {
    argv: [
      'canary',
      ...ON_ENDPOINT,
      ...candidate(round),
      '--model-name',
      `weather-model-v2-${round}`,
      '--config-name',
      `weather-config-v2-${round}`,
      '--yes',
    ],
    outcome: round === 2 ? 'no' : 'done',
    alongside: [...TRAFFIC, '--rate', '2', '--duration', '2h'],
  };
}

function shadow(round: number): Line[] {
  return [
    { argv: ['undo', ...ON_ENDPOINT, '--to', `weather-config-v1-${round}`, '--yes'], outcome: 'done' },
    {
      argv: [
        'shadow',
        ...ON_ENDPOINT,
        ...candidate(round),
        '--sample',
        '100%',
        '--model-name',
        `weather-model-shadow-${round}`,
        '--config-name',
        `weather-config-shadow-${round}`,
        '--yes',
      ],
      outcome: 'done',
    },
    { argv: [...TRAFFIC, '--rate', '1', '--duration', '95m'], outcome: 'done' },
    {
      argv: ['report', ...ON_ENDPOINT, '--last', '95m', '--labels', 'weather-test.csv:label'],
      outcome: round === 2 ? 'no' : 'done',
    },
  ];
}

/** The demo's plan, from the first deploy to the last report. */
export const STORY: readonly Scene[] = [
  {
    title: 'Version 1 goes live',
    about:
      'A weather classifier (model 005, linear-learner, Seattle 2012-2014) on three instances, deployed three times: each time with a model and an endpoint config of its own, an inference test, and metrics.',
    lines: ROUNDS.map(deployV1),
  },
  {
    title: 'Version 2 by canary, with alarms that can fire',
    about:
      'Model 009 replaces 005 behind a canary of one instance in three while traffic flows. The second attempt puts the artifact behind the wrong image (XGBoost 1.2-1): it passes every health check and fails every request, until the alarm on its own 5XX errors takes it back.',
    lines: ROUNDS.map(canary),
  },
  {
    title: 'Version 2 as a shadow of version 1',
    about:
      'Three times, the endpoint visibly goes back to version 1 and the candidate is attached as a shadow variant: it sees a copy of every request, and only production answers. The second candidate is the mismatched one: it fails every request, and no caller notices.',
    lines: ROUNDS.flatMap(shadow),
  },
];

import { createHash } from 'node:crypto';

/** Names of what a pipeline is made of. Lambda, IAM, EventBridge and Scheduler take 64 characters, the longest tail here included. */
export interface PipelineNames {
  stack: string;
  function: string;
  functionRole: string;
  scheduleRole: string;
  schedule: string;
  topic: string;
  deadLetters: string;
  logGroup: string;
  rules: { upload: string; registry: string; endpoint: string };
  alarms: { failing: string; silent: string };
}

/** The longest name of an endpoint that is taken as it is. */
const LONGEST = 40;

/** Names of everything that a pipeline is made of: always the same for one endpoint, and no two endpoints share any. Pure. */
export function pipelineNames(endpoint: string): PipelineNames {
  const hash = createHash('sha256').update(endpoint).digest('hex').slice(0, 8);
  const short = endpoint.length <= LONGEST ? endpoint : `${endpoint.slice(0, LONGEST - 9)}-${hash}`;
  const base = `shadowctl-${short}`;
  return {
    stack: base,
    function: base,
    functionRole: `${base}-function`,
    scheduleRole: `${base}-schedule`,
    schedule: base,
    topic: base,
    deadLetters: `${base}-failed`,
    logGroup: `/aws/lambda/${base}`,
    rules: { upload: `${base}-upload`, registry: `${base}-registry`, endpoint: `${base}-endpoint` },
    alarms: { failing: `${base}-failing`, silent: `${base}-silent` },
  };
}

/** The bucket that a pipeline makes for its journal, where none is given: one for an account and region. */
export function ownBucket(region: string, account: string): string {
  return `shadowctl-state-${account}-${region}`;
}

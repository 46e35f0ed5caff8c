/**
 * What endpoints and jobs of tests take, in milliseconds of virtual time, where a test says nothing else. Each look at what
 * is waited for is a request through the AWS SDK, 2 to 3 ms of processor time: at AWS's own durations (REALISTIC_LATENCIES of
 * the emulator) a fifth of the suite's time went into them. Tests of what is seen meanwhile take those.
 */
export const SHORT = {
  createEndpoint: 30_000,
  launchFleet: 30_000,
  updateWeights: 30_000,
  launchTransformJob: 30_000,
  runTransformJob: 30_000,
  stackResource: 1_000,
};

import type { Globals } from '../../src/app.ts';

/** Global flags as they are where none is given, without color. */
export const NO_GLOBALS: Globals = {
  emulator: false,
  endpointUrl: undefined,
  profile: undefined,
  region: undefined,
  config: undefined,
  env: undefined,
  state: undefined,
  lockTimeout: undefined,
  quiet: false,
  color: false,
  debug: false,
};

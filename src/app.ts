import type { Aws } from './aws/clients.ts';
import type { Clock } from './base/clock.ts';
import type { Project } from './base/project.ts';
import type { Journal } from './state/journal.ts';
import type { CapturesPlace } from './lifecycle/captures-cache.ts';
import type { StateRoot } from './state/store.ts';
import type { Io } from './ui/io.ts';

/** How a command ended, short of an error: `main` maps it to an exit code. */
export type Outcome =
  /** Done, or the verdict is pass: 0. */
  | 'done'
  /** The work was done and the answer is no: verdict fail, rolled back: 1. */
  | 'no'
  /** 3. */
  | 'inconclusive'
  /** `--plan` found something to do: 4. */
  | 'pending';

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The options every command takes. */
export interface Globals {
  emulator: boolean;
  endpointUrl: string | undefined;
  profile: string | undefined;
  region: string | undefined;
  /** Path of shadowctl.yaml, where one was named. */
  config: string | undefined;
  /** Name of an environment of shadowctl.yaml. */
  env: string | undefined;
  /** Where journals are kept: a folder, or `s3://bucket/prefix`. */
  state: string | undefined;
  /** How long to wait for another's lock on the state, as it was written. */
  lockTimeout: string | undefined;
  quiet: boolean;
  color: boolean;
  /** Shows the stack of a defect. */
  debug: boolean;
}

/** Everything a command may ask for; each part is made when it is first asked for, so that `--help` opens nothing. */
export interface App {
  readonly io: Io;
  readonly clock: Clock;
  readonly env: Environment;
  readonly cwd: string;
  readonly globals: Globals;
  /** Aborts when the user interrupts (Ctrl-C). Pass it to every wait. */
  readonly signal: AbortSignal;
  /** This app with another interrupt: for work that ends when other work does. */
  withSignal(signal: AbortSignal): App;
  /** shadowctl.yaml, checked, and the folder it governs. */
  project(): Promise<Project>;
  /** `env`, and where the emulator is asked for what `eval "$(shadowctl emulator env)"` would set: starts it if need be. */
  environment(): Promise<Environment>;
  /** The AWS account (or emulator) this call works on. */
  aws(): Promise<Aws>;
  /** Where the journals are kept. */
  state(): Promise<StateRoot>;
  /** Where downloaded captures are kept. */
  captures(): Promise<CapturesPlace>;
  /** The journal of one endpoint in this account and region. */
  journal(endpoint: string): Promise<Journal>;
  /**
   * Runs another command line in this process, through the same parser and the same code; what `overrides` does not
   * replace is this app's own. Throws what goes wrong, as a command does.
   */
  execute(argv: readonly string[], overrides?: ExecuteOverrides): Promise<Outcome>;
}

export interface ExecuteOverrides {
  clock?: Clock;
  env?: Environment;
  cwd?: string;
  signal?: AbortSignal;
  io?: Io;
}

/** What a command does once its words are understood. */
export type Run<Options> = (app: App, options: Options) => Promise<Outcome>;

/** Where a command hands over what it parsed; `main` is one, tests are another. */
export interface Host {
  start<Options>(run: Run<Options>, options: Options): Promise<void>;
  /** shadowctl.yaml, for what it says of flags that were not typed; a host without it has none. */
  project?(): Promise<Project>;
}

/** A `run.ts` that is loaded only when its command is called. */
export function lazy<Options>(load: () => Promise<{ run: Run<Options> }>): Run<Options> {
  return async (app, options) => (await load()).run(app, options);
}

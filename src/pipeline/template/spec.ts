/** Everything that decides what a pipeline is made of. */
export interface PipelineSpec {
  region: string;
  /** Twelve digits. */
  account: string;
  endpoint: string;
  /** Of the project, for tags. */
  project: string;
  /** The project's own tags. */
  tags: Readonly<Record<string, string>>;
  /** ARN of the role that models run with; undefined: any role of the account. */
  role: string | undefined;
  /** What starts a release; undefined: nothing but a hand. */
  watch: { kind: 'uploads'; bucket: string; prefix: string } | { kind: 'registry'; group: string } | undefined;
  /** Between two ticks, in whole minutes. */
  everyMinutes: number;
  /** Where the journal is; the key ends without a slash. */
  state: { bucket: string; key: string };
  /** The bucket of the state is made by the stack. */
  ownBucket: boolean;
  /** Buckets that are only read: of uploads, labels, captures, production's artifact. */
  readBuckets: readonly string[];
  /** Buckets in which a release's batch writes; undefined: evidence comes from a shadow. */
  batch: { buckets: readonly string[] } | undefined;
  /** Topics that are told, beside the pipeline's own. */
  topics: readonly string[];
  /** Who gets mail. */
  emails: readonly string[];
  /** A page has an address. */
  link: boolean;
  architecture: 'arm64' | 'x86_64';
  /** The code and the settings, as keys of the bucket of the state. */
  code: { key: string };
  settings: { key: string };
  /** How long the log is kept. */
  logDays: number;
}

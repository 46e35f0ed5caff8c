/** The pages of `docs/` that `shadowctl help <topic>` shows: file name without `.md`, and what it is about. */
export const TOPICS: Readonly<Record<string, string>> = {
  tutorial: 'the life cycle by hand, on the emulator',
  commands: 'every command, which one when, exit codes',
  recipes: 'CI, labels, JSON answers, noisy models, alarms, teams',
  mirror: 'a shadow for any model behind HTTP: a proxy that keeps pairs',
  replay: 'recorded requests sent again: pairs without live traffic, and load',
  release: 'from an upload to production by itself: settings, approval, cron',
  pipeline: 'a release on AWS by itself: what is installed, what it costs, how it goes',
  batch: 'a shadow that needs no endpoint: transform jobs over recorded inputs, day by day',
  athena: 'captures read by Amazon Athena: consent, cost, what is kept',
  judging: 'how a shadow is judged: gates, bounds, noise, calibration',
  answers: 'how answers are read: kinds, and the formats that are known',
  configuration: 'shadowctl.yaml, environment variables, policies',
  permissions: 'IAM actions by command, and a policy to start from',
  reliability: 'journal, locks, interrupts, going back, limits',
  emulator: 'the emulator with boto3, the AWS CLI, pytest and CI; faults',
  performance: 'what the benchmarks measured',
  'sagemaker-facts': 'what SageMaker and CloudWatch really do, with sources',
};

export interface HelpOptions {
  format: 'text' | 'json';
  /** What was asked for; one of `TOPICS`, or a word that names nothing. */
  topic: string;
  /** Every word that would have been understood. */
  known: readonly string[];
  /** The help of a command of that name stands above already. */
  below: boolean;
}

/** The topics, a line each, as they stand below the list of commands. */
export function topicList(): string {
  const width = Math.max(...Object.keys(TOPICS).map((name) => name.length));
  return ['Topics (shadowctl help <topic>):']
    .concat(Object.entries(TOPICS).map(([name, about]) => `  ${name.padEnd(width)}  ${about}`))
    .join('\n');
}

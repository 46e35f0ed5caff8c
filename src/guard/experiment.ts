import type { CommandLine } from '../base/text.ts';
import { lines, text } from '../base/text.ts';
import type { Finding } from './finding.ts';

/** An inference experiment of SageMaker's on an endpoint. */
export interface ExperimentFacts {
  name: string;
  status: string;
  /** When it begins by itself, milliseconds since the epoch; undefined where it has begun. */
  startsAt: number | undefined;
  production: string;
  shadow: string;
}

/** Ends an experiment at once: its shadow goes, and production stays as it is. */
export function stopExperiment({ name, production, shadow }: ExperimentFacts): CommandLine {
  return {
    program: 'aws',
    command: 'sagemaker stop-inference-experiment',
    options: {
      name,
      'model-variant-actions': `${production}=Retain,${shadow}=Remove`,
      'desired-state': 'Cancelled',
    },
    incomplete: false,
  };
}

/** What an experiment means for its endpoint, in words. */
export function experimentText({ name, status, startsAt }: ExperimentFacts): string {
  return startsAt === undefined
    ? `Inference experiment "${name}" has it (${status}): SageMaker changes it until that has ended, and then gives it back as it was before`
    : `Inference experiment "${name}" will change it on its own at ${new Date(startsAt).toISOString()}`;
}

/** An endpoint in an experiment cannot be updated; one that will be in one soon should not. */
export function experimentFinding(endpoint: string, experiment: ExperimentFacts): Finding {
  const running = experiment.startsAt === undefined;
  return {
    severity: running ? 'blocking' : 'warning',
    check: running ? 'in-experiment' : 'experiment-scheduled',
    subject: `endpoint ${endpoint}`,
    message: `${experimentText(experiment)}.`,
    next: lines(
      'Wait until it has ended, or stop it, which takes its shadow away and leaves production as it is:',
      text`  ${stopExperiment(experiment)}`,
    ),
  };
}

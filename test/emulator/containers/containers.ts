import { readFileSync } from 'node:fs';
import { archive } from '../../../fixtures/scripts/archive.ts';
import { VirtualClock } from '../../../src/base/clock.ts';
import type { Container, ContainerSpec, InvocationResponse } from '../../../src/emulator/containers/container.ts';
import { createContainerFactory } from '../../../src/emulator/containers/index.ts';
import { bytesOf, recordingOf } from './real-xgboost.ts';

/** A started container, what it logged, and invocations as text. */
export interface Started extends Container {
  lines: string[];
  ask(body: string | Uint8Array, contentType?: string, accept?: string): Promise<InvocationResponse & { text: string }>;
}

export async function start(
  spec: Partial<ContainerSpec> & { image: string },
  containers: string[] = [],
): Promise<Started> {
  const lines: string[] = [];
  const factory = createContainerFactory({ containers, clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)) });
  const container = await factory({ artifact: undefined, environment: {}, ...spec }, (line) => lines.push(line));
  return {
    ...container,
    lines,
    ask: async (body, contentType = 'text/csv', accept = undefined as string | undefined) => {
      const response = await container.invoke({
        body: Buffer.from(body),
        contentType,
        accept,
        customAttributes: undefined,
      });
      return { ...response, text: Buffer.from(response.body).toString() };
    },
  };
}

export const fixture = (path: string) => readFileSync(new URL(`../../../fixtures/${path}`, import.meta.url));

export const XGBOOST = '683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost';
export const LINEAR_LEARNER = '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1';

/** A model that a release of XGBoost wrote (fixtures/xgboost/real), and what that release answers to `rows`. */
export function recordedModel(release: string, name: string, form: string) {
  const { rows, models } = recordingOf(release);
  const outcome = models[name]?.outcomes[form];
  if (outcome === undefined) throw new Error(`fixtures/xgboost/real has no ${release} ${name} ${form}`);
  const answers = 'answers' in outcome ? (outcome.answers as (number | number[])[]) : [];
  return { bytes: bytesOf(models[name]?.files[form] as string), rows, answers };
}

/** An artifact with one such file as `xgboost-model`. */
export const xgboostArtifact = (release: string, name: string, form: string) =>
  archive({ 'xgboost-model': recordedModel(release, name, form).bytes });

import type { Aws } from '../../src/aws/clients.ts';
import { putTargetTracking, registerScalableTarget, scalableResource } from '../../src/aws/autoscaling.ts';
import { AwsProblem } from '../../src/aws/errors.ts';
import { describeEndpoint, describeEndpointConfig } from '../../src/aws/sagemaker.ts';
import type { Clock } from '../../src/base/clock.ts';
import { MINUTE } from '../../src/base/units.ts';
import { type Captures, readCaptures } from './captures.ts';

/** What a step works with. */
export interface Stage {
  endpoint: string;
  clock: Clock;
  aws: Aws;
  signal: AbortSignal;
  /**
   * Runs a command line of the product, and tells its exit code.
   * @param answers to its questions; without them, `--yes` must have answered
   */
  shadowctl(line: string, answers?: readonly string[]): Promise<number>;
  captured(captures: Captures): void;
}

export interface Step {
  /** Names its calls in the recording; `findings.ts` knows some of them. */
  id: string;
  title: string;
  /** It is stopped after so long. */
  minutes: number;
  /** Instances that stand at once, at most. */
  instances: number;
  /** What must stand for it to make sense. */
  needs: 'nothing' | 'endpoint' | 'shadow';
  run(stage: Stage): Promise<void>;
}

export const SHADOW = 'shadow';
const BETTER = '--artifact 009-model.tar.gz --algorithm linear-learner';
/** As short as the alarms permit. */
const BAKES = '--bake 5m --final-bake 3m';
const TRAFFIC = '--traffic test.csv --rate 1 --no-metrics';

/** Answers yes to the first question of a command, and no to what it offers instead. */
const ONCE = ['y', 'n', 'n'];

async function attach({ endpoint, shadowctl }: Stage, more = ''): Promise<void> {
  const line = `shadow --endpoint ${endpoint} ${BETTER} --instances 1 --variant-name ${SHADOW} --yes${more}`;
  // An account may be refused data capture: then it goes on without.
  if ((await shadowctl(line)) !== 0) await shadowctl(`${line} --no-capture`);
}

/** Registers production as a scalable target; false where that is refused. */
async function letProductionScale({ aws, endpoint }: Stage): Promise<boolean> {
  const live = await describeEndpoint(aws, endpoint);
  const resource = scalableResource(endpoint, live?.ProductionVariants?.[0]?.VariantName ?? '');
  try {
    // So many requests do not come: nothing is scaled.
    await registerScalableTarget(aws, resource, { min: 2, max: 3 });
    await putTargetTracking(aws, resource, 'shadowctl-verify', {
      TargetValue: 100_000,
      PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
      DisableScaleIn: true,
    });
    return true;
  } catch (error) {
    if (error instanceof AwsProblem) return false;
    throw error;
  }
}

/** What the first session on a real account tries, in this order. */
export const STEPS: readonly Step[] = [
  {
    id: 'deploy',
    title: 'An endpoint of two instances',
    minutes: 15,
    instances: 2,
    needs: 'nothing',
    async run({ endpoint, shadowctl, aws }) {
      await shadowctl(
        `deploy --endpoint ${endpoint} --artifact 005-model.tar.gz --algorithm linear-learner --instances 2 --yes`,
      );
      const config = (await describeEndpoint(aws, endpoint))?.EndpointConfigName;
      if (config !== undefined) await describeEndpointConfig(aws, config);
    },
  },
  {
    id: 'attach',
    title: 'A shadow beside it, with data capture',
    minutes: 15,
    instances: 5,
    needs: 'endpoint',
    run: (stage) => attach(stage),
  },
  {
    id: 'traffic',
    title: 'Ten minutes of requests, five of them bad',
    minutes: 14,
    instances: 3,
    needs: 'endpoint',
    async run({ endpoint, shadowctl }) {
      const invoke = `invoke --endpoint ${endpoint}`;
      await shadowctl(`${invoke} --data bad.csv --no-header --content-type text/csv --count 5 --inference-id-prefix bad`);
      await shadowctl(`${invoke} --data test.csv --rate 1 --duration 10m --inference-id-prefix good`);
    },
  },
  {
    id: 'look',
    title: 'What was captured, and the report',
    minutes: 12,
    instances: 3,
    needs: 'shadow',
    async run({ endpoint, shadowctl, aws, clock, signal, captured }) {
      const live = await describeEndpoint(aws, endpoint);
      const destination = live?.DataCaptureConfig?.DestinationS3Uri;
      const production = live?.ProductionVariants?.[0]?.VariantName ?? '';
      if (destination !== undefined)
        captured(
          await readCaptures(aws, clock, {
            destination: `${destination.replace(/\/$/, '')}/${endpoint}`,
            variants: { production, shadow: SHADOW },
            signal,
          }),
        );
      await shadowctl(`report --endpoint ${endpoint} --policy policy.yaml`);
    },
  },
  {
    id: 'detach',
    title: 'Back to the config from before the shadow',
    minutes: 15,
    instances: 5,
    needs: 'shadow',
    run: async ({ endpoint, shadowctl }) => void (await shadowctl(`shadow detach --endpoint ${endpoint} --yes`)),
  },
  {
    id: 'attach again',
    title: 'The shadow once more',
    minutes: 15,
    instances: 6,
    needs: 'endpoint',
    async run(stage) {
      // Production is made to scale, so that whether a shadow can is seen.
      const scales = await letProductionScale(stage);
      if (!scales) return attach(stage);
      await stage.shadowctl(
        `shadow --endpoint ${stage.endpoint} ${BETTER} --instances 2 --variant-name ${SHADOW} --autoscale like-production --yes`,
      );
    },
  },
  {
    id: 'promote',
    title: 'The shadow into production, through a canary',
    minutes: 30,
    instances: 6,
    needs: 'shadow',
    async run({ endpoint, shadowctl, aws }) {
      const promote = `promote --endpoint ${endpoint} --policy policy.yaml --force --unguarded ${TRAFFIC}`;
      const shadows = async () => (await describeEndpoint(aws, endpoint))?.ShadowProductionVariants ?? [];
      await shadowctl(`${promote} --strategy canary ${BAKES}`, ONCE);
      if ((await shadows()).length === 0) return;
      await shadowctl(`${promote} --strategy all-at-once --bake 5m`, ONCE);
      // Refused as well: the way out is tried, which takes the shadow away first.
      if ((await shadows()).length > 0) await shadowctl(`${promote} --strategy canary ${BAKES} --yes`);
    },
  },
  {
    id: 'broken canary',
    title: 'A model that cannot answer, which alarms must roll back',
    minutes: 25,
    instances: 4,
    needs: 'endpoint',
    async run({ endpoint, shadowctl, aws }) {
      const broken = '--artifact 009-model.tar.gz --algorithm xgboost:1.2-1 --allow-mismatch';
      await shadowctl(`canary --endpoint ${endpoint} ${broken} ${BAKES} ${TRAFFIC} --yes`);
      await describeEndpoint(aws, endpoint);
    },
  },
  {
    id: 'abort',
    title: 'An update that is aborted',
    minutes: 20,
    instances: 4,
    needs: 'endpoint',
    async run({ endpoint, shadowctl, aws, clock, signal }) {
      const began = new AbortController();
      await clock.all<unknown>([
        async () => {
          try {
            await shadowctl(`canary --endpoint ${endpoint} ${BETTER} --bake 10m --final-bake 0s ${TRAFFIC} --yes`);
          } finally {
            began.abort();
          }
        },
        async () => {
          while (!began.signal.aborted) {
            await clock.sleep(MINUTE / 2, AbortSignal.any([signal, began.signal])).catch(() => undefined);
            const live = began.signal.aborted || signal.aborted ? undefined : await describeEndpoint(aws, endpoint);
            if (live?.EndpointStatus !== 'Updating' || live.PendingDeploymentSummary === undefined) continue;
            await shadowctl(`abort --endpoint ${endpoint} --yes`);
            return;
          }
        },
      ]);
    },
  },
];

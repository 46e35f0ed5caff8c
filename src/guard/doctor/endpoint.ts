import { type CommandLine, lines, shown, shownStart, type Text, text } from '../../base/text.ts';
import type {
  DescribeEndpointCommandOutput,
  DescribeEndpointConfigCommandOutput,
  DescribeModelCommandOutput,
} from '@aws-sdk/client-sagemaker';
import { experimentFinding, type ExperimentFacts } from '../experiment.ts';
import type { Finding } from '../finding.ts';
import { hourlyCost, type PriceList } from '../prices.ts';
import { capacityDuring, capacityOf, capacityWords, countIn, type Fleets } from '../capacity.ts';
import { type Changed, changedFindings, type Lost, lostFindings } from '../restorable.ts';
import { type Scaled, scalingFindings } from '../scaling.ts';
import { OF_CANARY, type SettingWords } from '../setting-words.ts';
import { instances } from '../strategy.ts';
import { inferPhase } from '../phase.ts';
import { counted } from '../../base/units.ts';
import { brokenAdvice } from '../../base/broken-endpoint.ts';

/** What is looked at beside the alarms; it touches nothing itself. */
export interface EndpointFacts {
  name: string;
  region: string;
  prices: PriceList;
  endpoint: DescribeEndpointCommandOutput;
  config: DescribeEndpointConfigCommandOutput | undefined;
  model: DescribeModelCommandOutput | undefined;
  /** Parts that could not be looked at: that they are undefined says nothing. */
  unseen?: ReadonlySet<string> | undefined;
  /** What of its models no longer exists; undefined where that could not be looked at. */
  lost: readonly Lost[] | undefined;
  /** What of its models is another thing than when it came into service. */
  changed?: readonly Changed[] | undefined;
  /** Its variants that scale by themselves; undefined where that could not be looked at. */
  scaling?: readonly Scaled[] | undefined;
  /** The inference experiment that it is in, or will be. */
  experiment?: ExperimentFacts | undefined;
  /** A release of shadowctl's that has not ended: in words without the last full stop, and what may be done; `shadow`: the endpoint carries its shadow. */
  release?: { text: string; next: Text; shadow: boolean } | undefined;
  /** How whoever is told sets what is advised; as canary does where it is not said. */
  say?: SettingWords | undefined;
  /** Requests in the last hour. */
  requests: number | undefined;
  /** Since the shadow came, an hour at the most; undefined where there is none, or nobody saw. */
  copied?: { requests: number; copies: number; minutes: number } | undefined;
  /** The rollout of ours that is under way: its candidate model. */
  rollout?: { model: string } | undefined;
  /** The update of ours that is under way, as the journal has it. */
  underWay?: { command: string; previous: string; requested: string; alarms: readonly string[] } | undefined;
}

/** Endpoint, role, quota, data capture, region: whatever else can spoil an update. Pure. */
export function examineEndpoint(facts: EndpointFacts): Finding[] {
  const subject = `endpoint ${facts.name}`;
  const findings: Finding[] = [];
  const report: Report = (severity, check, message, next) =>
    findings.push({ severity, check, subject, message, next, ...(HOLD_OFF.has(check) && { holdsOff: true as const }) });
  status(facts, report);
  if (facts.release !== undefined)
    report('note', 'release', `${facts.release.text}. Another update of the endpoint ends it.`, facts.release.next);
  parts(facts, report);
  fleet(facts, report);
  role(facts, report);
  capture(facts, report);
  region(facts, report);
  if (facts.experiment !== undefined) findings.push(experimentFinding(facts.name, facts.experiment));
  // The live model's own absence is told of with what it lacks.
  const lost = (facts.lost ?? []).filter(({ kind, model }) => kind !== 'model' || model !== modelOf(facts.config));
  findings.push(...lostFindings(facts.name, lost), ...changedFindings(facts.name, facts.changed ?? []));
  const shadows = (facts.config?.ShadowProductionVariants ?? []).map(({ VariantName = '' }) => VariantName);
  findings.push(...scalingFindings(facts.name, facts.scaling ?? [], shadows));
  const starved = withoutCopies(facts);
  if (starved !== undefined)
    report(
      'warning',
      'no-copies',
      `${starved}, 0 copies: the shadow proves nothing so.`,
      text`See that its instances are in service, and which share it gets: ${shown('status', { endpoint: facts.name })}`,
    );
  if (facts.requests === 0) {
    report(
      'warning',
      'no-traffic',
      'No requests in the last hour: alarms see nothing, and an update without traffic proves nothing.',
      text`Send traffic during the update: ${shownStart('canary', { endpoint: facts.name, traffic: 'FILE', rate: 'N' })}`,
    );
  }
  return findings;
}

/** What must end before an update can begin. */
const HOLD_OFF: ReadonlySet<string> = new Set(['in-progress', 'rollout', 'shadow']);

/** So many copies must have been expected before it is no chance that there were none. */
const EXPECTED_COPIES = 10;

/** What production was asked since the shadow came, where that should have got copies of it, and got none. */
function withoutCopies({ config, copied }: EndpointFacts): string | undefined {
  const [shadow] = config?.ShadowProductionVariants ?? [];
  if (shadow === undefined || copied === undefined || copied.requests === 0 || copied.copies > 0) return undefined;
  const { InitialVariantWeight: whole = 1 } = config?.ProductionVariants?.[0] ?? {};
  const { InitialVariantWeight: weight = 1 } = shadow;
  const share = Math.min(1, weight, whole === 0 ? 1 : weight / whole);
  if (share > 0 && copied.requests * share < EXPECTED_COPIES) return undefined;
  return `${counted(copied.requests, 'requests')} in ${counted(copied.minutes, 'minutes')}`;
}

/** The model of the first production variant. */
function modelOf(config: EndpointFacts['config']): string | undefined {
  return config?.ProductionVariants?.[0]?.ModelName;
}

type Report = (severity: Finding['severity'], check: string, message: string, next?: Text) => unknown;

function status({ endpoint, name, underWay }: EndpointFacts, report: Report): void {
  const stage = inferPhase(endpoint);
  if (stage.name === 'failed') {
    report(
      'blocking',
      'broken',
      `It is ${endpoint.EndpointStatus}${endpoint.FailureReason === undefined ? '' : `: ${endpoint.FailureReason}`}`,
      brokenAdvice(name, endpoint.EndpointStatus),
    );
  } else if (stage.name !== 'settled' && underWay !== undefined && stage.name !== 'deleting') {
    report(
      'note',
      'in-progress',
      `It is ${endpoint.EndpointStatus}: \`${underWay.command}\` takes it from ${underWay.previous} to ${underWay.requested}${underWay.alarms.length === 0 ? '' : `, guarded by ${underWay.alarms.length} alarms`}. AWS refuses another update until that has ended.`,
      text`Watch it: ${shown('status', { endpoint: name, watch: true })}`,
    );
  } else if (stage.name !== 'settled') {
    report(
      'blocking',
      'in-progress',
      `It is ${endpoint.EndpointStatus}: AWS refuses another update until that has ended.`,
      text`Watch it: ${shown('status', { endpoint: name, watch: true })}`,
    );
  } else {
    report('ok', 'settled', `It is in service on ${endpoint.EndpointConfigName}.`);
  }
  if (stage.name === 'settled' && endpoint.FailureReason !== undefined) {
    report('note', 'last-update-failed', `Its last update did not take effect: ${endpoint.FailureReason}`);
  }
}

function parts({ name, endpoint, config, model, unseen, rollout, release }: EndpointFacts, report: Report): void {
  if (unseen?.has('config') === true) return;
  if (config === undefined) {
    report(
      'blocking',
      'config-deleted',
      `The config ${endpoint.EndpointConfigName} that it runs has been deleted: AWS refuses every update of it.`,
      'Create the endpoint again.',
    );
    return;
  }
  if (model === undefined && unseen?.has('model') !== true) {
    report(
      'blocking',
      'model-deleted',
      `Its model ${modelOf(config)} has been deleted: it cannot scale, be patched or be rolled back to.`,
      'Create the model again under the same name.',
    );
    return;
  }
  const variants = config.ProductionVariants?.length ?? 0;
  if (rollout !== undefined) {
    report(
      'note',
      'rollout',
      `A rollout of ${rollout.model} divides its requests: nothing else begins until that has ended.`,
      lines(
        text`To go on: ${shown('rollout', { endpoint: name, resume: true })}`,
        text`To go back: ${shown('rollout', { endpoint: name, cancel: true })}`,
      ),
    );
  } else if (variants > 1) {
    report(
      'warning',
      'several-variants',
      `It has ${variants} production variants: shadowctl updates endpoints with one, and a rolling update of several is refused by SageMaker.`,
    );
  }
  for (const shadow of config.ShadowProductionVariants ?? []) {
    report(
      'note',
      'shadow',
      `It carries a shadow, the variant ${shadow.VariantName}. A canary would remove it, so shadowctl refuses one until ${release?.shadow === true ? 'the release has ended' : 'promote or keep has ended the shadow'}.`,
    );
  }
}

function fleet({ endpoint, config, prices, say = OF_CANARY }: EndpointFacts, report: Report): void {
  const variant = config?.ProductionVariants?.[0];
  const running = endpoint.ProductionVariants?.[0];
  const count = running?.DesiredInstanceCount ?? variant?.InitialInstanceCount;
  if (variant?.ServerlessConfig !== undefined) {
    report('blocking', 'serverless', 'It is serverless: there are no instances that could be replaced in part.');
    return;
  }
  if (config?.AsyncInferenceConfig !== undefined)
    report('blocking', 'asynchronous', 'It is asynchronous: shadowctl works on real-time endpoints.');
  if ((variant?.InstancePools ?? []).length > 0)
    report(
      'blocking',
      'instance-pools',
      `It runs on pools of instances (${variant?.InstancePools?.map((pool) => pool.InstanceType).join(', ')}), each of which may have a model of its own: shadowctl works on endpoints with one instance type.`,
    );
  if (variant?.InstanceType?.startsWith('ml.inf1.') === true) {
    report(
      'blocking',
      'inferentia-1',
      `${variant.InstanceType} (Inferentia 1) has no deployment guardrails: SageMaker would silently shift all traffic at once.`,
      'Use another instance type.',
    );
  }
  if (variant?.RoutingConfig?.RoutingStrategy === 'LEAST_OUTSTANDING_REQUESTS') {
    report(
      'warning',
      'least-outstanding',
      'Its requests go to the instance with the fewest open ones: an instance that fails fast draws more requests than its share, so a broken canary fails more of them than its size says.',
      `Let the first step bake with a smaller ${say('max-5xx-rate')}, or send requests at random (RoutingConfig).`,
    );
  }
  const { EnableEnhancedMetrics: enhanced, MetricPublishFrequencyInSeconds: seconds = 60 } =
    config?.MetricsConfig ?? {};
  if (enhanced === true && seconds > 60) {
    report(
      'blocking',
      'metrics-frequency',
      `Its metrics are published every ${seconds} seconds (MetricPublishFrequencyInSeconds, with EnableEnhancedMetrics): alarms over minutes have no data in most of them, and a report lacks those minutes.`,
      'Set it to 60 or less in the endpoint config.',
    );
  }
  if (count !== undefined && count < 2) {
    report(
      'blocking',
      'one-instance',
      `It has ${instances(count)}: a canary or linear update needs 2, because SageMaker permits at most 50 % of the fleet in a step.`,
      `Add an instance, or use ${say('strategy', 'all-at-once')}.`,
    );
  }
  if (count !== undefined && variant?.InstanceType !== undefined) quota({ endpoint, config, prices }, report);
}

/** How many instances run at once during an update, as the plans of `shadow`, `canary` and `promote` count them. */
function quota(
  { endpoint, config, prices }: Pick<EndpointFacts, 'endpoint' | 'config' | 'prices'>,
  report: Report,
): void {
  const scaled = countIn(endpoint);
  const alone = (config?.ProductionVariants ?? []).map((variant) => ({
    ...variant,
    InitialInstanceCount: scaled(variant.VariantName ?? '') ?? variant.InitialInstanceCount,
  }));
  const type = alone[0]?.InstanceType ?? '';
  const most = (next: Fleets) => capacityWords(capacityDuring({ endpoint, config }, next));
  const carries = (config?.ShadowProductionVariants ?? []).length > 0;
  const production = { ProductionVariants: alone };
  const cost = hourlyCost(prices, capacityOf([{ config: production }]));
  report(
    'note',
    'quota',
    `While it is updated, old and new instances run at the same time: ${most(production)} during a ${carries ? 'promotion, the shadow included' : 'canary'}${carries ? '' : `, ${most({ ...production, ShadowProductionVariants: alone })} while a shadow of the same size is attached, promoted or ended`}. The quota "${type} for endpoint usage" must permit that; shadowctl cannot read it. A second fleet adds: ${cost}.`,
    lines(
      text`${quotaOf('list-service-quotas', type)}`,
      text`Where that prints nothing: ${quotaOf('list-aws-default-service-quotas', type)}`,
    ),
  );
}

/** SageMaker polls the alarms as the model's own role (facts 4.4). */
function role({ model, name }: EndpointFacts, report: Report): void {
  const arn = model?.ExecutionRoleArn;
  if (arn === undefined) return;
  report(
    'note',
    'role-permission',
    `SageMaker reads the alarms of ${name} with the role ${arn}: unless that role has cloudwatch:DescribeAlarms, the guardrail does not work. shadowctl cannot check that.`,
    text`${simulated(arn, 'cloudwatch:DescribeAlarms')}`,
  );
}

function capture({ endpoint, config, unseen }: EndpointFacts, report: Report): void {
  if (unseen?.has('config') === true) return;
  const wanted = config?.DataCaptureConfig;
  if (wanted === undefined || wanted.EnableCapture === false) {
    report(
      'note',
      'no-capture',
      'Data capture is off: a shadow cannot be compared by its predictions until it is on (shadowctl shadow turns it on).',
    );
  } else if (endpoint.DataCaptureConfig?.CaptureStatus === 'Stopped') {
    report(
      'warning',
      'capture-stopped',
      `Data capture to ${wanted.DestinationS3Uri} is stopped.`,
      'SageMaker stops it when the disk of an instance is more than 75 % full.',
    );
  } else if ((wanted.InitialSamplingPercentage ?? 100) < 100) {
    report('note', 'capture-sampled', `Data capture keeps ${wanted.InitialSamplingPercentage} % of the requests.`);
  }
}

/** The region of an ECR image, where that is another than `here`. */
export function foreignRegion(image: string, here: string): string | undefined {
  const there = /\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\./.exec(image)?.[1];
  return there === here ? undefined : there;
}

/** An image is pulled from the registry of its own region. */
function region({ model, region: here }: EndpointFacts, report: Report): void {
  const image = model?.PrimaryContainer?.Image ?? '';
  const there = foreignRegion(image, here);
  if (there !== undefined) {
    report(
      'warning',
      'image-region',
      `Its image is in ${there} (${image}), and the endpoint in ${here}: SageMaker pulls images only from its own region.`,
      `Use the image's registry in ${here}.`,
    );
  }
}

/** What tells whether a role may do it. */
function simulated(role: string, action: string): CommandLine {
  const query = 'EvaluationResults[].EvalDecision';
  const options = { 'policy-source-arn': role, 'action-names': action, query };
  return { program: 'aws', command: 'iam simulate-principal-policy', options, incomplete: false };
}

/** What tells how many instances of a type the account may have. */
function quotaOf(operation: string, instanceType: string): CommandLine {
  const query = `Quotas[?QuotaName=='${instanceType} for endpoint usage'].Value`;
  const options = { 'service-code': 'sagemaker', query };
  return { program: 'aws', command: `service-quotas ${operation}`, options, incomplete: false };
}

import { isObject } from '../../base/json.ts';
import { usageError } from '../../base/errors.ts';
import type { MirrorConfig } from '../config.ts';
import type { Settings } from '../settings.ts';

/** Of /healthz and /metrics, where the configuration names no port. */
const CONTROL_PORT = 9090;
const CONFIG_FOLDER = '/etc/shadowctl';
const RECORDS_FOLDER = '/records';
const SOCKET_FOLDER = '/run/shadowctl';
/** Seconds beyond what requests under way may take to end, before Kubernetes kills the container. */
const BEYOND_DRAIN = 15;

export interface SidecarOptions {
  /** Documents of the file that holds the Deployment, in their order. */
  documents: readonly unknown[];
  /** Its name, for what is wrong with it. */
  where: string;
  /** As the configuration file has it. */
  settings: Settings;
  config: MirrorConfig;
  image: string;
  /** A PersistentVolumeClaim for records; undefined: they go with the pod. */
  claim: string | undefined;
}

type Fields = Record<string, unknown>;

/** Where the sidecar listens: for callers, and for those who look after it. */
interface Ports {
  callers: number;
  control: number;
}

interface SidecarFacts extends Pick<SidecarOptions, 'image' | 'config'> {
  /** Of the ConfigMap, and of a Secret. */
  name: string;
  ports: Ports;
  /** Keys of the Secret. */
  secrets: readonly string[];
  records: boolean;
}

/**
 * The Deployment with a mirror beside the model, the mirror's configuration as a ConfigMap, and a Service that leads to the mirror.
 * @throws Problem (usage) where there is no Deployment, or several, or it cannot have this sidecar
 */
export function sidecarManifests(options: SidecarOptions): readonly Fields[] {
  const { documents, where, settings, config, image, claim } = options;
  const deployments = documents.filter((one): one is Fields => isObject(one) && one.kind === 'Deployment');
  const [deployment] = deployments;
  if (deployment === undefined || deployments.length > 1)
    throw usageError(
      `${where} holds ${deployments.length === 0 ? 'no Deployment' : `${deployments.length} Deployments`}.`,
      'Name a file with the one Deployment whose pods serve the model.',
    );
  if (config.tls !== undefined)
    throw usageError(
      'The configuration has a certificate and a key (tls), which are files of this machine.',
      'Leave tls out for a sidecar, and let what stands before the pods end TLS.',
    );
  const metadata = fields(deployment.metadata, where, 'metadata');
  const spec = fields(deployment.spec, where, 'spec');
  const template = fields(spec.template, where, 'spec.template');
  const pod = fields(template.spec, where, 'spec.template.spec');
  const labels = fields(fields(template.metadata, where, 'spec.template.metadata').labels, where, 'labels of the pods');
  const containers = Array.isArray(pod.containers) ? (pod.containers as unknown[]) : [];
  const taken = containers.filter(isObject);
  if (taken.some(({ name }) => name === 'mirror'))
    throw usageError(
      `${where}: there is a container called mirror already.`,
      'Name the Deployment as it was without one.',
    );
  const ports = { callers: config.listen.port, control: config.control?.port ?? CONTROL_PORT };
  for (const port of taken.flatMap((one) => (Array.isArray(one.ports) ? one.ports.filter(isObject) : [])))
    if (port.containerPort === ports.callers || port.containerPort === ports.control)
      throw usageError(
        `${where}: the port ${port.containerPort}, which the sidecar listens on, belongs to another container.`,
        'Containers of a pod share their ports: name another one in the configuration (listen, control).',
      );
  const name = `${text(metadata.name, where)}-mirror`;
  const namespace = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
  const volumes = Array.isArray(pod.volumes) ? (pod.volumes as unknown[]) : [];
  const grace = Math.ceil(config.bounds.drain / 1000) + BEYOND_DRAIN;
  const given = typeof pod.terminationGracePeriodSeconds === 'number' ? pod.terminationGracePeriodSeconds : 30;
  const records = config.records !== undefined;
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, ...namespace },
      data: { 'mirror.yaml': JSON.stringify(inPod(settings, ports), null, 2) },
    },
    {
      ...deployment,
      spec: {
        ...spec,
        template: {
          ...template,
          spec: {
            ...pod,
            terminationGracePeriodSeconds: Math.max(grace, given),
            containers: [...containers, sidecar({ name, image, config, ports, secrets: secretsOf(settings), records })],
            volumes: [
              ...volumes,
              { name: 'mirror-config', configMap: { name } },
              { name: 'mirror-control', emptyDir: {} },
              ...(records
                ? [
                    {
                      name: 'mirror-records',
                      ...(claim === undefined ? { emptyDir: {} } : { persistentVolumeClaim: { claimName: claim } }),
                    },
                  ]
                : []),
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, ...namespace },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: ports.callers }] },
    },
  ];
}

function sidecar({ name, image, config: { bounds }, ports, secrets, records }: SidecarFacts): Fields {
  const probe = { httpGet: { path: '/healthz', port: ports.control } };
  // What it holds in its bounds, and Node itself beside that.
  const memory = Math.ceil(bounds.memory / 2 ** 20) + 288;
  return {
    name: 'mirror',
    image,
    command: ['shadowctl', 'mirror', '--file', `${CONFIG_FOLDER}/mirror.yaml`, '--log-format', 'json'],
    ports: [
      { name: 'mirror', containerPort: ports.callers },
      { name: 'mirror-control', containerPort: ports.control },
    ],
    ...(secrets.length === 0
      ? {}
      : { env: secrets.map((key) => ({ name: key, valueFrom: { secretKeyRef: { name, key } } })) }),
    // It is not ready while it drains, and the pod gets no further requests.
    readinessProbe: { ...probe, periodSeconds: 2, failureThreshold: 2 },
    // A mirror that drains is alive: only one that does not answer at all is started again.
    livenessProbe: { tcpSocket: { port: ports.control }, periodSeconds: 5, failureThreshold: 3 },
    resources: { requests: { cpu: '250m', memory: `${memory}Mi` }, limits: { memory: `${memory}Mi` } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'mirror-config', mountPath: CONFIG_FOLDER, readOnly: true },
      { name: 'mirror-control', mountPath: SOCKET_FOLDER },
      ...(records ? [{ name: 'mirror-records', mountPath: RECORDS_FOLDER }] : []),
    ],
  };
}

/** Variables of the environment that a configuration takes headers from; in the cluster they are of a Secret. */
export function secretsOf({ shadows = {} }: Settings): readonly string[] {
  const headers = Object.values(shadows).flatMap((one) =>
    typeof one === 'string' ? [] : Object.values(one.headers ?? {}),
  );
  return [...new Set(headers.flatMap((value) => (typeof value === 'string' ? [] : [value.env])))];
}

/** The configuration as it is within the pod. */
function inPod(settings: Settings, ports: Ports): Settings {
  const { records, ...rest } = settings;
  return {
    ...rest,
    listen: `0.0.0.0:${ports.callers}`,
    control: `0.0.0.0:${ports.control}`,
    socket: `${SOCKET_FOLDER}/mirror.sock`,
    ...(records === undefined ? {} : { records: { ...records, folder: RECORDS_FOLDER } }),
  };
}

/** @throws Problem (usage) */
function fields(value: unknown, where: string, what: string): Fields {
  if (isObject(value)) return value;
  throw usageError(`${where}: the Deployment has no ${what}.`, 'Name the file that the model is deployed with.');
}

/** @throws Problem (usage) */
function text(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw usageError(`${where}: the Deployment has no name.`, 'Name the file that the model is deployed with.');
}

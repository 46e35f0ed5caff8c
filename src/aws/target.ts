import type { Network } from './proxy.ts';

/** A service, as `AWS_ENDPOINT_URL_…` ends for it. */
export type Service = (typeof SERVICES)[number];
export const SERVICES = [
  'SAGEMAKER',
  'SAGEMAKER_RUNTIME',
  'CLOUDWATCH',
  'CLOUDWATCH_LOGS',
  'S3',
  'STS',
  'SNS',
  'APPLICATION_AUTO_SCALING',
  'IAM',
  'ECR',
  'PRICING',
  'LAMBDA',
  'CLOUDFORMATION',
  'ATHENA',
  'GLUE',
] as const;

/** Where the SDK is pointed at and as whom. */
export interface AwsTarget {
  region: string;
  /** One URL for all services: the emulator's, or a user's own. Undefined for AWS itself. */
  endpointUrl: string | undefined;
  /** URLs for single services, which come before that one. */
  endpointUrls?: Readonly<Partial<Record<Service, string>>> | undefined;
  profile: string | undefined;
  /** The profile whose credentials the SDK takes, also where only the environment names it: for people. */
  profileInUse?: string | undefined;
  /** Fixed credentials; undefined leaves it to the SDK's own chain. */
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined;
  /** When fixed credentials end that nothing renews, milliseconds since the epoch; undefined where that is not known. */
  credentialsEnd?: number | undefined;
  /** Proxies and certificates of the environment; undefined: none. */
  network?: Network | undefined;
  /** Asks for the code of a device, where a profile demands one; undefined where nobody can be asked. */
  mfaCode?: ((serial: string) => Promise<string>) | undefined;
}

import type { Network } from './proxy.ts';

/** Where the SDK is pointed at and as whom. */
export interface AwsTarget {
  region: string;
  /** One URL for all services: the emulator's, or a user's own. Undefined for AWS itself. */
  endpointUrl: string | undefined;
  profile: string | undefined;
  /** Fixed credentials; undefined leaves it to the SDK's own chain. */
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined;
  /** Proxies and certificates of the environment; undefined: none. */
  network?: Network | undefined;
  /** Asks for the code of a device, where a profile demands one; undefined where nobody can be asked. */
  mfaCode?: ((serial: string) => Promise<string>) | undefined;
}

import type { Aws } from './clients.ts';

/** A request to the runtime of SageMaker that is to be signed. */
interface Unsigned {
  method: string;
  host: string;
  path: string;
  /** With its `?`, or empty. */
  query: string;
  contentType: string | undefined;
  body: Uint8Array;
}

/** The runtime of SageMaker as a server that takes signed requests. */
export interface SignedRuntime {
  url: string;
  /** Signature version 4 by the SDK's own signer. @returns headers as a flat list of names and values */
  sign(request: Unsigned): Promise<string[]>;
}

/** For whoever sends requests to an endpoint without the SDK's client, as a proxy that passes answers on as they are. */
export async function signedRuntime(aws: Aws): Promise<SignedRuntime> {
  const { config } = await aws.runtime();
  const region = aws.target.region;
  const custom = config.endpoint === undefined ? undefined : await config.endpoint();
  const [UseFIPS, UseDualStack] = [await config.useFipsEndpoint(), await config.useDualstackEndpoint()];
  const url =
    custom === undefined
      ? config.endpointProvider({ Region: region, UseDualStack, UseFIPS }).url.href
      : `${custom.protocol}//${custom.hostname}${custom.port === undefined ? '' : `:${custom.port}`}${custom.path}`;
  return {
    url,
    async sign({ method, host, path, query, contentType, body }) {
      const signer = await config.signer({
        name: 'sigv4',
        signingName: 'sagemaker',
        signingRegion: region,
        properties: {},
      });
      const [hostname = host, port] = host.split(/:(?=\d+$)/);
      const signed = await signer.sign({
        method,
        protocol: 'https:',
        hostname,
        ...(port === undefined ? {} : { port: Number(port) }),
        path,
        query: bagOf(query),
        headers: { host, ...(contentType === undefined ? {} : { 'content-type': contentType }) },
        body,
      });
      // Host and content type are sent as they were signed, by whoever sends.
      return Object.entries(signed.headers).flatMap(([name, value]) =>
        name === 'host' || name === 'content-type' ? [] : [name, value],
      );
    },
  };
}

function bagOf(query: string): Record<string, string | string[]> {
  const bag: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const before = bag[name];
    bag[name] = before === undefined ? value : [before, value].flat();
  }
  return bag;
}

import type {
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
} from '@aws-sdk/client-sagemaker';

/*
 * AWS adds members to its APIs every month. The SDK drops what it does not know, from replies and from requests; but a
 * config that is derived from the live one must not lose what a team has set there, nor the container of a new model what the
 * live one's has.
 */

/** Of every command alike: what is added here looks at nothing that differs. */
const stackOf = ({ middlewareStack }: Pick<Command, 'middlewareStack'>) =>
  middlewareStack as DescribeModelCommand['middlewareStack'];
type Command = { middlewareStack: unknown };

/** Keeps the JSON of the reply: gives a function that returns it, once the command was sent. */
export function keepReply(command: DescribeEndpointConfigCommand | DescribeModelCommand): () => unknown {
  let text = '';
  stackOf(command).add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { body: AsyncIterable<Uint8Array> | Uint8Array };
      const chunks: Uint8Array[] = [];
      if (response.body instanceof Uint8Array) chunks.push(response.body);
      else for await (const chunk of response.body) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      text = body.toString('utf8');
      response.body = new Uint8Array(body);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'keepReply' },
  );
  return () => (text === '' ? undefined : (JSON.parse(text) as unknown));
}

/** Sends the members of `input` that the SDK leaves out. */
export function sendWhole(command: CreateEndpointConfigCommand | CreateModelCommand, input: object): void {
  stackOf(command).add(
    (next) => (args) => {
      const request = args.request as { body: string | Uint8Array };
      const text = typeof request.body === 'string' ? request.body : new TextDecoder().decode(request.body);
      const known: unknown = JSON.parse(text);
      request.body = Buffer.from(JSON.stringify(withUnknown(known, JSON.parse(JSON.stringify(input)))));
      return next(args);
    },
    { step: 'serialize', priority: 'low', name: 'sendWhole' },
  );
}

/** What is known, with the members of `whole` that it lacks, at every depth. Lists are compared place by place. */
export function withUnknown<T>(known: T, whole: unknown): T {
  if (Array.isArray(known) && Array.isArray(whole))
    return known.map((item, index) => withUnknown(item, whole[index])) as T;
  if (!isPlain(known) || !isPlain(whole)) return known;
  const merged: Record<string, unknown> = { ...known };
  for (const [key, value] of Object.entries(whole)) {
    if (value === null || value === undefined) continue;
    merged[key] = merged[key] === undefined ? value : withUnknown(merged[key], value);
  }
  return merged as T;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

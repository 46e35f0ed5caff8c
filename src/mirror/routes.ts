/** How the requests of known servers look: which are mirrored, and where they carry an id. Pure. */

/** A route whose POSTs are mirrored. */
export interface Route {
  /** Whose it is, for people. */
  server: string;
  /** As people write it: `NAME` stands for the name of a model or an endpoint. */
  path: string;
  matches: RegExp;
  /** Its requests and answers may hold `id`, which names the pair (Open Inference Protocol). */
  idInBody: boolean;
}

const NAME = '[^/]+';
const VERSION = `(/versions/${NAME}|/labels/${NAME})?`;

/** Facts 5.3 of the payloads: TF Serving's REST page, the Open Inference Protocol, TorchServe, MLflow, SageMaker, OpenAI. */
export const ROUTES: readonly Route[] = [
  route('SageMaker containers, MLflow', '/invocations', '/invocations'),
  route('SageMaker endpoints', '/endpoints/NAME/invocations', `/endpoints/${NAME}/invocations`),
  route('TensorFlow Serving, KServe v1', '/v1/models/NAME:predict', `/v1/models/[^/:]+${VERSION}:predict`),
  route('Open Inference v2', '/v2/models/NAME/infer', `/v2/models/${NAME}(/versions/${NAME})?/infer`, true),
  route('TorchServe', '/predictions/NAME', `/predictions/${NAME}(/${NAME})?`),
  route('OpenAI', '/v1/chat/completions', '/v1/chat/completions'),
];

function route(server: string, path: string, pattern: string, idInBody = false): Route {
  return { server, path, matches: new RegExp(`^${pattern}$`), idInBody };
}

/** A path that the user names: `*` stands for any characters but a slash. */
export function namedRoute(path: string): Route {
  const pattern = path.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return { server: 'named', path, matches: new RegExp(`^${pattern.join('[^/]*')}$`), idInBody: false };
}

/** The route that this request takes, where it is one that is mirrored. @param path without its query */
export function routeOf(routes: readonly Route[], method: string, path: string): Route | undefined {
  return method === 'POST' ? routes.find(({ matches }) => matches.test(path)) : undefined;
}

/** A request target in two: the path, and the query with its `?`. */
export function splitTarget(target: string): [path: string, query: string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at)];
}

/** How far into a body an `id` is looked for: clients write it first or last. */
const NEAR = 2_048;

/**
 * The caller's id in an Open Inference request, without parsing tensors of megabytes: small bodies are parsed; of large ones only
 * an `id` at the very beginning of the object counts, since further in it may be a parameter's.
 */
export function idInBody(body: Buffer): string | undefined {
  if (body.length > NEAR) {
    const [, id] = /^\s*\{\s*"id"\s*:\s*"([^"\\]{1,256})"/.exec(body.toString('latin1', 0, NEAR)) ?? [];
    return id === undefined ? undefined : Buffer.from(id, 'latin1').toString('utf8');
  }
  try {
    const { id } = JSON.parse(body.toString('utf8')) as { id?: unknown };
    return typeof id === 'string' && id !== '' && id.length <= 256 ? id : undefined;
  } catch {
    return undefined;
  }
}

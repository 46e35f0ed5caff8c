/** What a variant runs, as SageMaker gives it to a container. */
export interface ContainerSpec {
  /** The registry path of the image, tag or digest included. */
  image: string;
  /** The bytes of model.tar.gz; undefined when the model has no ModelDataUrl. */
  artifact: Uint8Array | undefined;
  /** Where the artifact came from, for error texts. */
  artifactUrl?: string | undefined;
  environment: Readonly<Record<string, string>>;
}

export interface InvocationRequest {
  body: Uint8Array;
  contentType: string | undefined;
  accept: string | undefined;
  customAttributes: string | undefined;
}

export interface InvocationResponse {
  /** The container's own HTTP status; 0 when it did not answer in time or broke the connection. */
  status: number;
  body: Uint8Array;
  contentType: string;
  customAttributes?: string;
  /** How many times its usual time a built-in container took; 1 where it is left out. */
  effort?: number;
}

/** A running container: one per instance. Answers as the real image does. */
export interface Container {
  /** HTTP status of GET /ping; 0 when nothing answers. */
  ping(): number | Promise<number>;
  /** POST /invocations. Never throws for what the model does: a crash is a status. */
  invoke(request: InvocationRequest): InvocationResponse | Promise<InvocationResponse>;
  stop(): Promise<void>;
}

/**
 * Starts a container. `log` receives what it prints, a line a call (access lines and tracebacks too). Rejects with an
 * Error whose message fits a FailureReason when the image or artifact cannot be used at all; with the signal's reason
 * when it is called off, and nothing runs then.
 */
export type ContainerFactory = (
  spec: ContainerSpec,
  log: (line: string) => void,
  signal?: AbortSignal,
) => Promise<Container>;

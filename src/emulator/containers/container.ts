/** What a variant runs, as SageMaker gives it to a container. */
export interface ContainerSpec {
  /** The registry path of the image, tag or digest included. */
  image: string;
  /** The bytes of model.tar.gz; undefined when the model has no ModelDataUrl. */
  artifact: Uint8Array | undefined;
  /** Where the artifact came from, for error texts. */
  artifactUrl?: string | undefined;
  environment: Readonly<Record<string, string>>;
  /** How many processors the machine has; 1 where it is left out. */
  cpus?: number;
}

export interface InvocationRequest {
  body: Uint8Array;
  contentType: string | undefined;
  accept: string | undefined;
  customAttributes: string | undefined;
  /** How long an answer is waited for, in ms; 60 s where it is left out. */
  timeoutMs?: number;
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

/** What a container wishes of a transform job, under its own names; it may leave anything out. */
export interface ExecutionParameters {
  MaxConcurrentTransforms?: number | undefined;
  BatchStrategy?: string | undefined;
  MaxPayloadInMB?: number | undefined;
}

/** A running container: one per instance. Answers as the real image does. */
export interface Container {
  /** HTTP status of GET /ping; 0 when nothing answers. */
  ping(): number | Promise<number>;
  /** POST /invocations. Never throws for what the model does: a crash is a status. */
  invoke(request: InvocationRequest): InvocationResponse | Promise<InvocationResponse>;
  /** GET /execution-parameters, which only transform jobs ask for; undefined where the container has no such path. */
  executionParameters?(): ExecutionParameters | undefined | Promise<ExecutionParameters | undefined>;
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

import type { Clock } from '../../../base/clock.ts';
import { accessLog } from '../access-log.ts';
import { builtInParameters } from '../execution-parameters.ts';
import type { Container, InvocationRequest, InvocationResponse } from '../container.ts';
import { mediaType, negotiate } from '../media-type.ts';
import { type LinearModel, readLinearModel } from './model.ts';
import { predict } from './predict.ts';
import { BadRequest, readRequest } from './requests.ts';
import { OFFERED, writeResponse } from './responses.ts';

/** The image's whole answer to a payload it cannot use, status 400 (as quoted in aws/amazon-sagemaker-examples#1881, #821). */
const REFUSAL = 'unable to evaluate payload provided';

/** A loaded model, or why it could not be loaded. */
type LoadedLinearModel = { model: LinearModel } | { failure: string };

/** Reads the model once; every instance of it shares the result. */
export function loadLinearLearner(files: ReadonlyMap<string, Uint8Array>): LoadedLinearModel {
  try {
    return { model: readLinearModel(files) };
  } catch (error) {
    return { failure: (error as Error).message };
  }
}

/**
 * A container of the linear-learner image. What it does with an artifact it cannot read is not known (its source is
 * closed); here it never answers /ping with 200, so that such a model never takes traffic, and its log says why.
 */
export function linearLearnerContainer(
  loaded: LoadedLinearModel,
  clock: Clock,
  log: (line: string) => void,
  {
    environment = {},
    cpus = 1,
    bareArrays = false,
  }: { environment?: Readonly<Record<string, string>>; cpus?: number | undefined; bareArrays?: boolean } = {},
): Container {
  const access = accessLog(clock, log, environment);
  if ('failure' in loaded) log(`Model at /opt/ml/model cannot be loaded: ${loaded.failure}`);

  const respond = (status: number, body: Buffer, contentType: string): InvocationResponse => {
    access('POST /invocations', status, body.length);
    return { status, body, contentType };
  };

  const answer = ({ body, contentType, accept }: InvocationRequest): InvocationResponse => {
    if ('failure' in loaded) return respond(500, Buffer.from(loaded.failure), 'text/plain');
    const { model } = loaded;
    // What it does not offer, CSV for example, it answers as JSON (seen on an endpoint: aws/sagemaker-python-sdk#993).
    const type = negotiate(accept, OFFERED) ?? OFFERED[0];
    const records = readRequest(body, mediaType(contentType), model.features, bareArrays);
    const predictions = records.map((record) => predict(model, record));
    return respond(200, writeResponse(predictions, model.predictorType === 'multiclass_classifier', type), type);
  };

  return {
    ping: () => {
      const status = 'failure' in loaded ? 500 : 200;
      access('GET /ping', status, 0);
      return status;
    },
    invoke: (request) => {
      try {
        return answer(request);
      } catch (error) {
        if (!(error instanceof BadRequest)) throw error;
        const reason = `Customer Error: ${error.message}`;
        log(reason);
        return respond(error.status, Buffer.from(error.status === 400 ? REFUSAL : reason), 'text/plain');
      }
    },
    executionParameters: () => {
      access('GET /execution-parameters', 200, 84);
      return builtInParameters(cpus);
    },
    stop: async () => {},
  };
}

import type { Clock } from '../../../base/clock.ts';
import { accessLog } from '../access-log.ts';
import { builtInParameters } from '../execution-parameters.ts';
import type { Container, InvocationRequest, InvocationResponse } from '../container.ts';
import { pythonFloat, pythonJsonFloat } from '../python.ts';
import { type Answer, evaluate } from './evaluate.ts';
import type { LoadedModels } from './load.ts';
import { pythonLog } from './python-log.ts';
import { parsePayload } from './requests.ts';
import { writeSelected } from './selectable.ts';
import { atLeast, type ImageVersion } from './versions.ts';

const ACCEPTS = ['application/json', 'application/jsonlines', 'application/x-recordio-protobuf', 'text/csv'];
const HTML = 'text/html; charset=utf-8';

/** Flask's own page for an uncaught exception. */
const CRASH =
  '<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n<p>The server ' +
  'encountered an internal error and was unable to complete your request. Either the server is overloaded or there is an error in ' +
  'the application.</p>\n';

/**
 * A worker that could not load its model tries again at every request. On AWS that took ModelLatency above 10 ms where
 * 2 to 3 ms are usual, while a canary of a third stayed below it: the latency alarm of the guardrail notebooks is what
 * rolls their bad model back (a real run of 2023).
 */
const LOADING = 7;

/** A failure with the status and text that the image answers with. */
class Refusal extends Error {
  readonly status: number;
  readonly effort: number | undefined;
  constructor(status: number, message: string, effort?: number) {
    super(message);
    this.status = status;
    this.effort = effort;
  }
}

/**
 * A container of the XGBoost image in algorithm mode: parse (415), load (500), predict (400), accept (406), in this
 * order and in the words of aws/sagemaker-xgboost-container's serve.py. A model that cannot be loaded does not stop
 * /ping before image 1.2-2: the endpoint comes up and fails every invocation.
 */
export function xgboostContainer(
  loaded: LoadedModels,
  image: ImageVersion,
  environment: Readonly<Record<string, string>>,
  clock: Clock,
  log: (line: string) => void,
  cpus = 1,
): Container {
  const access = accessLog(clock, log, environment);
  const python = pythonLog(clock, log);
  const selected = environment['SAGEMAKER_INFERENCE_OUTPUT'];

  const respond = (status: number, body: string | Buffer, contentType: string): InvocationResponse => {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    access('POST /invocations', status, bytes.length);
    return { status, body: bytes, contentType };
  };

  const step = <T>(status: number, run: () => T, text = (message: string) => message): T => {
    try {
      return run();
    } catch (error) {
      throw new Refusal(status, text((error as Error).message));
    }
  };

  const answer = ({ body, contentType, accept }: InvocationRequest): InvocationResponse => {
    if (body.length === 0) return respond(204, '', HTML);
    const matrix = step(415, () => parsePayload(body, contentType, image));
    if (matrix.delimiter !== undefined) python.info(`Determined delimiter of CSV input is '${matrix.delimiter}'`);
    if ('failure' in loaded) throw new Refusal(500, `Unable to load model: ${loaded.failure}`, LOADING);
    const { boosters } = loaded;
    const answers = step(
      400,
      () => evaluate(boosters, matrix, image),
      (message) => `Unable to evaluate payload provided: ${message}`,
    );
    const choosing = selected !== undefined && atLeast(image, 1, 0);
    const type = image.negotiates || choosing ? step(406, () => acceptedType(accept, environment)) : 'text/csv';
    const contentTypeOut = type === 'text/csv' ? 'text/csv; charset=utf-8' : type;
    if (choosing) {
      const keys = selected.replaceAll(' ', '').toLowerCase().split(',');
      const { objective, classes } = (boosters[0] as (typeof boosters)[number]).booster;
      const chosen = step(500, () => writeSelected(answers, keys, objective, classes, type));
      const ends = type === 'text/csv' && environment['SAGEMAKER_BATCH'];
      return respond(200, ends ? Buffer.concat([chosen, Buffer.from('\n')]) : chosen, contentTypeOut);
    }
    if (environment['SAGEMAKER_BATCH']) return respond(200, `${answers.map(pythonText).join('\n')}\n`, contentTypeOut);
    if (!image.negotiates) return respond(200, answers.map(pythonText).join(','), contentTypeOut);
    if (type === 'application/json') return respond(200, json(answers), type);
    if (type === 'text/csv')
      return respond(
        200,
        answers.map((one) => `${[one].flat().map(pythonFloat).join(',')}\n`).join(''),
        contentTypeOut,
      );
    // The image accepts these two, but its encoder knows them only with SAGEMAKER_INFERENCE_OUTPUT: it crashes.
    python.exception('UnsupportedFormatError', `Content type ${type} is not supported by this framework.`);
    return respond(500, CRASH, HTML);
  };

  return {
    ping: () => {
      const crashed = image.pingLoads && 'failure' in loaded;
      if (crashed) python.exception('RuntimeError', loaded.failure, '/ping [GET]');
      access('GET /ping', crashed ? 500 : 200, crashed ? CRASH.length : 0);
      return crashed ? 500 : 200;
    },
    invoke: (request) => {
      try {
        return answer(request);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        python.exception('RuntimeError', error.message);
        const response = respond(error.status, error.message, HTML);
        return error.effort === undefined ? response : { ...response, effort: error.effort };
      }
    },
    executionParameters: () => {
      access('GET /execution-parameters', 200, 84);
      return builtInParameters(cpus);
    },
    stop: async () => {},
  };
}

/** serve.py, _parse_accept: the header as it stands, no list and no quality. */
function acceptedType(accept: string | undefined, environment: Readonly<Record<string, string>>): string {
  const type = (accept ?? '').split(';')[0]?.trim() ?? '';
  if (type === '' || type === '*/*') return environment['SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT'] ?? 'text/csv';
  if (ACCEPTS.includes(type.toLowerCase())) return type.toLowerCase();
  const list = ACCEPTS.map((one) => `'${one}'`).join(', ');
  throw new Error(`Accept type ${type} is not supported. Please use supported accept types: [${list}].`);
}

/** Python's `str` of a float or of a list of floats. */
const pythonText = (answer: Answer) =>
  Array.isArray(answer) ? `[${answer.map(pythonFloat).join(', ')}]` : pythonFloat(answer);

function json(answers: readonly Answer[]): string {
  const score = (answer: Answer) =>
    Array.isArray(answer) ? `[${answer.map(pythonJsonFloat).join(', ')}]` : pythonJsonFloat(answer);
  return `{"predictions": [${answers.map((answer) => `{"score": ${score(answer)}}`).join(', ')}]}`;
}

import { request } from 'node:http';
import { environmentError, usageError } from '../../base/errors.ts';
import type { RouterView } from '../../mirror/control.ts';
import type { RouterRequest } from '../../mirror/router/state.ts';
import { parsedJson } from '../../base/json.ts';

const COMMANDS = {
  status: ['GET', '/status'],
  reload: ['POST', '/reload'],
  stop: ['POST', '/stop'],
} as const;

/**
 * Tells a running mirror something through its control socket; whoever may open that may command it.
 *
 * @returns what it answered
 * @throws Problem (cannot-run) where no mirror listens there; (usage) where it refused
 */
export function askMirror(socketPath: string, what: keyof typeof COMMANDS): Promise<unknown> {
  const [method, path] = COMMANDS[what];
  return ask(socketPath, method, path);
}

/** Who answers at a running mirror. @throws Problem (cannot-run) where none listens there */
export async function askRouter(socketPath: string): Promise<RouterView> {
  return (await ask(socketPath, 'GET', '/router')) as RouterView;
}

/**
 * Changes who answers at a running mirror; when this resolves, it is written down and done.
 * @throws Problem (cannot-run) where none listens there; (usage) where it refused: then nothing has changed
 */
export async function changeRouter(socketPath: string, change: RouterRequest): Promise<RouterView> {
  return (await ask(socketPath, 'POST', '/router', JSON.stringify(change))) as RouterView;
}

function ask(socketPath: string, method: string, path: string, body?: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', (error) => reject(unreachable(socketPath, error)));
      answer.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const { statusCode = 0 } = answer;
        const told = parsedJson(text);
        if (told === undefined) return reject(unreachable(socketPath, new Error('its answer is not valid JSON')));
        if (statusCode < 300) return resolve(told);
        reject(usageError(`The mirror refused: ${(told as { error?: string }).error ?? text}`));
      });
    });
    asked.once('error', (error: NodeJS.ErrnoException) => reject(unreachable(socketPath, error)));
    asked.end(body);
  });
}

function unreachable(socketPath: string, error: NodeJS.ErrnoException) {
  const why =
    error.code === 'EACCES'
      ? 'the socket belongs to another user'
      : error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
        ? 'no mirror listens there'
        : error.message;
  return environmentError(
    `The mirror at ${socketPath} does not answer: ${why}.`,
    'Start it, or name what it was started with: --mirror FOLDER for its records, --socket FILE for its socket.',
    error,
  );
}

import { request } from 'node:http';
import { environmentError, usageError } from '../../base/errors.ts';

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
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const { statusCode = 0 } = answer;
        if (statusCode < 300) return resolve(JSON.parse(text));
        const { error } = JSON.parse(text) as { error?: string };
        reject(usageError(`The mirror refused: ${error ?? text}`));
      });
    });
    asked.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EACCES'
          ? 'the socket belongs to another user'
          : error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
            ? 'no mirror listens there'
            : error.message;
      reject(
        environmentError(
          `The mirror at ${socketPath} does not answer: ${why}.`,
          'Name the socket that the mirror was started with (--socket).',
          error,
        ),
      );
    });
    asked.end();
  });
}

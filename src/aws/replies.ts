import type { RawAnswer } from './errors.ts';

interface WithMiddleware {
  middlewareStack: {
    add(
      middleware: (next: (args: never) => Promise<{ response: unknown }>) => (args: never) => Promise<never>,
      options: { step: 'deserialize'; name: string; override: boolean },
    ): void;
  };
}

/**
 * Shows every reply, before the SDK reads it, to `see`; what that throws is the call's error.
 * @param of a client of the SDK, or a single command
 * @param name of the middleware: one of the same name is replaced
 */
export function onReply(of: object, name: string, see: (reply: RawAnswer) => void): void {
  (of as WithMiddleware).middlewareStack.add(
    (next) => async (args) => {
      const reply = await next(args);
      see(reply.response as RawAnswer);
      return reply as never;
    },
    { step: 'deserialize', name, override: true },
  );
}

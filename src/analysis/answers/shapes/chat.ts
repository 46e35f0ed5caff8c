import { isObject } from '../../../base/json.ts';
import type { Reply } from '../kinds/values.ts';
import type { Shape } from './shape.ts';
import { single } from './shape.ts';

const CHAT = 'https://platform.openai.com/docs/api-reference/chat';

const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** The text of a message: a string, or a list of parts. */
function contentOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : '')).join('');
}

function toolsOf(calls: unknown): Reply['tools'] {
  if (!Array.isArray(calls)) return [];
  return calls.filter(isObject).map((call) => {
    const { name, arguments: given } = isObject(call.function) ? call.function : call;
    return { name: textOr(name) ?? '', arguments: typeof given === 'string' ? given : JSON.stringify(given ?? null) };
  });
}

function replyOf(choice: unknown): Reply | undefined {
  if (!isObject(choice)) return undefined;
  const { message, text, finish_reason: finish } = choice;
  if (typeof text === 'string') return { text, finish: textOr(finish), refusal: null, tools: [] };
  if (!isObject(message)) return undefined;
  return {
    text: contentOf(message.content),
    finish: textOr(finish),
    refusal: textOr(message.refusal),
    // Before there were tools, a message called one function.
    tools: toolsOf(message.tool_calls ?? (isObject(message.function_call) ? [message.function_call] : undefined)),
  };
}

/** Calls in a piece of a message, as `tool_calls` has them. */
function callsOf({ tool_calls: calls, function_call: only }: Readonly<Record<string, unknown>>) {
  if (Array.isArray(calls)) return calls.filter(isObject);
  return isObject(only) ? [{ function: only }] : [];
}

/** The pieces of each choice together; undefined where one piece is no chunk. */
function joined(chunks: readonly unknown[]): Reply[] | undefined {
  const choices = new Map<
    number,
    { text: string; finish: string | null; refusal: string; tools: { name: string; arguments: string }[] }
  >();
  for (const chunk of chunks) {
    if (!isObject(chunk) || !Array.isArray(chunk.choices)) return undefined;
    for (const piece of chunk.choices as unknown[]) {
      if (!isObject(piece)) return undefined;
      const index = typeof piece.index === 'number' ? piece.index : 0;
      const reply = choices.get(index) ?? { text: '', finish: null, refusal: '', tools: [] };
      choices.set(index, reply);
      reply.finish = textOr(piece.finish_reason) ?? reply.finish;
      reply.text += typeof piece.text === 'string' ? piece.text : '';
      if (!isObject(piece.delta)) continue;
      reply.text += contentOf(piece.delta.content);
      reply.refusal += textOr(piece.delta.refusal) ?? '';
      for (const call of callsOf(piece.delta)) {
        const place = typeof call.index === 'number' ? call.index : 0;
        const tool = (reply.tools[place] ??= { name: '', arguments: '' });
        if (!isObject(call.function)) continue;
        tool.name += textOr(call.function.name) ?? '';
        tool.arguments += textOr(call.function.arguments) ?? '';
      }
    }
  }
  if (choices.size === 0) return undefined;
  return [...choices]
    .sort(([a], [b]) => a - b)
    .map(([, { refusal, ...reply }]) => ({ ...reply, refusal: refusal === '' ? null : refusal }));
}

export const CHATS: readonly Shape[] = [
  {
    name: 'chat-stream',
    of: 'Chat and completions of OpenAI, vLLM, TGI, LMI, streamed',
    source: `${CHAT}-streaming`,
    kind: 'chat',
    rows: ({ streamed, values }) => (streamed ? joined(values) : undefined),
  },
  {
    name: 'chat',
    of: 'Chat and completions of OpenAI, vLLM, TGI, LMI',
    source: `${CHAT}/object`,
    kind: 'chat',
    rows(seen) {
      const whole = single(seen);
      if (!isObject(whole) || !Array.isArray(whole.choices) || whole.choices.length === 0) return undefined;
      const replies = whole.choices.map(replyOf);
      return replies.every((one) => one !== undefined) ? replies : undefined;
    },
  },
  {
    name: 'messages',
    of: 'Messages of Anthropic',
    source: 'https://docs.anthropic.com/en/api/messages',
    kind: 'chat',
    rows(seen) {
      const whole = single(seen);
      if (!isObject(whole) || !Array.isArray(whole.content) || !('stop_reason' in whole)) return undefined;
      const finish = textOr(whole.stop_reason);
      const tools = whole.content
        .filter((part) => isObject(part) && part.type === 'tool_use')
        .map((part) => part as { name?: unknown; input?: unknown });
      return [
        {
          text: contentOf(whole.content),
          finish,
          refusal: finish === 'refusal' ? finish : null,
          tools: tools.map(({ name, input }) => ({
            name: textOr(name) ?? '',
            arguments: JSON.stringify(input ?? null),
          })),
        } satisfies Reply,
      ];
    },
  },
];

import { isObject } from '../../../base/json.ts';
import type { Reply } from '../kinds/values.ts';
import type { Shape } from './shape.ts';
import { othersThan, single } from './shape.ts';

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

/** Members that belong to a text, and say nothing of their own. */
const OF_TEXTS = [
  ...['outputText', 'completionReason', 'tokenCount', 'text', 'stop_reason', 'finish_reason', 'stopReason', 'message'],
  ...['content', 'role', 'prompt', 'metrics', 'inputTextTokenCount', 'prompt_token_count', 'generation_token_count'],
  'index',
];

const BEDROCK = 'https://docs.aws.amazon.com/bedrock/latest/userguide';

/** Reasons to stop that say a filter stepped in, by what Titan, Cohere and Converse call it. */
const FILTERED = new Set(['content_filtered', 'guardrail_intervened', 'error_toxic']);

/** A text with its reason to stop, in the words of chats. */
function stopped(text: unknown, reason: unknown, tools: Reply['tools'] = []): Reply | undefined {
  if (typeof text !== 'string') return undefined;
  const finish = textOr(reason)?.toLowerCase() ?? null;
  return { text, finish: finish !== null && FILTERED.has(finish) ? 'content_filter' : finish, refusal: null, tools };
}

/** Every member of a list by a function; undefined where it is no list, is empty, or one gives none. */
function allOf(list: unknown, reply: (one: Readonly<Record<string, unknown>>) => Reply | undefined) {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const found = list.map((one) => (isObject(one) ? reply(one) : undefined));
  return found.every((one) => one !== undefined) ? found : undefined;
}

/** A message of Converse: its parts hold a text, or the use of a tool. */
function converse(output: unknown, reason: unknown): Reply[] | undefined {
  const message = isObject(output) ? output.message : undefined;
  if (!isObject(message) || !Array.isArray(message.content)) return undefined;
  const uses = message.content.flatMap((part) => (isObject(part) && isObject(part.toolUse) ? [part.toolUse] : []));
  const tools = uses.map(({ name, input }) => ({
    name: textOr(name) ?? '',
    arguments: JSON.stringify(input ?? null),
  }));
  const reply = stopped(contentOf(message.content), reason, tools);
  return reply && [reply];
}

/** The blocks of a streamed message, in their order; undefined where an event is none of it. */
function blocksOf(events: readonly unknown[]): Reply | undefined {
  const blocks = new Map<unknown, { text: string; name: string; input: string; isTool: boolean }>();
  let finish: string | null = null;
  let begun = false;
  for (const event of events) {
    // A stream that ends in an error is no answer.
    if (!isObject(event) || typeof event.type !== 'string' || event.type === 'error') return undefined;
    begun ||= event.type === 'message_start' || event.type === 'content_block_delta';
    const block = blocks.get(event.index) ?? { text: '', name: '', input: '', isTool: false };
    if (event.type.startsWith('content_block')) blocks.set(event.index, block);
    const { content_block: start, delta } = event;
    if (isObject(start)) {
      block.isTool = start.type === 'tool_use';
      block.name = textOr(start.name) ?? '';
      block.text += textOr(start.text) ?? '';
    }
    if (!isObject(delta)) continue;
    block.text += textOr(delta.text) ?? '';
    block.input += textOr(delta.partial_json) ?? '';
    finish = textOr(delta.stop_reason) ?? finish;
  }
  if (!begun) return undefined;
  const all = [...blocks.values()];
  return {
    text: all.map(({ text }) => text).join(''),
    finish,
    refusal: finish === 'refusal' ? finish : null,
    tools: all
      .filter(({ isTool }) => isTool)
      .map(({ name, input }) => ({ name, arguments: input === '' ? '{}' : input })),
  };
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
  {
    name: 'messages-stream',
    of: 'Messages of Anthropic, streamed',
    source: 'https://docs.anthropic.com/en/api/messages-streaming',
    kind: 'chat',
    rows({ streamed, values }) {
      const reply = streamed ? blocksOf(values) : undefined;
      return reply && [reply];
    },
  },
  {
    name: 'bedrock',
    of: 'Texts as Titan, Llama, Cohere and Mistral answer on Bedrock, and Converse',
    source: `${BEDROCK}/model-parameters.html`,
    kind: 'chat',
    leaves: othersThan('results', 'generation', 'generations', 'outputs', 'output', ...OF_TEXTS),
    rows(seen) {
      const whole = single(seen);
      if (!isObject(whole)) return undefined;
      if (typeof whole.generation === 'string') {
        const reply = stopped(whole.generation, whole.stop_reason);
        return reply && [reply];
      }
      return (
        allOf(whole.results, (one) => stopped(one.outputText, one.completionReason)) ??
        allOf(whole.generations, (one) => stopped(one.text, one.finish_reason)) ??
        allOf(whole.outputs, (one) => ('stop_reason' in one ? stopped(one.text, one.stop_reason) : undefined)) ??
        converse(whole.output, whole.stopReason)
      );
    },
  },
];

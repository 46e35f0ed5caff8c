/** What a pickled Booster holds. */
interface PickledBooster {
  /** The serialised model: XGBoost's own bytes. */
  handle: Uint8Array;
  /** The attribute best_ntree_limit of the Python object; 0 when it has none. */
  treeLimit: number;
  /** Does the Python object know the names of its columns? Since 1.5 they are in `handle` instead. */
  named: boolean;
}

/** A literal in the stream of a pickle, or the name of a class. */
type Token = { kind: 'text' | 'bytes' | 'number' | 'global' | 'other'; value: string | number | Uint8Array };

/** Does this begin as pickles of objects do: with a protocol mark, or in protocol 0 with copy_reg? */
export function looksLikePickle(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 10)).toString('latin1');
  return (bytes[0] === 0x80 && (bytes[1] ?? 9) <= 5) || start === 'ccopy_reg\n';
}

/**
 * Finds the bytes of the model in a pickled `xgboost.core.Booster` by reading the pickle's opcodes one after the other
 * (Lib/pickletools.py). Nothing is called and no object is built: whatever else the pickle would do when loaded does
 * not happen here. Throws an Error when it is not a pickle of a Booster.
 */
export function readPickledBooster(bytes: Uint8Array): PickledBooster {
  const tokens = [...tokenize(bytes)];
  const classes = tokens.filter((token) => token.kind === 'global').map((token) => token.value);
  const first = classes.find((name) => !/^(?:copy_reg|copyreg) |^(?:__builtin__|builtins) object$/.test(String(name)));
  if (first !== 'xgboost.core Booster') {
    throw new Error(
      `the emulator executes no pickle, and this one is not of xgboost.core.Booster but of ${String(first ?? 'no class')}`,
    );
  }
  const key = tokens.findIndex((token) => token.kind === 'text' && token.value === 'handle');
  const handle =
    key < 0
      ? undefined
      : tokens.slice(key + 1, key + 6).find((token) => (token.value as string).length > 40 || token.kind === 'bytes');
  if (!handle || typeof handle.value === 'number') throw new Error('the pickled Booster holds no model');
  const limit = tokens.findIndex((token) => token.kind === 'text' && token.value === 'best_ntree_limit');
  const next = limit < 0 ? undefined : tokens[limit + 1];
  return {
    // Up to protocol 2 a bytearray is pickled as text, a character a byte.
    handle: typeof handle.value === 'string' ? Buffer.from(handle.value, 'latin1') : handle.value,
    treeLimit: next?.kind === 'number' ? (next.value as number) : 0,
    named: tokens.some((token) => token.kind === 'text' && token.value === 'feature_names'),
  };
}

/** Opcodes with a fixed argument whose value does not matter here: size of it. */
const FIXED: Record<string, number> = {
  '\x80': 1,
  q: 1,
  r: 4,
  h: 1,
  j: 4,
  '\x95': 8,
  G: 8,
  '\x82': 1,
  '\x83': 2,
  '\x84': 4,
};

/** Opcodes followed by a line that does not matter here: put, get, float and long as text, persistent id. */
const LINES = 'pgFP';

/** Opcodes with counted content: bytes of the little-endian length, and what the content is. */
const COUNTED: Record<string, { size: number; kind: 'text' | 'bytes' | 'other' }> = {
  U: { size: 1, kind: 'text' },
  T: { size: 4, kind: 'text' },
  X: { size: 4, kind: 'text' },
  '\x8c': { size: 1, kind: 'text' },
  '\x8d': { size: 8, kind: 'text' },
  C: { size: 1, kind: 'bytes' },
  B: { size: 4, kind: 'bytes' },
  '\x8e': { size: 8, kind: 'bytes' },
  '\x96': { size: 8, kind: 'bytes' },
  '\x8a': { size: 1, kind: 'other' },
  '\x8b': { size: 4, kind: 'other' },
};

/** Opcodes without argument: marks, tuples, lists, dictionaries, None, booleans, reduce, build, memoize … */
const BARE = new Set([
  ...'(.012N}]ablstdueoR)'.split(''),
  '\x81',
  '\x85',
  '\x86',
  '\x87',
  '\x88',
  '\x89',
  '\x8f',
  '\x90',
  '\x91',
  '\x92',
  '\x94',
  '\x97',
  '\x98',
]);

function* tokenize(bytes: Uint8Array): Generator<Token> {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const recent: string[] = [];
  let at = 0;
  const take = (size: number) => {
    if (size > data.length - at) throw new Error('pickle data was truncated');
    at += size;
    return data.subarray(at - size, at);
  };
  const line = () => {
    const end = data.indexOf(10, at);
    if (end < 0) throw new Error('pickle data was truncated');
    return take(end + 1 - at)
      .subarray(0, -1)
      .toString('latin1');
  };
  while (at < data.length) {
    const op = take(1).toString('latin1');
    const counted = COUNTED[op];
    if (op === '.') return;
    if (counted) {
      const head = take(counted.size);
      const length = counted.size === 8 ? Number(head.readBigUInt64LE()) : head.readUIntLE(0, counted.size);
      const content = take(length);
      const value = counted.kind === 'text' ? content.toString(op === 'U' || op === 'T' ? 'latin1' : 'utf8') : content;
      if (typeof value === 'string') recent.push(value.slice(0, 200));
      if (counted.kind !== 'other') yield { kind: counted.kind, value };
    } else if (op === 'V' || op === 'S') {
      const value = op === 'V' ? rawUnicode(line()) : line().slice(1, -1);
      recent.push(value.slice(0, 200));
      yield { kind: 'text', value };
    } else if (op === 'c' || op === 'i') {
      yield { kind: 'global', value: `${line()} ${line()}` };
    } else if (op === '\x93') {
      yield { kind: 'global', value: recent.slice(-2).join(' ') };
    } else if (op === 'K') yield { kind: 'number', value: take(1).readUInt8() };
    else if (op === 'M') yield { kind: 'number', value: take(2).readUInt16LE() };
    else if (op === 'J') yield { kind: 'number', value: take(4).readInt32LE() };
    else if (op === 'I' || op === 'L') yield { kind: 'number', value: Number.parseInt(line(), 10) };
    else if (op in FIXED) take(FIXED[op] ?? 0);
    else if (LINES.includes(op)) line();
    else if (!BARE.has(op))
      throw new Error(
        `invalid load key, '${/[ -~]/.test(op) ? op : `\\x${op.charCodeAt(0).toString(16).padStart(2, '0')}`}'.`,
      );
  }
  throw new Error('Ran out of input');
}

/** Python's raw-unicode-escape: `\u000a` for what would end the line. */
function rawUnicode(text: string): string {
  return text.replace(/\\u([0-9a-fA-F]{4})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

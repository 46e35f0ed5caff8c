/** A metric math expression as a tree. */
export type Node =
  | { kind: 'number'; value: number }
  | { kind: 'text'; value: string }
  | { kind: 'id'; name: string }
  | { kind: 'array'; items: Node[] }
  | { kind: 'call'; name: string; args: Node[] }
  | { kind: 'negate'; of: Node }
  | { kind: 'binary'; operator: string; left: Node; right: Node };

/** An expression that cannot be read or computed; the message says where. */
export class MathProblem extends Error {}

interface Token {
  kind: 'number' | 'text' | 'word' | 'sign' | 'end';
  text: string;
  at: number;
}

const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|'([^']*)'|"([^"]*)"|([A-Za-z_]\w*)|(==|!=|<=|>=|&&|\|\||[-+*/^<>()[\],]))/y;
/** How strongly operators bind; `^` binds to the right. */
const POWER: Record<string, number> = {
  OR: 1,
  '||': 1,
  AND: 2,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 4,
  '>': 4,
  '<=': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '^': 8,
};
/** Deeper than anybody writes, and far from the end of the stack. */
const MAX_DEPTH = 100;

/** Reads an expression; throws MathProblem. */
export function parseExpression(text: string): Node {
  const tokens = tokenize(text);
  let position = 0;
  let depth = 0;
  const peek = () => tokens[position] as Token;
  const take = () => tokens[position++] as Token;
  const isSign = (sign: string) => peek().kind === 'sign' && peek().text === sign;
  const expect = (sign: string) => {
    if (!isSign(sign)) throw new MathProblem(`Unexpected ${describe(peek())}, expected '${sign}'`);
    position += 1;
  };

  const list = (close: string): Node[] => {
    const items: Node[] = [];
    if (!isSign(close)) {
      items.push(expression(0));
      while (isSign(',')) {
        position += 1;
        items.push(expression(0));
      }
    }
    expect(close);
    return items;
  };

  const primary = (): Node => {
    const token = take();
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text) };
    if (token.kind === 'text') return { kind: 'text', value: token.text };
    if (token.kind === 'word') {
      if (!isSign('(')) return { kind: 'id', name: token.text };
      position += 1;
      return { kind: 'call', name: token.text, args: list(')') };
    }
    if (token.text === '(') {
      const inner = expression(0);
      expect(')');
      return inner;
    }
    if (token.text === '[') return { kind: 'array', items: list(']') };
    if (token.text === '-' && token.kind === 'sign') return { kind: 'negate', of: expression(7) };
    throw new MathProblem(`Unexpected ${describe(token)}`);
  };

  const expression = (least: number): Node => {
    depth += 1;
    if (depth > MAX_DEPTH) throw new MathProblem('The expression is nested too deeply');
    let left = primary();
    for (;;) {
      const operator = peek().text;
      const power = peek().kind === 'sign' || peek().kind === 'word' ? POWER[operator] : undefined;
      if (power === undefined || power < least) break;
      position += 1;
      left = { kind: 'binary', operator, left, right: expression(operator === '^' ? power : power + 1) };
    }
    depth -= 1;
    return left;
  };

  const whole = expression(0);
  if (peek().kind !== 'end') throw new MathProblem(`Unexpected ${describe(peek())}`);
  return whole;
}

/** Ids of other queries that an expression names. */
export function idsIn(node: Node): string[] {
  switch (node.kind) {
    case 'id':
      return [node.name];
    case 'array':
      return node.items.flatMap(idsIn);
    case 'call':
      return node.args.flatMap(idsIn);
    case 'negate':
      return idsIn(node.of);
    case 'binary':
      return [...idsIn(node.left), ...idsIn(node.right)];
    default:
      return [];
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const from = pattern.lastIndex;
    const at = from + (text.length - from - text.slice(from).trimStart().length);
    const match = pattern.exec(text);
    if (match === null) throw new MathProblem(`Unexpected '${text.charAt(at)}' at character ${at + 1}`);
    const [, number, single, double, word, sign] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (single !== undefined || double !== undefined)
      tokens.push({ kind: 'text', text: single ?? double ?? '', at });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else tokens.push({ kind: 'sign', text: sign as string, at });
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

function describe(token: Token): string {
  return token.kind === 'end' ? 'end of the expression' : `'${token.text}' at character ${token.at + 1}`;
}

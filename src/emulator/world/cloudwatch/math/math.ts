import { FUNCTIONS } from './functions.ts';
import { type Node, MathProblem } from './parse.ts';
import { type MathScope, type TimeSeries, type Value, eachPoint, isSeries, withPoints } from './values.ts';

/** Computes an expression; throws MathProblem. */
export function compute(node: Node, scope: MathScope): Value {
  switch (node.kind) {
    case 'number':
    case 'text':
      return node.value;
    case 'id':
      return named(node.name, scope);
    case 'negate':
      return eachPoint(compute(node.of, scope), (value) => -value);
    case 'array':
      return node.items.flatMap((item) => {
        const value = compute(item, scope);
        if (isSeries(value)) return [value];
        if (Array.isArray(value)) return value;
        throw new MathProblem('An array may hold time series only');
      });
    case 'binary':
      return binary(node.operator, compute(node.left, scope), compute(node.right, scope));
    default: {
      const called = FUNCTIONS[node.name];
      if (called === undefined) throw new MathProblem(`Unknown function '${node.name}'`);
      return called(
        node.args.map((arg) => compute(arg, scope)),
        scope,
      );
    }
  }
}

function named(name: string, scope: MathScope): Value {
  // REPEAT and LINEAR are FILL's options.
  if (name === 'REPEAT' || name === 'LINEAR') return name;
  const value = scope.lookup(name);
  if (value === undefined) throw new MathProblem(`Unknown identifier '${name}'`);
  return value;
}

const OPERATORS: Record<string, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '^': (a, b) => a ** b,
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<': (a, b) => Number(a < b),
  '>': (a, b) => Number(a > b),
  '<=': (a, b) => Number(a <= b),
  '>=': (a, b) => Number(a >= b),
  AND: (a, b) => Number(a !== 0 && b !== 0),
  '&&': (a, b) => Number(a !== 0 && b !== 0),
  OR: (a, b) => Number(a !== 0 || b !== 0),
  '||': (a, b) => Number(a !== 0 || b !== 0),
};

/** Two series meet where both have a datapoint; arrays of one length meet pairwise. */
function binary(operator: string, left: Value, right: Value): Value {
  const combine = OPERATORS[operator] as (a: number, b: number) => number;
  if (typeof left === 'string' || typeof right === 'string') {
    throw new MathProblem(`Text cannot be an operand of '${operator}'`);
  }
  if (typeof right === 'number') return eachPoint(left, (value) => combine(value, right));
  if (typeof left === 'number') return eachPoint(right, (value) => combine(left, value));
  if (Array.isArray(left) && Array.isArray(right)) {
    if (left.length !== right.length)
      throw new MathProblem(`Arrays of ${left.length} and ${right.length} series cannot meet`);
    return left.map((series, i) => binary(operator, series, right[i] as TimeSeries) as TimeSeries);
  }
  if (Array.isArray(left)) return left.map((series) => binary(operator, series, right) as TimeSeries);
  if (Array.isArray(right)) return right.map((series) => binary(operator, left, series) as TimeSeries);
  const both = [...left.points].filter(([at]) => right.points.has(at));
  return withPoints(
    left,
    both.map(([at, value]) => [at, combine(value, right.points.get(at) as number)] as const),
  );
}

import { type Booster, checkTree, type Tree } from './model.ts';
import { checkObjective, probToMargin } from './objectives.ts';
import { atLeast, type ImageVersion } from './versions.ts';

type Json = Record<string, unknown>;

/**
 * A booster from XGBoost's JSON schema (doc/model.schema of dmlc/xgboost), parsed from JSON or UBJSON; also from the
 * memory snapshot `{"Model": …, "Config": …}` that a pickle holds. Throws an Error that says what is wrong, or what the
 * image's own XGBoost says of JSON from a later release.
 */
export function readJsonModel(document: unknown, image: ImageVersion): Booster {
  const root = object(document, 'the model');
  const learner = object(object(root['Model'] ?? root, 'the model')['learner'], 'learner');
  const param = object(learner['learner_model_param'], 'learner_model_param');
  const objective = text(object(learner['objective'], 'objective')['name']);
  checkObjective(objective, image);
  const features = integer(param['num_feature'] ?? 0);
  const classes = integer(param['num_class'] ?? 0);
  const groups = Math.max(1, classes, integer(param['num_target'] ?? 1));
  const base = scores(param['base_score'], image).map((score) => probToMargin(objective, score, image));
  const attributes = (learner['attributes'] ?? {}) as Json;
  const shared = {
    objective,
    features,
    classes,
    groups,
    baseMargin: Float32Array.from(base),
    treeLimit: treeLimit(attributes),
  };
  const booster = object(learner['gradient_booster'], 'gradient_booster');
  const name = text(booster['name'] ?? 'gbtree');
  if (name === 'gblinear') {
    const weights = Float32Array.from(list(object(booster['model'], 'model')['weights'], 'weights'), Number);
    if (weights.length !== (features + 1) * groups)
      throw new Error(`gblinear has ${weights.length} weights for ${features} features`);
    return { ...shared, trees: [], groupOf: new Int32Array(), treeWeights: undefined, linear: weights };
  }
  const forest = object(object(name === 'dart' ? booster['gbtree'] : booster, name)['model'], 'model');
  const trees = list(forest['trees'], 'trees').map((tree) => readTree(object(tree, 'a tree'), features, groups, image));
  const groupOf = Int32Array.from(list(forest['tree_info'], 'tree_info'), Number);
  const treeWeights =
    name === 'dart' ? Float32Array.from(list(booster['weight_drop'], 'weight_drop'), Number) : undefined;
  if (groupOf.length !== trees.length || (treeWeights && treeWeights.length !== trees.length)) {
    throw new Error(
      `${trees.length} trees, but ${groupOf.length} in tree_info and ${treeWeights?.length ?? '-'} in weight_drop`,
    );
  }
  if (groupOf.some((group) => group < 0 || group >= groups))
    throw new Error(`tree_info names a group outside of ${groups}`);
  return { ...shared, trees, groupOf, treeWeights, linear: undefined };
}

/** What older releases miss in the trees of newer ones, in their words (recorded: fixtures/xgboost/real). */
function checkAge(tree: Json, image: ImageVersion): void {
  if (!atLeast(image, 1, 3) && tree['leaf_child_counts'] === undefined)
    throw new Error('Invalid cast, from Null to Array');
  const [first] = list(tree['default_left'], 'default_left');
  if (!atLeast(image, 1, 6) && typeof first === 'number') throw new Error('Invalid cast, from Integer to Boolean');
}

function readTree(tree: Json, features: number, groups: number, image: ImageVersion): Tree {
  checkAge(tree, image);
  const numbers = (key: string) => list(tree[key], key);
  const left = Int32Array.from(numbers('left_children'), Number);
  const vector = integer(object(tree['tree_param'] ?? {}, 'tree_param')['size_leaf_vector'] ?? 0);
  const read: Tree = {
    left,
    right: Int32Array.from(numbers('right_children'), Number),
    feature: Int32Array.from(numbers('split_indices'), Number),
    value: Float32Array.from(numbers('split_conditions'), Number),
    defaultLeft: Uint8Array.from(numbers('default_left'), Number),
    categories: readCategories(tree),
    vectors: undefined,
  };
  for (const part of [read.right, read.feature, read.value, read.defaultLeft]) {
    if (part.length !== left.length) throw new Error('the columns of a tree differ in length');
  }
  checkTree(read, features);
  return vector > 1 ? { ...read, vectors: readVectors(tree, read, vector, groups) } : read;
}

/** Vectors of leaves: of the node in base_weights, and since 3.1 in leaf_weights, at the place where the right child would be. */
function readVectors(tree: Json, { left, right }: Tree, size: number, groups: number): Float32Array {
  if (size !== groups) throw new Error(`the leaves of a tree have ${size} numbers for ${groups} outputs`);
  const packed = tree['leaf_weights'] !== undefined;
  const weights = Float32Array.from(list(packed ? tree['leaf_weights'] : tree['base_weights'], 'leaf_weights'), Number);
  const vectors = new Float32Array(left.length * size);
  for (let node = 0; node < left.length; node++) {
    if (left[node] !== -1) continue;
    const at = packed ? (right[node] as number) : node;
    const leaf = weights.subarray(at * size, (at + 1) * size);
    if (at < 0 || leaf.length !== size) throw new Error(`node ${node} of a tree has no leaf`);
    vectors.set(leaf, node * size);
  }
  return vectors;
}

function readCategories(tree: Json): Map<number, Set<number>> | undefined {
  const nodes = (tree['categories_nodes'] ?? []) as ArrayLike<number>;
  if (nodes.length === 0) return undefined;
  const categories = list(tree['categories'], 'categories');
  const segments = list(tree['categories_segments'], 'categories_segments');
  const sizes = list(tree['categories_sizes'], 'categories_sizes');
  const read = new Map<number, Set<number>>();
  for (let i = 0; i < nodes.length; i++) {
    const start = Number(segments[i]);
    read.set(
      Number(nodes[i]),
      new Set(
        Array.from(categories)
          .slice(start, start + Number(sizes[i]))
          .map(Number),
      ),
    );
  }
  return read;
}

/**
 * base_score is a number as text, `5E-1`, and since 3.1 a list as text, `[5E-1]`. Releases from 1.6 to 3.0 do not read a
 * list, say nothing, and go on with 0.5.
 */
function scores(value: unknown, image: ImageVersion): number[] {
  if (String(value).startsWith('[') && !atLeast(image, 3, 1)) {
    if (atLeast(image, 1, 6)) return [0.5];
    throw new Error(`Invalid Parameter format for base_score expect float but value='${String(value)}'`);
  }
  const parts = text(value ?? '0.5')
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map(Number);
  if (parts.some(Number.isNaN)) throw new Error(`base_score is ${JSON.stringify(value)}`);
  return parts;
}

/** The trees that early stopping left, of the attribute best_ntree_limit; 0 for all. */
export function treeLimit(attributes: Readonly<Json>): number {
  const limit = Number(attributes['best_ntree_limit'] ?? Number.NaN);
  return Number.isInteger(limit) ? limit : 0;
}

/**
 * Parses XGBoost's JSON, which also writes NaN and Infinity: they become texts that `Number` reads. Throws a SyntaxError.
 */
export function parseXgboostJson(json: string): unknown {
  if (!/NaN|Infinity/.test(json)) return JSON.parse(json);
  return JSON.parse(
    json.replace(/"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)/g, (token) => (token.startsWith('"') ? token : `"${token}"`)),
  );
}

function object(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null) throw new Error(`the model has no ${what}`);
  return value as Json;
}

function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) throw new Error(`the model has no list ${what}`);
  return value as unknown[];
}

function text(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new Error(`${JSON.stringify(value)} where the model has text`);
  return String(value);
}

function integer(value: unknown): number {
  const number = Number(text(value));
  if (!Number.isInteger(number) || number < 0) throw new Error(`${JSON.stringify(value)} where the model has a count`);
  return number;
}

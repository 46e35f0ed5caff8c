import { treeLimit } from './json-model.ts';
import { type Booster, checkTree, type Tree } from './model.ts';
import { checkObjective, probToMargin, transformOne } from './objectives.ts';
import { atLeast, type ImageVersion } from './versions.ts';

/**
 * A booster from the binary format that XGBoost wrote until 2.x (learner.cc, gbtree_model.h, tree_model.h of
 * dmlc/xgboost: the structs as they are in memory, little endian), with or without the header `binf`.
 * An XGBoost before 1.0 takes base_score as it stands.
 */
export function readLegacyModel(bytes: Uint8Array, image: ImageVersion): Booster {
  const oldLibrary = !atLeast(image, 1, 0);
  const data = reader(bytes);
  if (Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'binf') data.skip(4);
  const baseScore = data.f32();
  const features = data.u32();
  const classes = data.i32();
  const hasAttributes = data.i32() !== 0;
  data.skip(4);
  const majorVersion = data.u32();
  data.skip(4);
  // A reserved field, 0, before 1.6.
  const targets = data.u32();
  data.skip(26 * 4);
  const objective = data.text();
  const name = data.text();
  if (!/^[\w:]+$/.test(objective) || !['gbtree', 'dart', 'gblinear'].includes(name) || classes < 0)
    throw new Error('BoostLearner: wrong model format');
  checkObjective(objective, image);
  // What older releases make of newer files, and newer ones of older files, is recorded in fixtures/xgboost/real.
  if (oldLibrary && majorVersion >= 1 && objective === 'count:poisson')
    throw new Error("Invalid Parameter format for max_delta_step expect float but value=''");
  const groups = Math.max(1, classes, targets);
  const booster =
    name === 'gblinear'
      ? readLinear(data, features, groups)
      : readForest(data, features, groups, name === 'dart', image);
  return {
    ...booster,
    objective,
    features,
    classes,
    baseMargin: Float32Array.of(margin()),
    treeLimit: hasAttributes ? treeLimit(readAttributes(data)) : 0,
  };

  function margin(): number {
    if (oldLibrary) return baseScore;
    // Before 1.0 the file holds the score already transformed; newer libraries take it back first (learner.cc, LoadModel).
    if (majorVersion < 1 && objective === 'binary:logitraw' && !atLeast(image, 1, 3)) {
      if (atLeast(image, 1, 1) && !(baseScore > 0 && baseScore < 1))
        throw new Error(
          'Check failed: base_score > 0.0f && base_score < 1.0f: base_score must be in (0,1) for logistic loss',
        );
      return baseScore;
    }
    const score = majorVersion < 1 && !objective.startsWith('multi:') ? transformOne(objective, baseScore) : baseScore;
    return probToMargin(objective, score, image);
  }
}

type Parts = Pick<Booster, 'groups' | 'trees' | 'groupOf' | 'treeWeights' | 'linear'>;

function readForest(data: Reader, features: number, groups: number, dart: boolean, image: ImageVersion): Parts {
  const count = data.i32();
  data.skip(20);
  const outputs = data.i32();
  data.skip(132);
  const trees: Tree[] = [];
  for (let t = 0; t < count; t++) trees.push(readTree(data, features, image));
  const groupOf = Int32Array.from(trees, () => data.i32());
  if (groupOf.some((group) => group < 0 || group >= groups))
    throw new Error(`tree_info names a group outside of ${groups}`);
  const treeWeights = dart && count > 0 ? Float32Array.from({ length: data.count(4) }, () => data.f32()) : undefined;
  if (treeWeights && treeWeights.length !== count) throw new Error(`${treeWeights.length} weights for ${count} trees`);
  // Releases before 1.0 take the number of outputs from the forest, where later ones write 0: they answer nothing but `[]`.
  return { groups: atLeast(image, 1, 0) ? groups : outputs, trees, groupOf, treeWeights, linear: undefined };
}

function readTree(data: Reader, features: number, image: ImageVersion): Tree {
  data.skip(4);
  const nodes = data.i32();
  data.skip(3 * 4);
  const leafVector = data.i32();
  // XGBoost 2 and 3 write a size of 1 and no vector, for which releases before 0.90 look.
  if (leafVector !== 0 && !atLeast(image, 0, 90)) throw new Error('BoostLearner: wrong model format');
  data.skip(31 * 4);
  if (nodes <= 0 || nodes * 36 > data.left()) throw new Error(`a tree of ${nodes} nodes`);
  const tree: Tree = {
    left: new Int32Array(nodes),
    right: new Int32Array(nodes),
    feature: new Int32Array(nodes),
    value: new Float32Array(nodes),
    defaultLeft: new Uint8Array(nodes),
    categories: undefined,
    vectors: undefined,
  };
  for (let i = 0; i < nodes; i++) {
    data.skip(4);
    tree.left[i] = data.i32();
    tree.right[i] = data.i32();
    const split = data.u32();
    tree.feature[i] = split & 0x7fffffff;
    tree.defaultLeft[i] = split >>> 31;
    tree.value[i] = data.f32();
  }
  data.skip(nodes * 16);
  return checkTree(tree, features);
}

function readLinear(data: Reader, features: number, groups: number): Parts {
  data.skip(136);
  const linear = Float32Array.from({ length: data.count(4) }, () => data.f32());
  if (linear.length !== (features + 1) * groups)
    throw new Error(`gblinear has ${linear.length} weights for ${features} features`);
  return { groups, trees: [], groupOf: new Int32Array(), treeWeights: undefined, linear };
}

function readAttributes(data: Reader): Record<string, string> {
  const pairs = Array.from({ length: data.count(16) }, () => [data.text(), data.text()] as const);
  return Object.fromEntries(pairs);
}

type Reader = ReturnType<typeof reader>;

/** Reads forward, never past the end. */
function reader(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (size: number) => {
    if (!(size >= 0) || at + size > bytes.length) throw new Error('BoostLearner: wrong model format');
    at += size;
    return at - size;
  };
  /** A length in front of items of at least `size` bytes. */
  const count = (size: number) => {
    const length = view.getBigUint64(take(8), true);
    if (length * BigInt(size) > BigInt(bytes.length - at)) throw new Error('BoostLearner: wrong model format');
    return Number(length);
  };
  return {
    skip: (size: number) => void take(size),
    left: () => bytes.length - at,
    i32: () => view.getInt32(take(4), true),
    u32: () => view.getUint32(take(4), true),
    f32: () => view.getFloat32(take(4), true),
    count,
    text: () => {
      const length = count(1);
      return Buffer.from(bytes.buffer, bytes.byteOffset + take(length), length).toString('utf8');
    },
  };
}

/** One regression tree, nodes side by side; node 0 is the root. */
export interface Tree {
  /** -1 at a leaf. */
  left: Int32Array;
  right: Int32Array;
  feature: Int32Array;
  /** The split's threshold (left if the feature is smaller), or the value of a leaf. */
  value: Float32Array;
  /** 1 where a missing feature goes left. */
  defaultLeft: Uint8Array;
  /** Categories that go right, by node; other nodes split by threshold. */
  categories: ReadonlyMap<number, ReadonlySet<number>> | undefined;
  /** The leaves of a tree that answers all outputs at once (multi_output_tree), node after node; undefined of others. */
  vectors: Float32Array | undefined;
}

/** A booster, whatever file it came from. */
export interface Booster {
  objective: string;
  features: number;
  /** 0 unless multi-class, as XGBoost writes it. */
  classes: number;
  /** Outputs per record: classes or targets, at least 1. */
  groups: number;
  /** What every output begins with, before the objective's transformation; one for all or one a group. */
  baseMargin: Float32Array;
  trees: readonly Tree[];
  /** The output group of each tree. */
  groupOf: Int32Array;
  /** DART's weight of each tree. */
  treeWeights: Float32Array | undefined;
  /** gblinear: (features + 1) × groups, the bias last; without trees. */
  linear: Float32Array | undefined;
  /** Trees per group that are used at most, from early stopping; 0 for all. */
  treeLimit: number;
}

/** More outputs or columns than this are no model but an attack on memory. */
const LIMITS = { groups: 65_536, columns: 2 ** 24 };

/** Refuses a booster whose counts would not fit into memory, whatever the file says they are. */
export function checkBooster(booster: Booster): Booster {
  if (booster.groups > LIMITS.groups) throw new Error(`the emulator evaluates no model of ${booster.groups} classes`);
  const used = columnsUsed(booster);
  if (used > LIMITS.columns) throw new Error(`the emulator evaluates no model that splits on feature ${used - 1}`);
  return booster;
}

/** How many of a record's columns the booster looks at; a model may be declared wider than that. */
export function columnsUsed({ trees, linear, features }: Booster): number {
  if (linear) return features;
  let most = 0;
  for (const { left, feature } of trees) {
    for (let i = 0; i < left.length; i++) if (left[i] !== -1) most = Math.max(most, (feature[i] as number) + 1);
  }
  return most;
}

/** Refuses a tree whose children point outside of it or make a circle: walking it would never end. */
export function checkTree(tree: Tree, features: number): Tree {
  const size = tree.left.length;
  const seen = new Uint8Array(size);
  const open = [0];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node < 0 || node >= size || seen[node])
      throw new Error(`a tree of ${size} nodes leads to node ${node}, twice or outside of it`);
    seen[node] = 1;
    if (tree.left[node] === -1) continue;
    if ((tree.feature[node] as number) >= Math.max(features, 1))
      throw new Error(`a tree splits on feature ${tree.feature[node]} of ${features}`);
    open.push(tree.left[node] as number, tree.right[node] as number);
  }
  return tree;
}

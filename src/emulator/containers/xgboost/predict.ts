import type { Booster, Tree } from './model.ts';
import { transform } from './objectives.ts';

const fround = Math.fround;

/**
 * `Booster.predict` of one record: the leaves' sum in float32, then the objective's transformation. NaN and columns that
 * are not there are missing. Until 1.2 the trees were summed by themselves and then added to the base score; since 1.3
 * each tree is added to it in turn (the block kernel of the CPU predictor), which rounds differently.
 */
export function predictRecord(booster: Booster, record: Float32Array, sumFirst: boolean): Float32Array {
  return transform(
    booster.objective,
    booster.linear ? linearMargins(booster, booster.linear, record) : treeMargins(booster, record, sumFirst),
  );
}

function treeMargins(booster: Booster, record: Float32Array, sumFirst: boolean): Float32Array {
  const { groups, trees, treeWeights } = booster;
  const margins = sumFirst ? new Float32Array(groups) : baseMargins(booster);
  // A tree with vectors as leaves is one for all outputs.
  const each = trees[0]?.vectors ? 1 : groups;
  const end = booster.treeLimit > 0 ? Math.min(trees.length, booster.treeLimit * each) : trees.length;
  for (let t = 0; t < end; t++) {
    const tree = trees[t] as Tree;
    const node = leafOf(tree, record);
    if (tree.vectors) {
      for (let g = 0; g < groups; g++)
        margins[g] = fround((margins[g] as number) + (tree.vectors[node * groups + g] as number));
      continue;
    }
    const group = booster.groupOf[t] as number;
    let leaf = tree.value[node] as number;
    if (treeWeights) leaf = fround(leaf * (treeWeights[t] as number));
    margins[group] = fround((margins[group] as number) + leaf);
  }
  if (!sumFirst) return margins;
  return baseMargins(booster).map((base, group) => fround(base + (margins[group] as number)));
}

function baseMargins({ groups, baseMargin }: Booster): Float32Array {
  const margins = new Float32Array(groups);
  for (let g = 0; g < groups; g++) margins[g] = (baseMargin.length > 1 ? baseMargin[g] : baseMargin[0]) as number;
  return margins;
}

/** The node at which a record ends. */
function leafOf(tree: Tree, record: Float32Array): number {
  let node = 0;
  for (let left = tree.left[0] as number; left !== -1; left = tree.left[node] as number) {
    const x = record[tree.feature[node] as number];
    if (x === undefined || Number.isNaN(x)) node = tree.defaultLeft[node] ? left : (tree.right[node] as number);
    else if (goesLeft(tree, node, x)) node = left;
    else node = tree.right[node] as number;
  }
  return node;
}

function goesLeft(tree: Tree, node: number, x: number): boolean {
  const right = tree.categories?.get(node);
  // Categories that are not in the set, and numbers that are no category, go left (common/categorical.h).
  return right ? !(x >= 0 && right.has(Math.trunc(x))) : x < (tree.value[node] as number);
}

function linearMargins(booster: Booster, weights: Float32Array, record: Float32Array): Float32Array {
  const { groups, features } = booster;
  // gblinear gives every output the first base score, also since 3.1, where each class has one.
  return new Float32Array(groups).fill(booster.baseMargin[0] as number).map((base, group) => {
    let sum = fround((weights[features * groups + group] as number) + base);
    for (let i = 0; i < Math.min(features, record.length); i++) {
      const x = record[i] as number;
      if (!Number.isNaN(x)) sum = fround(sum + fround(x * (weights[i * groups + group] as number)));
    }
    return sum;
  });
}

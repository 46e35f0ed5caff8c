/** An object found in a picture: `[x1, y1, x2, y2]`. */
export interface Box {
  label: string;
  score: number;
  box: readonly [number, number, number, number];
}

/** What a chat model said, without ids, times and counts of tokens. */
export interface Reply {
  text: string;
  finish: string | null;
  refusal: string | null;
  tools: readonly { name: string; arguments: string }[];
}

/** An item of a ranked list, with its score where it has one. */
export type Ranked = string | readonly [id: string, score: number];

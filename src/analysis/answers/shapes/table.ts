import { BUILT_IN } from './built-in.ts';
import { CHATS } from './chat.ts';
import { labelledCsv, plainCsv } from './csv.ts';
import { GENERAL } from './general.ts';
import { HUGGING_FACE } from './hugging-face.ts';
import { SERVERS } from './servers.ts';
import type { Shape } from './shape.ts';

/** Every shape of answers, the particular ones first: the first that fits a sample is taken. */
export const SHAPES: Shape[] = [...CHATS, ...BUILT_IN, ...HUGGING_FACE, ...SERVERS, labelledCsv, plainCsv, ...GENERAL];

/** @throws Error where there is none of this name: it was chosen from the table */
export function shapeOf(name: string): Shape {
  const shape = SHAPES.find((one) => one.name === name);
  if (shape === undefined) throw new Error(`there is no shape of answers called ${name}`);
  return shape;
}

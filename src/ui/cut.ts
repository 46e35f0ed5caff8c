import { takeEnd, takeStart, textWidth } from './width.ts';

/** At most `width` columns of a name: cut in the middle, since names mostly differ at their ends. No character is split. */
export function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width <= 1) return '…'.slice(0, Math.max(0, width));
  const head = takeStart(text, Math.ceil((width - 1) / 2));
  return `${head}…${takeEnd(text, width - 1 - textWidth(head))}`;
}

/** `text/csv` of `Text/CSV; charset=utf-8`; '' when there is none. */
export function mediaType(header: string | undefined): string {
  if (header === undefined) return '';
  const end = header.indexOf(';');
  return (end < 0 ? header : header.slice(0, end)).trim().toLowerCase();
}

const quality = (parameters: readonly string[]) => {
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  return q === undefined ? 1 : Number(q.slice(2));
};

/**
 * The offered type that an Accept header likes best, by quality and then by the header's order; no header, `*` and
 * an empty one like the first offered type. Undefined when none fits.
 */
export function negotiate(accept: string | undefined, offered: readonly string[]): string | undefined {
  if (accept === undefined || accept.trim() === '') return offered[0];
  const wishes = accept
    .split(',')
    .map((wish) => wish.split(';').map((part) => part.trim().toLowerCase()))
    .map(([type = '', ...parameters]) => ({ type, quality: quality(parameters) }))
    .filter((wish) => wish.quality > 0)
    .sort((a, b) => b.quality - a.quality);
  for (const { type } of wishes) {
    if (type === '*/*' || type === '*') return offered[0];
    const match = offered.find(
      (offer) => offer === type || (type.endsWith('/*') && offer.startsWith(type.slice(0, -1))),
    );
    if (match) return match;
  }
  return undefined;
}

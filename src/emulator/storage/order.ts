/**
 * Compares two strings by their UTF-8 bytes, as S3 sorts keys. UTF-16 order (JavaScript's own) differs only where a
 * surrogate meets a unit above the surrogates: those characters lie beyond U+FFFF and sort last.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** `1.2 %`; small shares keep two digits. */
export function percent(share: number): string {
  const value = share * 100;
  const digits = Math.abs(value) >= 10 || value === 0 ? 1 : Math.abs(value) >= 0.1 ? 2 : 3;
  return `${trim(value.toFixed(digits))} %`;
}

/** `+12 %` for a ratio of 1.12. */
export function change(ratio: number): string {
  const value = (ratio - 1) * 100;
  return `${value >= 0 ? '+' : '-'}${trim(Math.abs(value).toFixed(Math.abs(value) >= 10 ? 0 : 1))} %`;
}

/** `4 100`, thousands apart. */
export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

/** Four significant digits. */
export function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** `2 h 10 min`. */
export function duration(minutes: number): string {
  const whole = Math.max(1, Math.ceil(minutes));
  if (whole >= 2 * 24 * 60) return `${count(Math.ceil(whole / (24 * 60)))} days`;
  const hours = Math.floor(whole / 60);
  return hours === 0 ? `${whole} min` : whole % 60 === 0 ? `${hours} h` : `${hours} h ${whole % 60} min`;
}

function trim(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

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

/** `4 100 more pairs`, `1 more row with truth`: of many, the word that ends in s is the one that is counted. */
export function counted(n: number, many: string): string {
  return `${count(n)} ${Math.round(n) === 1 ? many.replace(/s\b/, '') : many}`;
}

/** Minutes of the `2 h 10 min` that `duration` wrote into a text after `about`; 0 where there is none. */
export function minutesIn(text: string): number {
  const [, days, hours, minutes] = /about (?:(\d[\d ]*) days|(?:(\d+) h)? ?(?:(\d+) min)?)/.exec(text) ?? [];
  const part = (digits: string | undefined) => Number((digits ?? '0').replaceAll(' ', ''));
  return part(days) * 24 * 60 + part(hours) * 60 + part(minutes);
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

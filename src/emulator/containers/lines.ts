import { StringDecoder } from 'node:string_decoder';

/**
 * Cuts a stream of bytes into lines for `log`; the last one without its end is kept until it comes.
 * @param most characters of a line; a longer one is cut into pieces
 */
export function eachLine(log: (line: string) => void, most = Number.POSITIVE_INFINITY): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    const parts = (rest + decoder.write(chunk)).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) log(part);
    for (; rest.length > most; rest = rest.slice(most)) log(rest.slice(0, most));
  };
}

import { StringDecoder } from 'node:string_decoder';

/** A log event of CloudWatch holds at most 256 KB; longer lines are cut into pieces. */
const MAX_LENGTH = 256 * 1000;

/** Cuts a stream of bytes into lines for `log`; the last one without its end is kept until it comes. */
export function lines(log: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    const parts = (rest + decoder.write(chunk)).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) log(part.endsWith('\r') ? part.slice(0, -1) : part);
    for (; rest.length > MAX_LENGTH; rest = rest.slice(MAX_LENGTH)) log(rest.slice(0, MAX_LENGTH));
  };
}

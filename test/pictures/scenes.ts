import { stripVTControlCharacters } from 'node:util';
import type { Scene } from './terminal.ts';

/** The commands of the demo with what each printed, in their order. */
function commandsOf(recorded: string): Scene[] {
  const scenes: { command: string[]; output: string[]; title: string }[] = [];
  let typing = false;
  for (const line of recorded.split('\n')) {
    const plain = stripVTControlCharacters(line);
    const open = scenes.at(-1);
    if (plain.startsWith('$ shadowctl')) {
      scenes.push({ command: [plain], output: [], title: '' });
      typing = plain.endsWith('\\');
    } else if (typing && open !== undefined) {
      open.command.push(plain);
      typing = plain.endsWith('\\');
    } else open?.output.push(line);
  }
  return scenes;
}

/** At most so many lines of the output, an ellipsis where there are more. */
function cut({ command, output }: Scene, rows: number, title: string): Scene {
  const room = rows - command.length - 1;
  const kept = output.slice(0, room);
  while (kept.length > 0 && stripVTControlCharacters(kept.at(-1) ?? '').trim() === '') kept.pop();
  return { command, title, output: kept.length < output.length ? [...kept, '\u001b[2m…\u001b[0m'] : kept };
}

/** The scenes of the recording: a rollback and a verdict. @param recorded what the demo printed, in colour */
export function scenesOf(recorded: string): Scene[] {
  const all = commandsOf(recorded);
  const find = (what: string, matches: (scene: Scene, text: string) => boolean): Scene => {
    const found = all.find((scene) => matches(scene, stripVTControlCharacters(scene.output.join('\n'))));
    if (found === undefined) throw new Error(`The demo has no ${what}.`);
    return found;
  };
  const of = (scene: Scene, name: string) => scene.command[0]?.startsWith(`$ shadowctl ${name}`) === true;
  const rollback = find('rollback', (scene, text) => of(scene, 'canary') && text.includes('was rolled back'));
  const pass = find('passing report', (scene, text) => of(scene, 'report') && text.includes('Verdict: PASS'));
  const took = /It took (\d+ \w+(?: \d+ \w+)?)/.exec(unwrapped(rollback))?.[1];
  const window = /\(([^()]*(?:min|h)[^()]*)\)/.exec(unwrapped(pass))?.[1];
  return [
    cut(rollback, ROWS, `a canary, rolled back by its own alarm${took === undefined ? '' : ` after ${took}`}`),
    cut(pass, ROWS, `a shadow, judged over ${window ?? 'some time'} of traffic`),
  ];
}

const ROWS = 31;

/** What a scene says, in one line. */
function unwrapped({ output }: { output: readonly string[] }): string {
  return stripVTControlCharacters(output.join(' ')).replace(/\s+/g, ' ');
}

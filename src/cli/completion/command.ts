import { Argument, Command } from 'commander';
import type { App, Host, Outcome, Run } from '../../app.ts';
import { usageError } from '../../base/errors.ts';
import { formatFlag } from '../flags/common.ts';
import { type CommandTree, treeOf } from './tree.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];
const NAMES = ['endpoints', 'batches'] as const;
type Names = (typeof NAMES)[number];

export interface CompletionOptions {
  /** A shell's script, or the names that such a script asks for. */
  what: Shell | Names;
  format: 'text' | 'json';
  tree: CommandTree;
}

const HELP = `
bash:  source <(shadowctl completion bash)                                  in ~/.bashrc
zsh:   source <(shadowctl completion zsh)                                   in ~/.zshrc, after compinit
fish:  shadowctl completion fish > ~/.config/fish/completions/shadowctl.fish

Commands and flags stand in the script. Names of endpoints are those of shadowctl.yaml, of the journals here and of the account; the
account is asked beside, and what it said is kept for five minutes. Names of batches are those of the journals here. Nothing is ever asked on the terminal.`;

export function completionCommand(host: Host, start: Run<CompletionOptions> = run): Command {
  const command = formatFlag(
    new Command('completion').addArgument(
      // The choices are for the scripts; a wrong word is told by our own words.
      new Argument('<shell>', 'bash, zsh or fish; endpoints and batches print the names that a script asks for')
        .choices([...SHELLS, ...NAMES])
        .argParser(readShell),
    ),
  );
  return command
    .addHelpText('after', HELP)
    .action((what: CompletionOptions['what'], { format }: { format: 'text' | 'json' }) =>
      host.start(start, { what, format, tree: treeOf(command.parent ?? command) }),
    );
}

function readShell(word: string): CompletionOptions['what'] {
  const known = [...SHELLS, ...NAMES] as const;
  const found = known.find((one) => one === word);
  if (found === undefined)
    throw usageError(`There is no completion for "${word}".`, 'There is one for bash, zsh and fish.');
  return found;
}

/** Prints a script, or names; for names it never takes longer than reading files does. */
export async function run(app: App, { what, format, tree }: CompletionOptions): Promise<Outcome> {
  if (what === 'endpoints' || what === 'batches') return names(app, what, format);
  const { scriptOf } = await import('./scripts.ts');
  const script = scriptOf(what, tree);
  if (format === 'json') {
    const { writeJson } = await import('../views/json.ts');
    writeJson(app.io, 'completion', { shell: what, script });
  } else app.io.out(script);
  return 'done';
}

/** A shell waits for it: whatever goes wrong is no reason to speak. */
async function names(app: App, what: Names, format: 'text' | 'json'): Promise<Outcome> {
  const { knownBatches, knownEndpoints } = await import('../../lifecycle/completion.ts');
  // Questions, as for a code of MFA, have nobody to answer them.
  const silent: App = { ...app, io: { ...app.io, err: () => undefined, alert: () => undefined, interactive: false } };
  const known =
    what === 'endpoints'
      ? await knownEndpoints(silent)
      : { names: await knownBatches(silent), refresh: async () => undefined };
  if (format === 'json') {
    const { writeJson } = await import('../views/json.ts');
    writeJson(app.io, 'completion', { [what]: known.names });
  } else if (known.names.length > 0) app.io.out(known.names.join('\n'));
  app.io.close?.();
  await known.refresh();
  return 'done';
}

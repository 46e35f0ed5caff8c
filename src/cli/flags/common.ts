import type { Command } from 'commander';
import { oneOf } from './values.ts';

/** What `commonFlags` adds. */
export interface CommonFlags {
  plan?: boolean;
  yes?: boolean;
  format: 'text' | 'json';
}

/** The common flags as values. */
export interface CommonOptions {
  plan: boolean;
  yes: boolean;
  format: 'text' | 'json';
}

/** Adds the flags of every command that changes something: what would be done, no question, how the result is written. */
export function commonFlags(command: Command): Command {
  return formatFlag(
    command
      .option('--plan', 'only show what would be done; exit with 4 if there is something to do')
      .option('-y, --yes', 'do not ask'),
  );
}

/** Adds `--format` and `--schema`. */
export function formatFlag(command: Command): Command {
  return formatAlone(schemaFlag(command));
}

/** Adds `--format` alone: to a command that has a `--schema` of what it reads. */
export function formatAlone(command: Command): Command {
  return command.option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text');
}

/** Adds `--schema`, which the program answers before anything else is asked for. */
export function schemaFlag(command: Command): Command {
  return command.option('--schema', 'print the JSON schema of --format json, and exit');
}

/** The options that every changing command has, of its flags. */
export function commonOptions({ plan, yes, format }: CommonFlags): CommonOptions {
  return { plan: plan === true, yes: yes === true, format };
}

/** Adds `--adopt`. */
export function adoptFlag(command: Command): Command {
  return command.option(
    '--adopt',
    'change an endpoint that shadowctl did not create; cleanup will never delete it. Adopts the endpoint alone: shadowctl adopt takes its config, models and alarms, too',
  );
}

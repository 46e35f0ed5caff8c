import type { CommandTree, Flag } from './tree.ts';

/** The completion of one shell as a script. Names of endpoints are taken as they come: no shell reads them as code. */
export function scriptOf(shell: 'bash' | 'zsh' | 'fish', tree: CommandTree): string {
  return { bash, zsh, fish }[shell](tree);
}

function all(tree: CommandTree): CommandTree[] {
  return [tree, ...tree.below.flatMap(all)];
}

const last = (path: string) => path.split(' ').at(-1) ?? '';
const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** The words of a value, `@endpoint`, `@batch`, `@file` or nothing. */
function valueWord(value: Flag['value']): string {
  if (value === undefined || value === 'other') return '';
  return typeof value === 'string' ? `@${value}` : value.join(' ');
}

/** Lines of a `case` that says for a command and a flag what may follow. */
function valueCases(tree: CommandTree): string[] {
  return all(tree).flatMap(({ path, flags }) =>
    flags
      .filter(({ value }) => value !== undefined)
      .map(({ names, value }) => {
        const patterns = names.map((name) => quote(`${path}|${name}`)).join('|');
        return `    ${patterns}) printf %s ${quote(valueWord(value) || '@other')} ;;`;
      }),
  );
}

/** What both shells need to know where they stand: `_shadowctl_at` sets path and where. */
const PLACES = (tree: CommandTree) => [
  '_shadowctl_is() {',
  '  case "$1" in',
  `    ${all(tree)
    .filter(({ path }) => path !== '')
    .map(({ path }) => quote(path))
    .join('|')}) return 0 ;;`,
  '  esac',
  '  return 1',
  '}',
  '_shadowctl_value() {',
  '  case "$1" in',
  ...valueCases(tree),
  '  esac',
  '}',
  '# The command that was typed so far, and the flags that say where it works, for the names of endpoints.',
  '_shadowctl_at() {',
  '  _shadowctl_path=""; _shadowctl_where=()',
  '  while [ "$#" -gt 0 ]; do',
  '    case "$1" in',
  '      --emulator) _shadowctl_where+=("$1") ;;',
  '      --profile|--region|--config|--env|--state|--endpoint-url) [ "$#" -gt 1 ] && _shadowctl_where+=("$1" "$2") && shift ;;',
  '      -*) if [ -n "$(_shadowctl_value "$_shadowctl_path|$1")" ] && [ "$#" -gt 1 ]; then shift; fi ;;',
  '      *)',
  '        if _shadowctl_is "${_shadowctl_path:+$_shadowctl_path }$1"; then',
  '          _shadowctl_path="${_shadowctl_path:+$_shadowctl_path }$1"',
  '        fi ;;',
  '    esac',
  '    shift',
  '  done',
  '}',
];

function bash(tree: CommandTree): string {
  return [
    '# Completion of shadowctl for bash: source <(shadowctl completion bash)',
    ...PLACES(tree),
    '_shadowctl_words() {',
    '  case "$1" in',
    ...all(tree).map(({ path, below, flags, words }) => {
      const commands = [...below.map((one) => last(one.path)), ...words];
      const names = flags.flatMap((one) => one.names);
      return `    ${quote(path)}) [ "$2" = flags ] && printf %s ${quote(names.join(' '))} || printf %s ${quote(commands.join(' '))} ;;`;
    }),
    '  esac',
    '}',
    '_shadowctl() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" word kind',
    '  local _shadowctl_path _shadowctl_where',
    '  COMPREPLY=()',
    '  _shadowctl_at "${COMP_WORDS[@]:1:COMP_CWORD-1}"',
    '  kind=""',
    '  case "$prev" in -*) kind="$(_shadowctl_value "$_shadowctl_path|$prev")" ;; esac',
    '  case "$kind" in',
    '    @file) compopt -o filenames 2>/dev/null; while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur"); return ;;',
    '    @endpoint|@batch)',
    '      [ "$kind" = @batch ] && kind=batches || kind=endpoints',
    '      while IFS= read -r -t 0.3 word; do',
    '        [[ "$word" == "$cur"* ]] && COMPREPLY+=("$word")',
    '      done < <("${COMP_WORDS[0]}" completion "$kind" "${_shadowctl_where[@]}" </dev/null 2>/dev/null)',
    '      return ;;',
    '    @other) return ;;',
    '    "") case "$cur" in -*) kind="$(_shadowctl_words "$_shadowctl_path" flags)" ;; *) kind="$(_shadowctl_words "$_shadowctl_path" words)" ;; esac ;;',
    '  esac',
    '  for word in $kind; do',
    '    [[ "$word" == "$cur"* ]] && COMPREPLY+=("$word")',
    '  done',
    '}',
    'complete -F _shadowctl shadowctl',
  ].join('\n');
}

function zsh(tree: CommandTree): string {
  const described = (name: string, summary: string) => quote(`${name.replaceAll(':', '\\:')}:${summary}`);
  return [
    '#compdef shadowctl',
    '# Completion of shadowctl for zsh: source <(shadowctl completion zsh), after compinit',
    ...PLACES(tree),
    '_shadowctl() {',
    '  emulate -L zsh',
    '  local cur="${words[CURRENT]}" prev="${words[CURRENT-1]}" kind name',
    '  local -a found',
    '  local _shadowctl_path; local -a _shadowctl_where',
    '  (( CURRENT > 2 )) && _shadowctl_at "${(@)words[2,CURRENT-1]}"',
    '  kind=""',
    '  [[ "$prev" == -* ]] && kind="$(_shadowctl_value "$_shadowctl_path|$prev")"',
    '  case "$kind" in',
    '    @file) _files; return ;;',
    '    @endpoint|@batch)',
    '      [[ "$kind" == @batch ]] && kind=batches || kind=endpoints',
    '      while IFS= read -r -t 0.3 name; do found+=("$name"); done < <("${words[1]}" completion "$kind" "${(@)_shadowctl_where}" </dev/null 2>/dev/null)',
    '      compadd -a found; return ;;',
    '    @other) return ;;',
    '    ?*) found=(${=kind}); compadd -a found; return ;;',
    '  esac',
    '  case "$_shadowctl_path|${${cur[1]}:#[^-]}" in',
    ...all(tree).flatMap(({ path, below, flags, words }) => [
      `    ${quote(`${path}|-`)}) found=(${flags.flatMap(({ names, summary }) => names.map((name) => described(name, summary))).join(' ')}) ;;`,
      `    ${quote(`${path}|`)}) found=(${[
        ...below.map((one) => described(last(one.path), one.summary)),
        ...words.map((word) => quote(word)),
      ].join(' ')}) ;;`,
    ]),
    '  esac',
    "  _describe 'shadowctl' found",
    '}',
    'compdef _shadowctl shadowctl',
  ].join('\n');
}

function fish(tree: CommandTree): string {
  // fish reads a backslash within single quotes.
  const text = (words: string) => `'${words.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const known = all(tree).flatMap(({ path }) => (path === '' ? [] : [text(path)]));
  const taking = [
    ...new Set(all(tree).flatMap(({ flags }) => flags.flatMap((one) => (one.value === undefined ? [] : one.names)))),
  ];
  const flagLine = (path: string, { names, summary, value }: Flag) => {
    const spelled = names
      .map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
      .join(' ');
    const follows =
      value === undefined
        ? ''
        : value === 'file'
          ? ' -r -F'
          : value === 'endpoint'
            ? " -x -a '(__shadowctl_names endpoints)'"
            : value === 'batch'
              ? " -x -a '(__shadowctl_names batches)'"
              : ` -x${value === 'other' ? '' : ` -a ${text(value.join(' '))}`}`;
    return `complete -c shadowctl -n ${text(`__shadowctl_at ${text(path)}`)} ${spelled}${follows} -d ${text(summary)}`;
  };
  return [
    '# Completion of shadowctl for fish: shadowctl completion fish > ~/.config/fish/completions/shadowctl.fish',
    'function __shadowctl_path',
    '  set -l path ""',
    '  set -l skip 0',
    '  for word in (commandline -opc)[2..-1]',
    '    if test $skip = 1',
    '      set skip 0',
    `    else if contains -- $word ${taking.join(' ')}`,
    '      set skip 1',
    '    else if not string match -q -- "-*" $word',
    '      set -l longer (string trim -- "$path $word")',
    `      contains -- $longer ${known.join(' ')}; and set path $longer`,
    '    end',
    '  end',
    '  echo $path',
    'end',
    'function __shadowctl_at',
    '  test (__shadowctl_path) = "$argv[1]"',
    'end',
    'function __shadowctl_names',
    '  set -l words (commandline -opc)',
    '  set -l where',
    '  for i in (seq 2 (count $words))',
    '    switch $words[$i]',
    '      case --emulator',
    '        set -a where $words[$i]',
    '      case --profile --region --config --env --state --endpoint-url',
    '        test $i -lt (count $words); and set -a where $words[$i] $words[(math $i + 1)]',
    '    end',
    '  end',
    '  # In the background: it goes on to ask the account after it has answered.',
    `  sh -c '{ "$@" </dev/null 2>/dev/null & } | cat' sh $words[1] completion $argv[1] $where`,
    'end',
    'complete -c shadowctl -f',
    ...all(tree).flatMap(({ path, below, flags, words }) => [
      ...below.map(
        (one) =>
          `complete -c shadowctl -n ${text(`__shadowctl_at ${text(path)}`)} -a ${text(last(one.path))} -d ${text(one.summary)}`,
      ),
      ...words.map((word) => `complete -c shadowctl -n ${text(`__shadowctl_at ${text(path)}`)} -a ${text(word)}`),
      ...flags.map((flag) => flagLine(path, flag)),
    ]),
  ].join('\n');
}

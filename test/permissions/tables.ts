import { COMMANDS_WITH_NEEDS, EXECUTION_ROLE, NEEDS, type Need } from '../../src/lifecycle/permissions/needs.ts';

const code = (text: string) => `\`${text}\``;

/** The tables of docs/permissions.md, as Markdown: what each command needs, and what it can do without. */
export function needsTable(): string {
  const rows = COMMANDS_WITH_NEEDS.filter((command) => command !== 'pipeline').map((command) => {
    const needs: readonly Need[] = NEEDS[command];
    const conditions = [...new Set(needs.flatMap((need) => need.only ?? []))];
    const actions = (which: (need: Need) => boolean) =>
      [...new Set(needs.filter(which).map((need) => code(need.action)))].join(', ');
    const always = actions((need) => need.optional !== true && need.only === undefined);
    const only = conditions.flatMap((condition) => {
      const some = actions((need) => need.only === condition && need.optional !== true);
      return some === '' ? [] : [`${condition}: ${some}`];
    });
    const optional = [
      actions((need) => need.optional === true && need.only === undefined),
      ...conditions.flatMap((condition) => {
        const some = actions((need) => need.only === condition && need.optional === true);
        return some === '' ? [] : [`${condition}: ${some}`];
      }),
    ].filter((one) => one !== '');
    return [code(command), [always, ...only].filter((one) => one !== '').join('; '), optional.join('; ')];
  });
  return `${table(['command', 'needs', 'works without, and says what was not seen'], rows)}\n\n${pipelineNeeds()}`;
}

/** A list: so many actions fit no cell. */
function pipelineNeeds(): string {
  const needs: readonly Need[] = NEEDS.pipeline;
  const conditions = [undefined, ...new Set(needs.flatMap((need) => need.only ?? []))];
  const items = conditions.map((condition) => {
    const some = new Set(needs.filter(({ only }) => only === condition).map(({ action }) => code(action)));
    return `- ${condition ?? 'always'}: ${[...some].join(', ')}`;
  });
  return ['`pipeline` needs, as AWS CloudFormation asks for it in the name of whoever installs:', '', ...items].join(
    '\n',
  );
}

/** The same for the role that models run with. */
export function executionRoleTable(): string {
  const uses = [...new Set(EXECUTION_ROLE.map((need) => need.only ?? ''))];
  return table(
    ['for', 'action'],
    uses.map((use) => [
      use,
      EXECUTION_ROLE.filter((need) => need.only === use)
        .map((need) => code(need.action))
        .join(', '),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

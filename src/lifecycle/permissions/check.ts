import { endpointLogGroup } from '../../aws/logs.ts';
import { principalOf, roleParts, simulate, type Simulated } from '../../aws/iam.ts';
import type { Aws } from '../../aws/clients.ts';
import { shown, text } from '../../base/text.ts';
import type { Finding } from '../../guard/finding.ts';
import { COMMANDS_WITH_NEEDS, EXECUTION_ROLE, NEEDS, type Need, type On } from './needs.ts';
import { type Place, resourcesOf } from './policy.ts';

/** What is asked of IAM for one resource; who needs it. */
interface Question {
  action: string;
  /** An ARN without wildcards; undefined: any. */
  resource: string | undefined;
  needs: { command: string; need: Need }[];
}

/**
 * What will be denied to whoever runs shadowctl, and to the role that the endpoint's models run with, as IAM simulates it.
 * Simulation knows policies of identities, boundaries and organizations; not those of buckets, and no conditions on tags.
 * @param place for which endpoint; `role`: that of its models
 * @throws AwsProblem where these credentials may not simulate
 */
export async function permissionFindings(aws: Aws, place: Place, signal?: AbortSignal): Promise<Finding[]> {
  const findings: Finding[] = [];
  const principal = await principalOf(aws, signal);
  const next = text`All that is needed: ${shown('iam-policy', { endpoint: place.endpoint })}`;
  if (principal === undefined)
    findings.push({
      severity: 'note',
      check: 'permissions',
      subject: 'these credentials',
      message: 'They are the root user of the account, or federated: IAM simulates only users and roles.',
    });
  else {
    const questions = questionsOf(
      COMMANDS_WITH_NEEDS.map((command) => ({ command, needs: NEEDS[command] })),
      place,
    );
    const denied = await deniedOf(aws, principal, questions, signal);
    findings.push(
      ...denied.map(({ question, answer }): Finding => {
        const always = question.needs.filter(({ need }) => need.optional !== true && need.only === undefined);
        return {
          severity: always.length > 0 ? 'warning' : 'note',
          check: 'permission-denied',
          subject: principal,
          message: `${deniedWords(question, answer)}: ${consequence(
            question,
            always.map(({ command }) => command),
          )}`,
          next,
        };
      }),
      summary(principal, questions.length, denied.length),
    );
  }
  if (place.role === undefined || roleParts(place.role)?.account !== place.account) return findings;
  const role = place.role;
  const questions = questionsOf([{ command: 'models', needs: EXECUTION_ROLE }], place);
  const denied = await deniedOf(aws, role, questions, signal);
  return [
    ...findings,
    ...denied.map(
      ({ question, answer }): Finding => ({
        severity: 'warning',
        check: 'role-denied',
        subject: role,
        message: `${deniedWords(question, answer)}: ${question.needs.map(({ need }) => need.only).join('; ')}.`,
        next: text`All that the role needs: ${shown('iam-policy', { 'execution-role': true, endpoint: place.endpoint })}`,
      }),
    ),
    summary(role, questions.length, denied.length),
  ];
}

function summary(subject: string, asked: number, denied: number): Finding {
  return {
    severity: denied === 0 ? 'ok' : 'note',
    check: 'permissions',
    subject,
    message: `IAM's simulation allows ${asked - denied} of ${asked} actions. Policies of buckets and keys, and conditions on tags, it does not know.`,
  };
}

function deniedWords({ action, resource }: Question, { by }: Simulated): string {
  return `${action}${resource === undefined ? '' : ` on ${resource}`} is denied (${by})`;
}

function consequence({ needs }: Question, always: readonly string[]): string {
  if (always.length > 0) return `${[...new Set(always)].join(', ')} cannot do without it.`;
  const only = [
    ...new Set(needs.flatMap(({ command, need }) => (need.optional === true ? [] : `${command} (${need.only})`))),
  ];
  if (only.length > 0) return `needed only by ${only.join(', ')}.`;
  return `${[...new Set(needs.map(({ command }) => command))].join(', ')} work without it, and say what they did not see.`;
}

/** Every action once for each of its resources. */
function questionsOf(users: readonly { command: string; needs: readonly Need[] }[], place: Place): Question[] {
  const found = new Map<string, Question>();
  for (const { command, needs } of users)
    for (const need of needs) {
      // AWS tells everybody who they are.
      if (need.action === 'sts:GetCallerIdentity') continue;
      for (const resource of samplesOf(need.on, place)) {
        const key = `${need.action} ${resource ?? ''}`;
        const question = found.get(key) ?? { action: need.action, resource, needs: [] };
        question.needs.push({ command, need });
        found.set(key, question);
      }
    }
  return [...found.values()];
}

/** One resource of each kind, as shadowctl names it. */
function samplesOf(on: On, place: Place): (string | undefined)[] {
  const { account, endpoint = 'any', role } = place;
  if (on === 'log group' || on === 'any log group')
    return resourcesOf('log group', place).map((arn) =>
      arn.replace(/log-group:.*$/, `log-group:${endpointLogGroup(endpoint)}:log-stream:any`),
    );
  if (on === 'any role' && role !== undefined) return [role];
  const any = on === 'any model package' ? 'any/1' : 'any';
  const samples = resourcesOf(on, place).map((arn) =>
    arn === '*'
      ? undefined
      : arn
          .replace(':*:repository', `:${account}:repository`)
          .replace(/(\w)\*/g, '$1-any')
          .replaceAll('*', any),
  );
  return [...new Set(samples)];
}

async function deniedOf(aws: Aws, principal: string, questions: readonly Question[], signal: AbortSignal | undefined) {
  const denied: { question: Question; answer: Simulated }[] = [];
  for (const resource of new Set(questions.map((one) => one.resource))) {
    const asked = questions.filter((one) => one.resource === resource);
    const answers = await simulate(aws, { principal, actions: asked.map(({ action }) => action), resource }, signal);
    for (const question of asked) {
      const answer = answers.get(question.action.toLowerCase());
      if (answer !== undefined && !answer.allowed) denied.push({ question, answer });
    }
  }
  return denied;
}

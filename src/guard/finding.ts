import type { Text } from '../base/text.ts';
import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';

/**
 * What an examination found.
 * - `blocking`: would leave the update unguarded, or make it fail: stops a canary unless that is agreed to
 * - `warning`: works, but not as one may believe
 * - `note`: worth knowing; what cannot be seen from here
 * - `ok`: looked at and found right
 */
export interface Finding {
  severity: 'blocking' | 'warning' | 'note' | 'ok';
  /** Name of the check, stable: for machines. */
  check: string;
  /** What was examined: an alarm's name, `endpoint x`. */
  subject: string;
  /** What is wrong, with the wrong value. */
  message: string;
  /** While this stands no update can begin, for all that is right with it. */
  holdsOff?: true;
  /** What to do about it. */
  next?: Text | undefined;
  /** The alarm as it should be. */
  correction?: PutMetricAlarmCommandInput | undefined;
}

const ORDER: readonly Finding['severity'][] = ['blocking', 'warning', 'note', 'ok'];

/** The worst first; within one severity in the order they were found. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

/** Those that stop a canary. */
export function blocking(findings: readonly Finding[]): Finding[] {
  return findings.filter((finding) => finding.severity === 'blocking');
}

import { shown, type Text, text } from './text.ts';

/**
 * What is to be done about an endpoint that is not in service, and to which nothing is being done. "Failed: … DeleteEndpoint
 * is the only operation that can be performed on a failed endpoint"; "UpdateRollbackFailed: … Your endpoint is in service
 * with a mix of the old and new endpoint configurations"; "OutOfService: Endpoint is not available to take incoming
 * requests" (API_DescribeEndpoint).
 *
 * @param status of AWS
 */
export function brokenAdvice(endpoint: string, status: string | undefined): Text {
  if (status === 'UpdateRollbackFailed')
    return 'It still answers requests, with a mix of its old and its new config. Do not delete it while it has traffic: deploy the model as another endpoint and move the traffic there, or ask AWS Support.';
  if (status === 'Failed') return text`It can only be deleted: ${shown('cleanup', { endpoint })}`;
  return text`It answers no requests. AWS does not say whether it takes an update in this state: ask AWS Support, or delete it: ${shown('cleanup', { endpoint })}`;
}

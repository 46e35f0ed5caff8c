import { CreateScheduleCommand, DeleteScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import type { Recording } from './record.ts';
import type { Aws } from '../../src/aws/clients.ts';
import { partitionOf } from '../../src/aws/partition.ts';

/** The part of EventBridge Scheduler that is needed: a schedule that deletes an endpoint once. */
export interface Schedules {
  /** @throws Error where AWS refuses it */
  create(schedule: { name: string; endpoint: string; at: number; role: string }): Promise<void>;
  /** One that is gone is deleted too. */
  remove(name: string): Promise<void>;
}

/** While the endpoint is being updated, AWS refuses to delete it: then again, for an hour. */
const RETRY = { MaximumRetryAttempts: 20, MaximumEventAgeInSeconds: 3600 };

/** @param url where the APIs are, if not at AWS */
export async function schedulesOf(aws: Aws, url: string | undefined, recording: Recording): Promise<Schedules> {
  const { region } = aws.target;
  const { config } = await aws.sagemaker();
  const client = new SchedulerClient({
    region,
    credentials: config.credentials,
    requestHandler: config.requestHandler,
    ...(url !== undefined && { endpoint: url }),
  });
  await recording.watch(client);
  return {
    async create({ name, endpoint, at, role }) {
      await client.send(
        new CreateScheduleCommand({
          Name: name,
          Description: 'shadowctl verify:aws: deletes its endpoint, should the session be killed',
          ScheduleExpression: `at(${new Date(at).toISOString().slice(0, 19)})`,
          ScheduleExpressionTimezone: 'UTC',
          FlexibleTimeWindow: { Mode: 'OFF' },
          ActionAfterCompletion: 'DELETE',
          Target: {
            Arn: `arn:${partitionOf(region)}:scheduler:::aws-sdk:sagemaker:deleteEndpoint`,
            RoleArn: role,
            Input: JSON.stringify({ EndpointName: endpoint }),
            RetryPolicy: RETRY,
          },
        }),
      );
    },
    async remove(name) {
      await client.send(new DeleteScheduleCommand({ Name: name })).catch((error: unknown) => {
        if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
      });
    },
  };
}

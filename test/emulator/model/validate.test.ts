import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/emulator/services/registry.ts';
import { SERVICE_IDS, type ServiceId, type Shape } from '../../../src/emulator/model/shapes.ts';
import { compilePattern } from '../../../src/emulator/model/pattern.ts';
import { validate } from '../../../src/emulator/model/validate.ts';

async function refusal(
  service: ServiceId,
  name: string,
  input: Record<string, unknown>,
): Promise<{ code: string; message: string } | undefined> {
  const operation = (await loadModel(service)).operation(name);
  if (operation === undefined) throw new Error(name);
  try {
    validate(operation, input);
    return undefined;
  } catch (error) {
    return error as { code: string; message: string };
  }
}

describe('validation by the description, in the words of AWS', () => {
  it('says nothing to what is permitted', async () => {
    expect(
      await refusal('sagemaker', 'DescribeEndpoint', { EndpointName: 'weather-prediction-endpoint' }),
    ).toBeUndefined();
  });

  it('misses what is required, in structures too', async () => {
    expect(await refusal('sagemaker', 'DescribeEndpoint', {})).toMatchObject({
      code: 'ValidationException',
      message:
        "1 validation error detected: Value null at 'endpointName' failed to satisfy constraint: Member must not be null",
    });
    // As Logs answered a user: amazon-archives/cloudwatch-logs-centralize-logs#5.
    expect(
      await refusal('logs', 'PutLogEvents', { logGroupName: 'g', logStreamName: 's', logEvents: [{ message: 'm' }] }),
    ).toMatchObject({
      code: 'InvalidParameterException',
      message:
        "1 validation error detected: Value null at 'logEvents.1.member.timestamp' failed to satisfy constraint: Member must not be null",
    });
  });

  it('refuses names by pattern and length, the pattern first', async () => {
    // As Logs answered a user: fluent-plugins-nursery/fluent-plugin-cloudwatch-logs#223.
    expect(await refusal('logs', 'DescribeLogGroups', { logGroupNamePrefix: '' })).toMatchObject({
      code: 'InvalidParameterException',
      message:
        "2 validation errors detected: Value '' at 'logGroupNamePrefix' failed to satisfy constraint: Member must satisfy regular " +
        "expression pattern: [\\.\\-_/#A-Za-z0-9]+; Value '' at 'logGroupNamePrefix' failed to satisfy constraint: Member must have length greater than or equal to 1",
    });
    expect(await refusal('sagemaker', 'DeleteEndpoint', { EndpointName: 'under_score' })).toMatchObject({
      message:
        "1 validation error detected: Value 'under_score' at 'endpointName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
    });
  });

  it('refuses values beyond an enumeration and a range, with their place in the list', async () => {
    const variant = { VariantName: 'v', ModelName: 'm', InstanceType: 'ml.bad', InitialInstanceCount: 0 };
    const refused = await refusal('sagemaker', 'CreateEndpointConfig', {
      EndpointConfigName: 'c',
      ProductionVariants: [variant],
    });
    expect(refused?.message).toMatch(/^2 validation errors detected: /);
    expect(refused?.message).toContain(
      "Value '0' at 'productionVariants.1.member.initialInstanceCount' failed to satisfy constraint: Member must have value greater than or equal to 1",
    );
    expect(refused?.message).toContain(
      "Value 'ml.bad' at 'productionVariants.1.member.instanceType' failed to satisfy constraint: Member must satisfy enum value set: [ml.t2.medium, ",
    );
  });

  it('speaks of lists of names and of maps as a whole', async () => {
    const vpc = { SecurityGroupIds: ['sg 1', 'sg-2'], Subnets: ['subnet-1'] };
    expect(
      await refusal('sagemaker', 'CreateModel', {
        ModelName: 'm',
        ExecutionRoleArn: 'arn:aws:iam::123456789012:role/r',
        VpcConfig: vpc,
      }),
    ).toMatchObject({
      message:
        "1 validation error detected: Value '[sg 1, sg-2]' at 'vpcConfig.securityGroupIds' failed to satisfy constraint: Member must satisfy constraint: " +
        '[Member must have length less than or equal to 32, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: [-0-9a-zA-Z]+]',
    });
    const container = { Image: 'i', Environment: { 'not a name': 'x' } };
    const refused = await refusal('sagemaker', 'CreateModel', {
      ModelName: 'm',
      ExecutionRoleArn: 'arn:aws:iam::123456789012:role/r',
      PrimaryContainer: container,
    });
    expect(refused?.message).toContain(
      "Value '{not a name=x}' at 'primaryContainer.environment' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024",
    );
  });

  it('shows nothing of what is sensitive', async () => {
    expect(
      await refusal('sagemaker-runtime', 'InvokeEndpoint', {
        EndpointName: 'e',
        Body: new Uint8Array(),
        CustomAttributes: 'x'.repeat(1025),
      }),
    ).toMatchObject({
      code: 'ValidationError',
      message:
        "1 validation error detected: Value at 'customAttributes' failed to satisfy constraint: Member must have length less than or equal to 1024",
    });
  });

  it('names ten failures at the most', async () => {
    const tags = Array.from({ length: 30 }, () => ({ Value: 'v' }));
    const refused = await refusal('sagemaker', 'AddTags', {
      ResourceArn: 'arn:aws:sagemaker:us-east-1:123456789012:model/m',
      Tags: tags,
    });
    expect(refused?.message.split('; ')).toHaveLength(10);
    expect(refused?.message).toMatch(/^10 validation errors detected/);
  });
});

describe("AWS's patterns", () => {
  it('are all understood, and match whole texts', async () => {
    const lost: string[] = [];
    for (const id of SERVICE_IDS) {
      const model = await loadModel(id);
      const seen = new Set<Shape>();
      const visit = (shape: Shape | undefined) => {
        if (shape === undefined || seen.has(shape)) return;
        seen.add(shape);
        if (shape.pattern !== undefined && shape.pattern.test === undefined)
          lost.push(`${id} ${shape.name}: ${shape.pattern.source}`);
        for (const member of [...shape.members, shape.item, shape.key, shape.value]) visit(member?.shape);
      };
      for (const name of model.operationNames) visit(model.operation(name)?.input);
    }
    expect(lost).toEqual([]);
  });

  it.each([
    ['\\A\\S[\\p{Print}]*\\z', 'abc def', true],
    ['\\A\\S[\\p{Print}]*\\z', ' abc', false],
    ['\\p{ASCII}*', 'ü', false],
    ['[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*', 'Ünïcode 1', true],
    ['[a-z]', 'ab', false],
    ['a|b', 'ab', false],
    ['[\\w+=,.@-]*', 'a b', false],
    ['^[a-zA-Z0-9](-*[a-zA-Z0-9])*', 'name-', false],
  ])('%s and %j: %s', (pattern, text, matches) => {
    expect(compilePattern(pattern).test?.test(text)).toBe(matches);
  });

  it('that JavaScript does not have are not checked', () => {
    expect(compilePattern('(?>a+)b').test).toBeUndefined();
    expect(compilePattern('[a').test).toBeUndefined();
  });

  // Backtracking over so many characters would take hours: the test would time out.
  it('come to an end over hostile names', async () => {
    await refusal('sagemaker-runtime', 'InvokeEndpoint', {
      EndpointName: `${'a-'.repeat(40_000)}!`,
      Body: new Uint8Array(),
    });
    await refusal('sagemaker', 'DescribeEndpoint', { EndpointName: '-'.repeat(900_000) });
    await refusal('sagemaker', 'DescribeEndpoint', { EndpointName: `a${'-'.repeat(900_000)}` });
  });
});

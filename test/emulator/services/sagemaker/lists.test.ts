import {
  AddTagsCommand,
  CreateModelCommand,
  DeleteModelCommand,
  DeleteTagsCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  type ListModelsInput,
  ListTagsCommand,
  paginateListModels,
} from '@aws-sdk/client-sagemaker';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LINEAR_LEARNER, refusal, type Stand, stand, START, withEndpoint } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
});
afterEach(() => it.close());

const model = (name: string) =>
  it.sagemaker.send(
    new CreateModelCommand({
      ModelName: name,
      PrimaryContainer: { Image: LINEAR_LEARNER },
      Tags: [{ Key: 'made-by', Value: 'test' }],
    }),
  );

async function names(input: ListModelsInput): Promise<string[]> {
  const reply = await it.sagemaker.send(new ListModelsCommand(input));
  return (reply.Models ?? []).map((one) => one.ModelName ?? '');
}

describe('lists', () => {
  test('newest first, by name, filtered by name and time', async () => {
    for (const [index, name] of ['b-one', 'a-two', 'c-one'].entries()) {
      it.at(index * 10);
      await model(name);
    }
    expect(await names({})).toEqual(['c-one', 'a-two', 'b-one']);
    expect(await names({ SortOrder: 'Ascending' })).toEqual(['b-one', 'a-two', 'c-one']);
    expect(await names({ SortBy: 'Name', SortOrder: 'Ascending' })).toEqual(['a-two', 'b-one', 'c-one']);
    expect(await names({ NameContains: 'ONE' })).toEqual(['c-one', 'b-one']);
    expect(await names({ CreationTimeAfter: new Date(START) })).toEqual(['c-one', 'a-two']);
    expect(await names({ CreationTimeBefore: new Date(START + 20_000) })).toEqual(['a-two', 'b-one']);
    expect(await refusal(names({ NextToken: 'nonsense' }))).toContain('ValidationException');
  });

  test('every page size gives every name once, whatever is deleted meanwhile', async () => {
    const all = Array.from({ length: 23 }, (_, index) => `m${String(index).padStart(2, '0')}`);
    for (const name of all) await model(name);
    // Ten a page by default.
    expect(await names({})).toHaveLength(10);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom('Name' as const, 'CreationTime' as const),
        fc.constantFrom('Ascending' as const, 'Descending' as const),
        async (pageSize, SortBy, SortOrder) => {
          const seen: string[] = [];
          const pages = paginateListModels({ client: it.sagemaker, pageSize }, { SortBy, SortOrder });
          for await (const page of pages) seen.push(...(page.Models ?? []).map((one) => one.ModelName ?? ''));
          expect([...seen].sort()).toEqual(all);
        },
      ),
      { numRuns: 15 },
    );
    const first = await it.sagemaker.send(
      new ListModelsCommand({ MaxResults: 5, SortBy: 'Name', SortOrder: 'Ascending' }),
    );
    await it.sagemaker.send(new DeleteModelCommand({ ModelName: 'm04' }));
    expect(
      await names({ MaxResults: 2, SortBy: 'Name', SortOrder: 'Ascending', NextToken: first.NextToken ?? '' }),
    ).toEqual(['m05', 'm06']);
  });

  test('endpoints by status and time of change; configs', async () => {
    await withEndpoint(it);
    const list = async (input: object) =>
      (await it.sagemaker.send(new ListEndpointsCommand(input))).Endpoints?.map((one) => one.EndpointName);
    expect(await list({ StatusEquals: 'InService' })).toEqual(['Weather']);
    expect(await list({ StatusEquals: 'Failed' })).toEqual([]);
    expect(await list({ LastModifiedTimeAfter: new Date(START + 284_000) })).toEqual(['Weather']);
    expect(await list({ LastModifiedTimeBefore: new Date(START + 284_000) })).toEqual([]);
    const configs = await it.sagemaker.send(new ListEndpointConfigsCommand({}));
    expect(configs.EndpointConfigs).toEqual([
      {
        EndpointConfigName: 'config-1',
        EndpointConfigArn: 'arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/config-1',
        CreationTime: new Date(START),
      },
    ]);
  });
});

test('tags are added, replaced, removed, and go with their resource', async () => {
  const { ModelArn: ResourceArn = '' } = await model('tagged');
  const tags = async () => (await it.sagemaker.send(new ListTagsCommand({ ResourceArn }))).Tags;
  expect(await tags()).toEqual([{ Key: 'made-by', Value: 'test' }]);
  await it.sagemaker.send(
    new AddTagsCommand({
      ResourceArn,
      Tags: [
        { Key: 'made-by', Value: 'us' },
        { Key: 'new', Value: '' },
      ],
    }),
  );
  expect(await tags()).toEqual([
    { Key: 'made-by', Value: 'us' },
    { Key: 'new', Value: '' },
  ]);
  await it.sagemaker.send(new DeleteTagsCommand({ ResourceArn, TagKeys: ['made-by'] }));
  expect(await tags()).toEqual([{ Key: 'new', Value: '' }]);
  await it.sagemaker.send(new DeleteModelCommand({ ModelName: 'tagged' }));
  await model('tagged');
  expect(await tags()).toEqual([{ Key: 'made-by', Value: 'test' }]);
});

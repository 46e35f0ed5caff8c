import {
  AddPermissionCommand,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionUrlConfigCommand,
  GetPolicyCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda';
import { request } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { create, refused, type Stand, stand } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
});
afterEach(() => it.close());

const open = async (statements = ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction']) => {
  const { FunctionUrl = '' } = await it.lambda.send(
    new CreateFunctionUrlConfigCommand({ FunctionName: 'f', AuthType: 'NONE' }),
  );
  for (const Action of statements)
    await it.lambda.send(
      new AddPermissionCommand({
        FunctionName: 'f',
        StatementId: Action.slice(7),
        Action,
        Principal: '*',
        ...(Action === 'lambda:InvokeFunctionUrl' ? { FunctionUrlAuthType: 'NONE' } : { InvokedViaFunctionUrl: true }),
      }),
    );
  return FunctionUrl;
};

test('a public URL gives a request as payload format 2.0, and the answer as HTTP', async () => {
  await create(
    it,
    `export const handler = async (event) => ({
       statusCode: 201, headers: { 'content-type': 'text/plain', 'x-own': '1' }, cookies: ['a=1', 'b=2; HttpOnly'], body: JSON.stringify(event) });`,
  );
  const url = await open();
  expect(url).toBe(`${it.emulator.url}/_shadowctl/url/${/url\/(\w+)\//.exec(url)?.[1]}/`);
  const reply = await fetch(`${url}approve/me?x=1&x=2&y=a%20b`, {
    method: 'POST',
    // As a browser sends the form of a page.
    headers: {
      cookie: 'a=1; b=2',
      origin: 'null',
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'answer=yes',
  });
  expect([reply.status, reply.headers.get('x-own'), reply.headers.getSetCookie()]).toEqual([
    201,
    '1',
    ['a=1', 'b=2; HttpOnly'],
  ]);
  const event = (await reply.json()) as Record<string, unknown> & { headers: Record<string, string> };
  expect(event).toMatchObject({
    version: '2.0',
    routeKey: '$default',
    rawPath: '/approve/me',
    rawQueryString: 'x=1&x=2&y=a%20b',
    queryStringParameters: { x: '1,2', y: 'a b' },
    cookies: ['a=1', 'b=2'],
    body: Buffer.from('answer=yes').toString('base64'),
    isBase64Encoded: true,
    requestContext: {
      accountId: 'anonymous',
      http: { method: 'POST', path: '/approve/me', protocol: 'HTTP/1.1' },
      stage: '$default',
      time: expect.stringMatching(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/) as string,
    },
  });
  expect(event.headers.cookie).toBeUndefined();
});

test('the same by the host that AWS would give it', async () => {
  await create(
    it,
    'export const handler = async ({ rawPath, isBase64Encoded, body }) => ({ rawPath, isBase64Encoded, body });',
  );
  const id = /url\/(\w+)\//.exec(await open())?.[1];
  const answer = await new Promise<string>((resolve, reject) => {
    const headers = {
      host: `${id}.lambda-url.us-east-1.localhost:${it.emulator.port}`,
      'content-type': 'application/json',
    };
    const sent = request(
      { port: it.emulator.port, host: '127.0.0.1', path: '/p', method: 'POST', headers },
      (reply) => {
        let text = `${reply.statusCode} ${reply.headers['content-type']} `;
        reply.on('data', (part: Buffer) => (text += part.toString())).on('end', () => resolve(text));
      },
    );
    sent.on('error', reject).end('{"a":1}');
  });
  expect(answer).toBe('200 application/json {"rawPath":"/p","isBase64Encoded":false,"body":"{\\"a\\":1}"}');
});

test('what is no answer of HTTP is one of 502', async () => {
  await create(it, 'export const handler = async ({ body }) => JSON.parse(body);');
  const url = await open();
  const reply = async (value: object) => {
    const { status } = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    });
    return status;
  };
  expect(await reply({ statusCode: 201 })).toBe(201);
  expect(await reply({ statusCode: 99 })).toBe(502);
  expect(await reply({ statusCode: 200, cookies: null })).toBe(502);
  expect(await reply({ statusCode: 200, cookies: ['a=1\r\nx: y'] })).toBe(502);
  expect(await reply({ statusCode: 200, headers: { location: '/a\nb' } })).toBe(502);
  expect(await reply({ statusCode: 200, headers: { 'a b': 'c' } })).toBe(502);
  expect(await reply({ statusCode: 200, headers: { emoji: '😀' } })).toBe(502);
});

test('who may not, what fails, and what is not there', async () => {
  await create(it, 'export const handler = async () => { throw new Error("x"); };');
  const url = await open(['lambda:InvokeFunctionUrl']);
  expect((await fetch(url)).status).toBe(403);
  const allow = (id: string, more: object) =>
    it.lambda.send(
      new AddPermissionCommand({
        FunctionName: 'f',
        StatementId: id,
        Action: 'lambda:InvokeFunction',
        Principal: '*',
        ...more,
      }),
    );
  await allow('both', { InvokedViaFunctionUrl: true });
  expect(await refused(allow('both', {}))).toMatch(
    /^409 ResourceConflictException: The statement id \(both\) provided already exists/,
  );
  expect((await fetch(url)).status).toBe(502);
  const { Policy = '' } = await it.lambda.send(new GetPolicyCommand({ FunctionName: 'f' }));
  expect(JSON.parse(Policy)).toMatchObject({
    Statement: [
      {
        Sid: 'InvokeFunctionUrl',
        Principal: '*',
        Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'NONE' } },
      },
      { Sid: 'both', Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } } },
    ],
  });
  await it.lambda.send(new RemovePermissionCommand({ FunctionName: 'f', StatementId: 'both' }));
  expect((await fetch(url)).status).toBe(403);
  await it.lambda.send(new DeleteFunctionUrlConfigCommand({ FunctionName: 'f' }));
  expect((await fetch(url)).status).toBe(404);
  // The emulator itself still refuses pages.
  expect((await fetch(`${it.emulator.url}/_shadowctl/health`, { headers: { origin: 'null' } })).status).toBe(403);
});

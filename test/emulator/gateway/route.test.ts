import { expect, it } from 'vitest';
import { type Head, readHead, route } from '../../../src/emulator/gateway/route.ts';
import { SERVICE_IDS } from '../../../src/emulator/model/shapes.ts';
import { loadModel } from '../../../src/emulator/services/registry.ts';

const models = await Promise.all(SERVICE_IDS.map(loadModel));

function serviceOf(head: Partial<Head>, body = ''): string {
  const request = { method: 'POST', path: '/', query: [], headers: {}, ...head, body: Buffer.from(body) };
  return route(request, readHead(request)).service;
}

const signed = (name: string) => `AWS4-HMAC-SHA256 Credential=key/20260105/us-east-1/${name}/aws4_request, x`;
const form = { 'content-type': 'application/x-www-form-urlencoded' };

// The gateway's tables are written out, so that no description is loaded before it is needed; they must say the same.
it.each(models.map((model) => [model.id, model] as const))('%s is found by what its description says', (id, model) => {
  const { targetPrefix, protocol, apiVersion, endpointPrefix, signingName = endpointPrefix } = model.metadata;
  // Services of one protocol may name it alone.
  const protocols = model.metadata.protocols ?? [protocol];
  const found: string[] = [];
  if (protocols.includes('json')) found.push(serviceOf({ headers: { 'x-amz-target': `${targetPrefix}.X` } }));
  if (protocols.includes('smithy-rpc-v2-cbor')) {
    const path = `/service/${targetPrefix}/operation/X`;
    found.push(serviceOf({ path, headers: { 'smithy-protocol': 'rpc-v2-cbor' } }));
  }
  if (protocols.includes('query')) {
    found.push(serviceOf({ headers: { ...form, authorization: signed(signingName) } }, 'Action=X'));
    found.push(serviceOf({ headers: form }, `Action=X&Version=${apiVersion}`));
  }
  if (protocols.includes('rest-json')) {
    const path = id === 'scheduler' ? '/schedules/x' : '/endpoints/weather/invocations';
    found.push(serviceOf({ path, headers: { authorization: signed(signingName) } }));
  }
  if (protocols.includes('rest-xml')) {
    found.push(serviceOf({ method: 'GET', path: '/bucket', headers: { authorization: signed(signingName) } }));
  }
  expect(found.length).toBeGreaterThan(0);
  expect(new Set(found)).toEqual(new Set([id]));
});

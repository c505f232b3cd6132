import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerField, FakeExchange, type FakeRequest } from '../../test/support/fake-exchange.ts';
import { ProxySetting } from '../../test/support/proxy-setting.ts';
import { publishDiscovery } from '../discovery/published-discovery.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { fieldValues } from '../wire/fields.ts';
import { ConvertedDiscovery } from './converted-discovery.ts';
import type { PreparedRequest } from './prepared-request.ts';

const OWN = discoveryOf({ v1: { pods: ['get'] }, 'batch/v1': { jobs: ['get', 'list'] } });
const merged = await publishDiscovery(discoveryOf({ v1: { pods: ['get'] }, 'example.com/v1': { widgets: ['get'] } }));
const own = await publishDiscovery(OWN);

const V2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
/** As kube-apiserver 1.36 asks its peers. */
const NATIVE = `${V2};profile=nopeer,${V2},application/json`;

/** Two servers, of which the one that the caller prefers does not know v2 itself. */
function setUp() {
  const setting = new ProxySetting({ snapshot: { published: merged } });
  const [first, ...others] = setting.backends;
  assert.ok(first !== undefined);
  setting.swap({ backends: [{ ...first, toConvert: OWN }, ...others] });
  const conversions = new ConvertedDiscovery(setting.context);
  const ask = (request: FakeRequest = {}, overrides: Partial<PreparedRequest> = {}) => {
    const exchange = new FakeExchange({ target: '/apis', fields: ['accept', NATIVE], ...request });
    const prepared = setting.prepare(exchange, { alreadyProxied: true, ...overrides });
    const conversion = conversions.of(prepared);
    if (conversion !== undefined) conversions.answer(prepared, conversion);
    return { exchange, isConverted: conversion !== undefined };
  };
  return { setting, ask };
}

test('a peer gets what the server behind us serves, in v2, once that server lets it read', () => {
  for (const target of ['/api', '/apis'] as const) {
    const { setting, ask } = setUp();
    const { exchange } = ask({ target });
    assert.equal(exchange.answers.length, 0);
    const [asked, ...more] = setting.server(0).anonymous.requests;
    assert.ok(asked !== undefined && more.length === 0);
    assert.equal(asked.head.target, target);
    assert.deepEqual(fieldValues(asked.head.fields, 'accept'), ['application/json']);
    asked.respond(200, [], '{}');
    assert.equal(exchange.answer.head.status, 200);
    assert.equal(answerField(exchange.answer, 'content-type'), V2);
    assert.equal(answerField(exchange.answer, 'etag'), own[target].v2.etag);
    assert.equal(exchange.answer.body.text, own[target].v2.identity.toString('latin1'));
  }
});

test('a refusal is the server’s', () => {
  const { setting, ask } = setUp();
  const { exchange } = ask();
  setting.server(0).anonymous.requests[0]?.respond(403, [], 'no');
  // Asked once more in the caller's own words, as for every permission that is refused.
  setting.server(0).anonymous.requests[1]?.respond(403, [], 'no');
  assert.equal(exchange.answer.head.status, 403);
});

test('nobody else gets it, and nothing else is converted', () => {
  const { setting, ask } = setUp();
  assert.equal(ask({}, { alreadyProxied: false }).isConverted, false);
  assert.equal(ask({ method: 'POST' }).isConverted, false);
  assert.equal(ask({ target: '/apis/batch' }).isConverted, false);
  assert.equal(ask({ fields: ['accept', 'application/json'] }).isConverted, false);
  assert.equal(ask({ fields: ['accept', V2.replace('v=v2', 'v=v2beta1')] }).isConverted, false);
  // A server that knows v2 answers by itself.
  setting.swap({ backends: setting.backends });
  assert.equal(ask().isConverted, false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { publishDiscovery } from '../discovery/published-discovery.ts';
import { discoveryOf } from '../discovery/testing/discovery-of.ts';
import { fieldValue } from '../wire/fields.ts';
import { respondAggregated, respondUnaggregated } from './document-response.ts';

const { '/apis': apis } = await publishDiscovery(discoveryOf({ 'example.com/v1': { widgets: ['get'] } }));
const group = apis.unaggregated.get('/apis/example.com');

function answered(respond: (exchange: FakeExchange) => void, fields: readonly string[]) {
  const exchange = new FakeExchange({ target: '/apis', fields });
  respond(exchange);
  return exchange.answer.head;
}

for (const [form, fields] of [
  ['identity', []],
  ['gzip', ['accept-encoding', 'gzip']],
  ['pretty', ['user-agent', 'curl/8']],
  ['not modified', ['if-none-match', apis.v2.etag]],
] as const) {
  test(`the head of every answer with one document is one object: ${form}`, () => {
    const respond = (exchange: FakeExchange) => respondAggregated(exchange, apis.v2, false);
    assert.equal(answered(respond, fields), answered(respond, fields));
    const other = answered((exchange) => respondAggregated(exchange, apis.v2beta1, false), fields);
    assert.notEqual(other, answered(respond, fields), 'another document has another head');
    if (form === 'not modified') return;
    assert.ok(group !== undefined);
    const unaggregated = (exchange: FakeExchange) => respondUnaggregated(exchange, group, false);
    assert.equal(answered(unaggregated, fields), answered(unaggregated, fields));
    assert.equal(fieldValue(answered(unaggregated, fields).fields, 'etag'), undefined);
  });
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerField, FakeExchange, type FakeRequest } from '../../../../test/support/fake-exchange.ts';
import { NO_FIELDS } from '../../../wire/fields.ts';
import { ServedExchange } from './served-exchange.ts';

const NOW = Date.UTC(2026, 0, 1);

function serve(request: FakeRequest = {}) {
  const client = new FakeExchange(request);
  const exchange = new ServedExchange(client, NOW);
  let over = 0;
  exchange.onOver = () => {
    over++;
  };
  return { client, exchange, over: () => over };
}

describe('every answer', () => {
  test('carries an audit id, a date and that it must not be kept', () => {
    const { client, exchange } = serve();
    exchange.respond({ status: 200, fields: ['content-type', 'text/plain'] }, true);
    const { answer } = client;
    assert.match(answerField(answer, 'audit-id') ?? '', /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    assert.equal(answerField(answer, 'date'), 'Thu, 01 Jan 2026 00:00:00 GMT');
    assert.equal(answerField(answer, 'cache-control'), 'no-cache, private');
    assert.equal(answerField(answer, 'content-type'), 'text/plain');
  });

  test('repeats the audit id of the request', () => {
    const { client, exchange } = serve({ fields: ['audit-id', 'abc-1'] });
    exchange.respond({ status: 200, fields: NO_FIELDS }, true);
    assert.equal(answerField(client.answer, 'audit-id'), 'abc-1');
  });

  test('keeps what its handler says about caching', () => {
    const { client, exchange } = serve();
    exchange.respond({ status: 200, fields: ['cache-control', 'public'] }, true);
    assert.deepEqual(
      client.answer.head.fields.filter((_, i, fields) => i % 2 === 1 && fields[i - 1] === 'cache-control'),
      ['public'],
    );
  });

  test('is over once: when its body ends', () => {
    const { exchange, over } = serve();
    const sink = exchange.respond({ status: 201, fields: NO_FIELDS }, false);
    assert.deepEqual([exchange.status, over()], [201, 0]);
    sink.write(Buffer.from('x'));
    sink.end(NO_FIELDS);
    sink.end(NO_FIELDS);
    assert.equal(over(), 1);
  });

  test('is over when the client leaves, after its handler was told', () => {
    const { client, exchange, over } = serve();
    const heard: string[] = [];
    exchange.onAbort = (reason) => heard.push(`${reason} ${over()}`);
    exchange.respond({ status: 200, fields: NO_FIELDS }, false);
    client.abort('connection-lost');
    assert.deepEqual(heard, ['connection-lost 0']);
    assert.equal(over(), 1);
  });

  test('is over when it is given up', () => {
    const { client, exchange, over } = serve();
    exchange.reset('internal');
    assert.equal(client.resetReason, 'internal');
    assert.equal(over(), 1);
  });
});

test('a protobuf body is announced as JSON, any other as it is', () => {
  const protobuf = serve({ fields: ['content-type', 'application/vnd.kubernetes.protobuf', 'x', '1'] }).exchange;
  assert.deepEqual(protobuf.head.fields, ['x', '1', 'content-type', 'application/json']);
  assert.equal(protobuf.sentProtobuf, true);
  const yaml = serve({ fields: ['content-type', 'application/yaml'] }).exchange;
  assert.deepEqual(yaml.head.fields, ['content-type', 'application/yaml']);
  assert.equal(yaml.sentProtobuf, false);
});

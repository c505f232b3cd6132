import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServedHistory, typeName } from './served-history.ts';

const NEW = 'g/v1 news';
const OLD = 'v1 olds';

/** `one` has the new type from 100 on, is away from 200 to 300; `two` never has it. */
function history(): ServedHistory {
  const served = new ServedHistory();
  served.ready('two', [OLD], 0);
  served.ready('one', [OLD, NEW], 100);
  served.notReady('one', 200);
  served.ready('one', [OLD, NEW], 300);
  return served;
}

test('a type is served while one server that has it was ready all the time', () => {
  const served = history();
  assert.equal(served.servedThroughout(NEW, 120, 180), true);
  assert.equal(served.servedThroughout(NEW, 80, 180), false, 'asked before the server was ready');
  assert.equal(served.servedThroughout(NEW, 180, 320), false, 'the server was away in between');
  assert.equal(served.servedThroughout(OLD, 180, 320), true, 'another server has it');
});

test('a type whose servers are away was served', () => {
  const served = history();
  assert.equal(served.wasServed(NEW, 50), false);
  assert.equal(served.wasServed(NEW, 250), true);
  assert.equal(served.serves('one', NEW, 250), false);
  assert.equal(served.serves('one', NEW, 300), true);
});

test('a custom type is served by everybody from its definition on', () => {
  const served = history();
  served.defined('x/v1 customs', 150);
  assert.equal(served.servedThroughout('x/v1 customs', 140, 160), false);
  assert.equal(served.servedThroughout('x/v1 customs', 150, 1000), true);
  assert.deepEqual([...served.typesThroughout(250, 260)].sort(), [OLD, 'x/v1 customs'].sort());
});

test('states are counted as sets of types that follow each other', () => {
  const served = history();
  assert.equal(served.statesBetween(0, 99), 1);
  assert.equal(served.statesBetween(0, 150), 2);
  assert.equal(served.statesBetween(0, 250), 3);
  assert.equal(served.statesBetween(110, 120), 1);
});

test('a type is named by group, version and resource', () => {
  assert.equal(typeName({ group: '', version: 'v1', resource: 'pods' }), 'v1 pods');
  assert.equal(typeName({ group: 'a.b', version: 'v1', resource: 'cs' }), 'a.b/v1 cs');
});

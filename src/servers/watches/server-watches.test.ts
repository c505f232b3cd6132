import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FakeUpstream } from '../../../test/support/fake-upstream.ts';
import { settled } from '../../../test/support/proxy-setting.ts';
import type { Logger } from '../../observe/logger.ts';
import { ServerWatches } from './server-watches.ts';

/** `answers` are statuses by resource; 200 leads to an open watch. */
function setUp(t: TestContext, answers: Record<string, number> = {}) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(Math, 'random', () => 0);
  const log: [level: string, fields: unknown][] = [];
  const note =
    (level: string): Logger['info'] =>
    (_message, fields) =>
      log.push([level, fields]);
  const logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  const upstream = new FakeUpstream((request) => {
    const [, resource = ''] = /\/(\w+)\?/.exec(request.head.target) ?? [];
    const status = answers[resource] ?? 200;
    if (status !== 200) request.respond(status, [], 'no');
    else if (request.head.target.includes('watch=1')) request.begin(200);
    else request.respond(200, [], '{"metadata":{"resourceVersion":"1"}}');
  });
  const triggers: string[] = [];
  const watches = new ServerWatches({
    server: 'a',
    upstream,
    fields: [],
    timeoutMs: 1_000,
    logger,
    triggered: (trigger) => triggers.push(trigger),
  });
  t.after(() => watches.stop());
  const ask = async () => {
    watches.ask();
    for (let turn = 0; turn < 5; turn++) await settled();
  };
  const pass = async (milliseconds: number) => {
    t.mock.timers.tick(milliseconds);
    for (let turn = 0; turn < 5; turn++) await settled();
  };
  const states = () => watches.status.map(({ state }) => state);
  return { watches, ask, pass, states, log, triggers, answers, upstream };
}

test('every resource is watched, and each list says what may have changed before', async (t) => {
  const { watches, ask, states, triggers, log } = setUp(t);
  assert.deepEqual(states(), ['waiting', 'waiting', 'waiting', 'waiting']);
  assert.equal(watches.sees('crd'), false);
  await ask();
  assert.deepEqual(states(), ['watching', 'watching', 'watching', 'watching']);
  assert.deepEqual(triggers.sort(), ['apiservice', 'crd', 'endpointslice', 'lease']);
  assert.equal(watches.sees('crd'), true);
  assert.deepEqual(log, []);
});

test('what is denied is said once, in one line that names the resources, however often it is asked for', async (t) => {
  const { ask, pass, states, log, watches } = setUp(t, { leases: 403, endpointslices: 403, apiservices: 404 });
  await ask();
  assert.deepEqual(states(), ['watching', 'absent', 'denied', 'denied']);
  await pass(60_000);
  await pass(60_000);
  assert.deepEqual(log, [
    [
      'warn',
      {
        server: 'a',
        resources: 'leases, endpointslices',
        reason: 'answered 403: our right to list and watch is not accepted',
      },
    ],
  ]);
  assert.deepEqual(
    watches.status.map(({ resource, condition }) => [resource, condition]),
    [
      ['customresourcedefinitions', ''],
      ['apiservices', 'the server does not have this type'],
      ['leases', 'answered 403: our right to list and watch is not accepted'],
      ['endpointslices', 'answered 403: our right to list and watch is not accepted'],
    ],
  );
});

test('rights that are granted later are used within a minute, and that is said, too', async (t) => {
  const { ask, pass, states, log, answers } = setUp(t, { leases: 403 });
  await ask();
  answers['leases'] = 200;
  await pass(60_000);
  assert.deepEqual(states(), ['watching', 'watching', 'watching', 'watching']);
  assert.deepEqual(
    log.map(([level]) => level),
    ['warn', 'info'],
  );
});

test('stopped, it asks for nothing and has reset every watch', async (t) => {
  const { watches, ask, pass, upstream } = setUp(t);
  await ask();
  const asked = upstream.requests.length;
  watches.stop();
  await pass(600_000);
  assert.equal(upstream.requests.length, asked);
  const open = upstream.requests.filter(({ head }) => head.target.includes('watch=1'));
  assert.deepEqual(
    open.map(({ resetReason }) => resetReason),
    ['cancel', 'cancel', 'cancel', 'cancel'],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import type { ArrivedRequest } from '../../test/support/fake-upstream.ts';
import { ProxySetting, settled } from '../../test/support/proxy-setting.ts';
import { snapshotOf } from '../routing/testing/snapshot-of.ts';
import type { UpstreamFailure } from '../wire/upstream.ts';
import { Forwarding } from './forwarding.ts';
import { route } from './route.ts';

const SERVERS = [37, 37, 36].map((minor) => ({ minor, serves: { v1: { pods: ['get', 'create', 'update'] } } }));
const CAUSES: readonly UpstreamFailure['cause'][] = [
  'connect',
  'tls',
  'protocol',
  'goaway',
  'reset',
  'connection',
  'overloaded',
];

const SHUTTING_DOWN = 'The apiserver is shutting down, please try again later.\n';
const BEHIND = '{"details":{"causes":[{"reason":"ResourceVersionTooLarge"}]},"code":504}';

/** The 404 of a server that does not know the type, and the only one that proves that nothing was done. */
const UNKNOWN = '404 page not found\n';

/** What a server does with a request, after so many turns of the event loop. */
const behaviour = fc.record({
  turns: fc.nat({ max: 2 }),
  act: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('fail' as const),
        processed: fc.constantFrom('no' as const, 'unknown' as const),
        cause: fc.constantFrom(...CAUSES),
      }),
    },
    fc.constantFrom({ kind: 'answer' } as const, { kind: 'bodyless' } as const, { kind: 'break' } as const),
    fc.constantFrom({ kind: 'shutting-down' } as const, { kind: 'behind' } as const),
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('not-found' as const),
        says: fc.constantFrom(UNKNOWN, UNKNOWN, 'the pod says no', 'x'.repeat(5_000)),
        inTwo: fc.boolean(),
      }),
    },
  ),
});

const scripts = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT'),
  body: fc.option(fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 4 }), { nil: undefined }),
  sentBefore: fc.nat({ max: 4 }),
  behaviours: fc.array(behaviour, { minLength: 1, maxLength: 9 }),
  leavesAfter: fc.option(fc.nat({ max: 6 }), { nil: undefined, freq: 3 }),
  retryPercent: fc.constantFrom(undefined, undefined, 0, 10),
  perRequest: fc.constantFrom(100, 3),
  /** What reading the tables again brings about. */
  reread: fc.constantFrom('nothing', 'the same tables', 'nobody lists it', 'another server lists it'),
  /** How often a type that nobody lists is said to be on its way. */
  settling: fc.constantFrom(0, 0, 2),
});

test('whatever servers and client do, there is one answer at most, nothing is executed twice, and nothing stays behind', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  await fc.assert(
    fc.asyncProperty(
      scripts,
      async ({ method, body, sentBefore, behaviours, leavesAfter, retryPercent, perRequest, reread, settling }) => {
        const setting = new ProxySetting({
          servers: SERVERS,
          replay: { perRequest, total: 1_000 },
          ...(retryPercent === undefined ? {} : { retryPercent }),
        });
        setting.control.onRefresh = async () => {
          if (reread === 'nothing') return;
          const lists = { 'the same tables': 3, 'nobody lists it': 0, 'another server lists it': 1 }[reread] ?? 0;
          const { servers, table, groups } = snapshotOf(
            SERVERS.map(({ minor, serves }, i) => ({ minor, serves: i >= SERVERS.length - lists ? serves : {} })),
          );
          setting.swap({ servers: servers.map((server) => ({ ...server, readAt: setting.now })), table, groups });
        };
        let settles = settling;
        setting.control.onSettling = async () => settles-- > 0;
        const target = method === 'POST' ? '/api/v1/namespaces/a/pods' : '/api/v1/namespaces/a/pods/x';
        const exchange = new FakeExchange({ method, target, hasBody: body !== undefined });
        const arrived: ArrivedRequest[] = [];
        let mayHaveExecuted = 0;
        const serve = async (request: ArrivedRequest) => {
          const { turns, act } = behaviours[arrived.length] ?? { turns: 0, act: { kind: 'answer' } };
          arrived.push(request);
          for (let i = 0; i < turns; i++) await settled();
          if (request.isOver) return;
          // kube-apiserver acts on no part of a body.
          const isWhole = request.body === undefined || request.body.ending === 'end';
          const proves =
            act.kind === 'fail'
              ? act.processed === 'no' || !isWhole
              : act.kind === 'shutting-down' || (act.kind === 'not-found' && act.says === UNKNOWN);
          if (!proves) mayHaveExecuted++;
          if (act.kind === 'fail') request.fail(act);
          else if (act.kind === 'shutting-down') request.respond(429, ['retry-after', '5'], SHUTTING_DOWN);
          else if (act.kind === 'behind') request.respond(504, ['retry-after', '1'], BEHIND);
          else if (act.kind === 'not-found') {
            const answer = request.begin(404, ['content-type', 'text/plain']);
            answer.send(act.says.slice(0, 4));
            if (act.inTwo) await settled();
            answer.send(act.says.slice(4));
            answer.end();
            request.finish();
          } else if (act.kind === 'bodyless') request.respond(204);
          else if (act.kind === 'answer') request.respond(200, [], 'done');
          else {
            const half = request.begin(200);
            half.send('half');
            half.reset('connection-lost');
            request.finish();
          }
        };
        for (const { anonymous } of setting.backends) anonymous.handler = (request) => void serve(request);

        const prepared = setting.prepare(exchange);
        const forwarding = new Forwarding(setting.context, prepared);
        for (const chunk of (body ?? []).slice(0, sentBefore)) exchange.body.send(chunk);
        forwarding.start(route(setting.control, { ...prepared, tried: new Set() }, setting.now));
        for (let turn = 0; turn < 40; turn++) {
          if (turn === leavesAfter) exchange.abort();
          if (turn === 3) {
            for (const chunk of (body ?? []).slice(sentBefore)) exchange.body.send(chunk);
            if (body !== undefined) exchange.body.end();
          }
          t.mock.timers.tick(40);
          await settled();
        }

        // One answer, whole or broken off; none only if the client left before.
        assert.ok(exchange.answers.length <= 1);
        if (leavesAfter === undefined) assert.equal(exchange.answers.length, 1);
        for (const answer of exchange.answers) {
          assert.deepEqual(answer.body.late, []);
          if (!answer.bodyless && leavesAfter === undefined) assert.notEqual(answer.body.ending, undefined);
          if (answer.head.status === 404) {
            const said = behaviours.flatMap(({ act }) => (act.kind === 'not-found' ? [act.says] : []));
            assert.ok(
              said.some((text) =>
                leavesAfter === undefined ? text === answer.body.text : text.startsWith(answer.body.text),
              ),
            );
          }
          const isOurs = setting.observer.records[0]?.error !== undefined;
          if (answer.head.status === 429 && !isOurs && leavesAfter === undefined) {
            assert.equal(answer.body.text, SHUTTING_DOWN);
          }
          if (answer.head.status === 504 && leavesAfter === undefined) assert.equal(answer.body.text, BEHIND);
          if (answer.head.status === 200) assert.ok('donehalf'.includes(answer.body.text));
          if (answer.body.text === 'half' && leavesAfter === undefined) {
            assert.equal(answer.body.ending, 'connection-lost');
          }
        }
        // A write is at most once in the hands of a server that may act on it.
        if (method === 'POST' || method === 'PUT') assert.ok(mayHaveExecuted <= 1);
        // What breaks whoever works on it does not reach everybody, and what one server lags behind a second one may have.
        const acts = behaviours.slice(0, arrived.length).map(({ act }) => act);
        assert.ok(
          acts.filter((act) => act.kind === 'fail' && act.processed === 'unknown').length <=
            (body === undefined ? 3 : 99),
        );
        assert.ok(acts.filter(({ kind }) => kind === 'behind').length <= 2);
        // No server is asked without end, and those that answered nothing were told when the client left.
        const goaways = behaviours
          .slice(0, arrived.length)
          .filter(({ act }) => act.kind === 'fail' && act.processed === 'no' && act.cause === 'goaway').length;
        assert.ok(arrived.length - goaways <= (SERVERS.length + 2) * (1 + settling));
        for (const { anonymous } of setting.backends) assert.equal(anonymous.inFlight, 0);
        // Every server that saw the end of a body saw the same body.
        const whole = Buffer.concat(body ?? []).toString('latin1');
        for (const request of arrived) {
          if (request.body?.ending === 'end') assert.equal(request.body.text, whole);
          assert.ok(whole.startsWith(request.body?.text ?? ''));
        }
        assert.equal(setting.budget.held, 0);
        assert.ok(setting.observer.records.length <= 1);
        if (leavesAfter === undefined) assert.equal(setting.observer.records.length, 1);
        if (body !== undefined && leavesAfter === undefined) assert.equal(exchange.body.held, 0);
        assert.deepEqual(setting.observer.defects, []);
      },
    ),
    { numRuns: 300 },
  );
});

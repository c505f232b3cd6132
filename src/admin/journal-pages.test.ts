import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerField, FakeExchange } from '../../test/support/fake-exchange.ts';
import { settled } from '../../test/support/proxy-setting.ts';
import { Journal } from '../observe/journal/journal.ts';
import { exchangeRecordOf, forward } from '../observe/journal/testing/exchange-record-of.ts';
import { createAdminHandler } from './admin-handler.ts';
import type { DecisionList } from './decisions-page.ts';
import { EventHub } from './event-hub.ts';
import { journalPages } from './journal-pages.ts';

function setting() {
  const journal = new Journal(() => Date.UTC(2026, 0, 2));
  const status = () => ({ servers: [], prevented404s: 0, unexpected404s: 0 });
  const hub = new EventHub({ journal, status, clock: () => 0, most: 1 });
  const handler = createAdminHandler({
    unreadiness: () => [],
    metrics: async () => '',
    metricsContentType: 'text/plain',
    status: () => ({}),
    pages: journalPages(journal, hub),
  });
  const begin = async (target: string, method = 'GET') => {
    const exchange = new FakeExchange({ target, method });
    handler(exchange);
    await settled();
    return exchange;
  };
  return {
    journal,
    hub,
    begin,
    async ask(target: string) {
      const { answer } = await begin(target);
      return { status: answer.head.status, body: JSON.parse(answer.body.text) };
    },
  };
}

test('/decisions: the newest first, page after page', async () => {
  const { journal, ask } = setting();
  for (let i = 0; i < 250; i++) journal.answered(exchangeRecordOf());
  const seen: number[] = [];
  let before = '';
  for (;;) {
    const { body }: { body: DecisionList } = await ask(`/decisions?limit=60${before}`);
    assert.deepEqual([body.kind, body.kept, body.total], ['DecisionList', 250, 250]);
    if (body.items.length === 0) break;
    seen.push(...body.items.map(({ id }) => id));
    before = `&before=${seen.at(-1)}`;
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 250 }, (_, i) => 250 - i),
  );
  const { body } = await ask('/decisions');
  assert.equal(body.items.length, 100);
});

test('/decisions: filters', async () => {
  const { journal, ask } = setting();
  journal.answered(exchangeRecordOf('/apis/apps/v1/deployments', { client: 'helm' }));
  journal.answered(exchangeRecordOf(undefined, { decision: forward('PeerServesResource'), server: 'b' }));
  const idsOf = async (query: string) =>
    (await ask(`/decisions?${query}`)).body.items.map(({ id }: { id: number }) => id);
  assert.deepEqual(await idsOf('resource=deployments.apps'), [1]);
  assert.deepEqual(await idsOf('client=helm&code=2xx'), [1]);
  assert.deepEqual(await idsOf('notable=true'), [2]);
  assert.deepEqual(await idsOf('server=b&reason=PeerServesResource'), [2]);
  assert.deepEqual(await idsOf('server=b&client=helm'), []);
  assert.deepEqual(await idsOf('server='), [2, 1]);
});

for (const [query, message] of [
  ['limit=0', 'The parameter limit is a whole number from 1 to 2000, not "0".'],
  ['limit=many', 'The parameter limit is a whole number from 1 to 2000, not "many".'],
  ['before=-1', /^The parameter before is a whole number from 1 to /],
  ['notable=yes', 'The parameter notable is true or false, not "yes".'],
  ['code=not-found', /^The code is a status \(404\), a class of them \(5xx\) or an error code .*not "not-found"\.$/],
  [
    'user=jane',
    /^There is no parameter "user"\. There are server, reason, client, resource, code, notable, limit, before\.$/,
  ],
] as const) {
  test(`/decisions?${query} is refused with what to write instead`, async () => {
    const { status, body } = await setting().ask(`/decisions?${query}`);
    assert.deepEqual([status, body.error.code], [400, 'BadRequest']);
    if (typeof message === 'string') assert.equal(body.error.message, message);
    else assert.match(body.error.message, message);
  });
}

test('/unexpected-404s and /timeline', async () => {
  const { journal, ask } = setting();
  const unknownType = { denying: ['a'], awaited: false, outcome: 'relayed' } as const;
  journal.answered(exchangeRecordOf('/apis/g/v1/widgets/x?q=1', { status: 404, unknownType }));
  const { body } = await ask('/unexpected-404s');
  const row = { group: 'g', version: 'v1', resource: 'widgets', client: 'kubectl', server: 'a', outcome: 'relayed' };
  assert.deepEqual(body, {
    kind: 'Unexpected404List',
    since: '2026-01-02T00:00:00.000Z',
    items: [{ ...row, lastPath: '/apis/g/v1/widgets/x', count: 1, lastAt: '2026-01-02T03:04:05.000Z' }],
  });
  const { body: timeline } = await ask('/timeline');
  assert.deepEqual(
    [
      timeline.kind,
      timeline.since,
      timeline.items.map(({ type, text }: { type: string; text: string }) => [type, text]),
    ],
    [
      'Timeline',
      '2026-01-02T00:00:00.000Z',
      [
        [
          'unexpected-404',
          'a answered kubectl that widgets.v1.g is unknown, which it lists; the client got that 404. The first time.',
        ],
        ['started', 'This proxy started.'],
      ],
    ],
  );
});

test('/timeline says since when it is kept once it is not whole any more', async () => {
  const { journal, ask } = setting();
  for (let i = 0; i < 1_500; i++) journal.timeline.add({ type: 'reload', text: '' }, Date.UTC(2026, 1, 1) + i);
  const { body } = await ask('/timeline');
  assert.deepEqual([body.items.length, body.since], [1_000, body.items.at(-1).at]);
});

test('/servers/NAME/history, and of a server nobody knows', async () => {
  const { journal, ask } = setting();
  const version = { major: 1, minor: 37, patch: 2 };
  const servers = [{ spec: { name: 'a' }, state: { kind: 'ready' }, version }];
  journal.see({ servers, complete: true, generation: 1, documents: '', merged: undefined });
  const { body } = await ask('/servers/a/history');
  const items = [{ at: '2026-01-02T00:00:00.000Z', from: '', to: 'ready', why: '', version: '1.37.2' }];
  assert.deepEqual(body, { kind: 'ServerHistory', server: 'a', items });
  const { status, body: refusal } = await ask('/servers/b/history');
  assert.deepEqual([status, refusal.error.code], [404, 'UnknownServer']);
  assert.equal(refusal.error.message, 'There is no history of a server "b". There is of: a.');
});

test('/events lasts; a client that leaves is forgotten, one too many is refused, and HEAD opens nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { hub, begin } = setting();
  const head = await begin('/events', 'HEAD');
  assert.deepEqual([head.answer.head.status, hub.size], [200, 0]);
  const { answer, ...first } = await begin('/events').then((exchange) => ({ answer: exchange.answer, exchange }));
  assert.deepEqual(
    [answerField(answer, 'content-type'), answerField(answer, 'cache-control'), answer.bodyless, answer.body.ending],
    ['text/event-stream', 'no-store', false, undefined],
  );
  const second = await begin('/events');
  assert.equal(second.answer.head.status, 503);
  assert.equal(JSON.parse(second.answer.body.text).error.code, 'Busy');
  first.exchange.abort();
  assert.equal(hub.size, 0);
});

test('/events of a client that left before it was answered is forgotten, too', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { hub, journal } = setting();
  const handler = createAdminHandler({
    unreadiness: () => [],
    metrics: async () => '',
    metricsContentType: '',
    status: () => ({}),
    pages: journalPages(journal, hub),
  });
  const exchange = new FakeExchange({ target: '/events' });
  handler(exchange);
  exchange.abort();
  await settled();
  assert.equal(hub.size, 0);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { FakeOpenAPI } from '../../../test/support/fake-openapi.ts';
import { FakeUpstream } from '../../../test/support/fake-upstream.ts';
import { discoveryOf } from '../../discovery/testing/discovery-of.ts';
import { parseOpenAPIIndex } from '../../openapi/openapi-index.ts';
import type { PublishedOpenAPI } from '../../proxy/published-openapi.ts';
import { fieldValue } from '../../wire/fields.ts';
import type { ServerReport } from '../snapshot-builder.ts';
import { OpenAPIView } from './openapi-view.ts';

const PATH = 'apis/example.com/v1';

/** A server whose discovery lists what its documents describe. */
class Server {
  readonly name: string;
  readonly fake: FakeOpenAPI;
  ready = true;
  /** While set, nothing is answered. */
  hangs = false;
  refreshes = 0;
  readonly #discovery: ServerReport['discovery'];

  constructor(name: string, kinds: readonly string[]) {
    this.name = name;
    this.fake = new FakeOpenAPI(name, { [PATH]: kinds });
    this.#discovery = discoveryOf({
      'example.com/v1': Object.fromEntries(kinds.map((kind) => [`${kind.toLowerCase()}s`, ['get']])),
    });
  }

  get report(): ServerReport {
    const index = parseOpenAPIIndex(this.fake.index);
    return {
      name: this.name,
      local: false,
      version: undefined,
      ready: this.ready,
      condition: '',
      discovery: this.#discovery,
      announced: { version: undefined, discovery: this.#discovery },
      readAt: 0,
      readable: true,
      confirmedAt: 0,
      backend: {
        name: this.name,
        asserted: undefined,
        own: new FakeUpstream(),
        unproven: new FakeUpstream(),
        anonymous: new FakeUpstream(),
        conditions: { '/api': undefined, '/apis': undefined },
      },
      openapi: {
        index,
        isFailing: false,
        fetch: async (target, fields) => {
          const { body, ...head } = this.fake.answer(target, fieldValue(fields, 'if-none-match'));
          if (this.hangs) await new Promise(() => {});
          return { ...head, body: Buffer.from(body) };
        },
        again: () => Promise.resolve(++this.refreshes > 0),
      },
    };
  }
}

function setUp(...servers: readonly Server[]) {
  const warnings: string[] = [];
  const ignore = () => {};
  const logger = { debug: ignore, info: ignore, warn: (message: string) => warnings.push(message), error: ignore };
  const view = new OpenAPIView(logger);
  const update = () => view.update(servers.map(({ report }) => report));
  update();
  const published = (): PublishedOpenAPI => view.published ?? assert.fail('nothing is published');
  const read = async () => (await published().merged.get(PATH)?.read('json')) ?? assert.fail('there is no document');
  return { view, update, published, read, warnings };
}

const skewed = () => [new Server('new', ['Widget', 'Gadget']), new Server('old', ['Widget', 'Gizmo'])] as const;
const textOf = (document: { readonly identity: Uint8Array } | undefined) =>
  Buffer.from(document?.identity ?? []).toString();
const schemasOf = (document: { readonly identity: Uint8Array }) =>
  JSON.parse(textOf(document)).components.schemas as Record<string, { readonly description: string }>;
const DOCUMENT = `/openapi/v3/${PATH}`;

describe('the index', () => {
  test('is one server’s own, byte for byte, where there is no other', () => {
    const server = new Server('only', ['Widget']);
    const { published } = setUp(server);
    assert.equal(textOf(published().index), server.fake.index);
    assert.equal(gunzipSync(published().index.gzip).toString(), server.fake.index);
  });

  test('is there as soon as one server’s was read, and not before', () => {
    const [server] = skewed();
    const { view } = setUp();
    const published = () => view.published;
    assert.equal(published(), undefined);
    const { report } = server;
    const unread = { ...report, name: 'unread', openapi: report.openapi && { ...report.openapi, index: undefined } };
    view.update([unread]);
    assert.equal(published(), undefined);
    view.update([unread, report]);
    assert.equal(textOf(published()?.index), server.fake.index);
    assert.deepEqual([view.listing.servers.get(PATH), view.listing.unread], [[1], [0]]);
  });

  test('is made anew only when something changed', () => {
    const [newer, older] = skewed();
    const reports = [newer.report, older.report];
    const { view } = setUp();
    view.update(reports);
    const { published } = view;
    view.update(reports.map((report) => ({ ...report, ready: false })));
    assert.equal(view.published, published);
    newer.fake.kinds = { [PATH]: ['Widget'] };
    view.update([newer.report, older.report]);
    assert.notEqual(textOf(view.published?.index), textOf(published?.index));
  });

  test('is the same on another proxy', () => {
    const [one, other] = [setUp(...skewed()), setUp(...skewed())];
    assert.equal(textOf(one.published().index), textOf(other.published().index));
    assert.equal(one.published().index.etag, other.published().index.etag);
  });
});

describe('a document that no server has whole', () => {
  test('has all schemas, the newest server’s where both have one, and is called as in the index', async () => {
    const { published, read } = setUp(...skewed());
    const document = await read();
    assert.deepEqual(
      Object.entries(schemasOf(document)).map(([name, { description }]) => [name.split('.').at(-1), description]),
      [
        ['Gadget', 'as of new'],
        ['Gizmo', 'as of old'],
        ['Widget', 'as of new'],
      ],
    );
    const { hash } = published().merged.get(PATH) ?? assert.fail();
    assert.equal(document.etag, `"${hash}"`);
    assert.ok(textOf(published().index).includes(`?hash=${hash}`));
    assert.equal(gunzipSync(document.gzip).toString(), textOf(document));
  });

  test('is read from the servers once, also by many at a time and after other changes', async () => {
    const servers = skewed();
    const { read, update } = setUp(...servers);
    const documents = await Promise.all([read(), read()]);
    update();
    documents.push(await read());
    assert.equal(new Set(documents).size, 1);
    assert.deepEqual(new Set(servers.flatMap(({ fake }) => fake.requests)), new Set([DOCUMENT]));
    servers[0].fake.requests.length = 0;
    await read();
    assert.deepEqual(servers[0].fake.requests, []);
  });

  test('is made anew when a part of it changed', async () => {
    const [newer, older] = skewed();
    const { read, update } = setUp(newer, older);
    const before = await read();
    older.fake.kinds = { [PATH]: ['Widget', 'Gizmo', 'Late'] };
    update();
    const after = await read();
    assert.notEqual(after.etag, before.etag);
    assert.ok(Object.keys(schemasOf(after)).some((name) => name.endsWith('.Late')));
  });

  test('of which a part changed since the index was read has another name, and the index is read again', async () => {
    const [newer, older] = skewed();
    const { read, published } = setUp(newer, older);
    older.fake.kinds = { [PATH]: ['Widget', 'Gizmo', 'Late'] };
    const document = await read();
    assert.notEqual(document.etag, `"${published().merged.get(PATH)?.hash}"`);
    assert.ok(Object.keys(schemasOf(document)).some((name) => name.endsWith('.Late')));
    assert.deepEqual([newer.refreshes, older.refreshes], [0, 1]);
  });

  test('is what there is while a server is not ready or fails, under another name', async () => {
    for (const fail of [
      (server: Server) => {
        server.ready = false;
      },
      (server: Server) => {
        server.fake.instead = { status: 500, fields: [], body: 'no' };
      },
      (server: Server) => {
        server.fake.instead = { status: 404, fields: [], body: '' };
      },
    ]) {
      const [newer, older] = skewed();
      const { read, published, update } = setUp(newer, older);
      fail(older);
      if (!older.ready) update();
      const document = await read();
      assert.equal(document.etag, `"${newer.fake.hashOf(PATH)}"`);
      assert.equal(textOf(document), newer.fake.document(PATH));
      assert.notEqual(document.etag, `"${published().merged.get(PATH)?.hash}"`);
    }
  });

  test('is whole again without a change of the index', async () => {
    const [newer, older] = skewed();
    const { read, published } = setUp(newer, older);
    older.fake.instead = { status: 500, fields: [], body: 'no' };
    await read();
    older.fake.instead = undefined;
    assert.equal((await read()).etag, `"${published().merged.get(PATH)?.hash}"`);
  });

  test('stays known when a server is gone', async () => {
    const [newer, older] = skewed();
    const { read, update } = setUp(newer, older);
    const whole = await read();
    older.ready = false;
    update();
    assert.equal(await read(), whole);
  });

  test('is none while nothing of it can be read, or a server sends what is no JSON', async () => {
    for (const body of ['', '{"openapi":"3.0.0","paths":{']) {
      const servers = skewed();
      const { published, warnings } = setUp(...servers);
      for (const { fake } of servers) fake.instead = { status: body === '' ? 500 : 200, fields: [], body };
      servers[0].fake.instead = { status: body === '' ? 500 : 200, fields: ['etag', '"A"'], body };
      servers[1].fake.instead = { status: body === '' ? 500 : 200, fields: ['etag', '"B"'], body };
      assert.equal(await published().merged.get(PATH)?.read('json'), undefined);
      assert.ok(warnings.length > 0);
    }
  });
});

describe('/openapi/v2', () => {
  const definitionsOf = (document: { readonly identity: Uint8Array } | undefined) =>
    Object.keys(JSON.parse(textOf(document)).definitions).map((name) => name.split('.').at(-1));

  test('has the types of all servers', async () => {
    const { published } = setUp(...skewed());
    const document = await published().readV2('json');
    assert.deepEqual(definitionsOf(document), ['Gadget', 'Gizmo', 'Widget']);
    assert.equal(JSON.parse(textOf(document)).info.version, 'new');
    assert.equal(gunzipSync(document?.gzip ?? Buffer.alloc(0)).toString(), textOf(document));
  });

  test('is read when somebody asks, whole the first time and then only what changed', async () => {
    const [newer, older] = skewed();
    const { published } = setUp(newer, older);
    assert.deepEqual([newer.fake.requests, older.fake.requests], [[], []]);
    const first = await published().readV2('json');
    assert.equal(await published().readV2('json'), first);
    older.fake.kinds = { [PATH]: ['Widget', 'Late'] };
    const changed = await published().readV2('json');
    assert.deepEqual(definitionsOf(changed), ['Gadget', 'Late', 'Widget']);
    assert.notEqual(changed?.etag, first?.etag);
    const [whole, ...conditional] = newer.fake.requests;
    assert.equal(whole, '/openapi/v2');
    assert.equal(conditional.length, 2);
    for (const request of conditional) assert.match(request, /^\/openapi\/v2 unless "/);
  });

  test('is read once for all who ask at a time', async () => {
    const [newer, older] = skewed();
    const { published } = setUp(newer, older);
    const documents = await Promise.all([1, 2, 3].map(() => published().readV2('json')));
    assert.equal(new Set(documents).size, 1);
    assert.equal(newer.fake.requests.length, 1);
  });

  test('of servers that agree is theirs, byte for byte', async () => {
    const servers = [new Server('same', ['Widget']), new Server('same', ['Widget'])];
    const { published } = setUp(...servers);
    const document = await published().readV2('json');
    assert.equal(textOf(document), servers[0]?.fake.v2);
    assert.ok(document?.etag.length === 130);
  });

  test('keeps what a server said last while it fails or is away', async () => {
    const [newer, older] = skewed();
    const { published, update } = setUp(newer, older);
    const before = await published().readV2('json');
    older.fake.instead = { status: 500, fields: [], body: 'no' };
    assert.equal(await published().readV2('json'), before);
    older.ready = false;
    update();
    assert.equal(await published().readV2('json'), before);
  });

  test('does not wait for a server whose document is known and that does not answer', async (t) => {
    const [newer, older] = skewed();
    const { published } = setUp(newer, older);
    const before = await published().readV2('json');
    t.mock.timers.enable({ apis: ['setTimeout'] });
    older.hangs = true;
    const reading = published().readV2('json');
    t.mock.timers.tick(1_000);
    assert.equal(await reading, before);
  });

  test('is none while no server has one', async () => {
    const servers = skewed();
    const { published } = setUp(...servers);
    for (const { fake } of servers) fake.instead = { status: 404, fields: [], body: '' };
    assert.equal(await published().readV2('json'), undefined);
    // These servers have no protobuf, and say so in JSON.
    for (const { fake } of servers) fake.instead = undefined;
    assert.equal(await published().readV2('protobuf'), undefined);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ArrivedRequest, FakeUpstream } from '../../../test/support/fake-upstream.ts';
import type { ServerDiscovery } from '../../discovery/server-discovery.ts';
import { entrySet } from '../../discovery/testing/entries.ts';
import { recordedDiscovery } from '../../discovery/testing/recorded-discovery.ts';
import { recordedText } from '../../kubernetes/testing/recorded-documents.ts';
import { FetchError } from '../../wire/fetch.ts';
import { type Fields, fieldValue, fieldValues } from '../../wire/fields.ts';
import { type FetchedDiscovery, fetchDiscovery } from './discovery-fetch.ts';
import { DiscoveryFetchError, discoveryErrorReason } from './discovery-fetch-error.ts';

const FORM = 'application/json;g=apidiscovery.k8s.io;v=%;as=APIGroupDiscoveryList';

interface Document {
  readonly status: number;
  readonly fields: Fields;
  readonly body?: string;
}

/** A server that answers each path with a document, and everything else with 404. */
class DocumentServer extends FakeUpstream {
  readonly documents = new Map<string, Document>();

  constructor() {
    super((request) => this.#serve(request));
  }

  /** The aggregated documents recorded from a release. */
  serve(
    root: '/api' | '/apis',
    etag: string | undefined,
    version: 'v2' | 'v2beta1' = 'v2',
    release: '1.34.4' | '1.37.2' = '1.37.2',
  ) {
    const body = recordedText(release, `${root.slice(1)}-v2.json`).replace(
      'apidiscovery.k8s.io/v2',
      `apidiscovery.k8s.io/${version}`,
    );
    const tag = etag === undefined ? [] : ['etag', etag];
    this.documents.set(root, { status: 200, fields: ['content-type', FORM.replace('%', version), ...tag], body });
  }

  answer(path: string, status: number, body?: string): void {
    this.documents.set(path, {
      status,
      fields: ['content-type', 'application/json'],
      ...(body === undefined ? {} : { body }),
    });
  }

  get paths(): string[] {
    return this.requests.map(({ head }) => head.target).sort();
  }

  #serve(request: ArrivedRequest): void {
    const document = this.documents.get(request.head.target);
    if (document === undefined) {
      request.respond(404, ['content-type', 'text/plain'], '404 page not found');
      return;
    }
    const etag = fieldValue(document.fields, 'etag');
    const isHeld = etag !== undefined && fieldValue(request.head.fields, 'if-none-match') === etag;
    // Without the ETag that RFC 9110 asks for: what we hold must not depend on it.
    if (isHeld) request.respond(304);
    else request.respond(document.status, document.fields, document.body);
  }
}

function setUp() {
  const server = new DocumentServer();
  const options = { upstream: server, fields: ['x-remote-user', 'us'], timeoutMs: 60_000, maxBytes: 10_000_000 };
  const fetch = (previous?: FetchedDiscovery, overrides: Partial<typeof options> = {}) =>
    fetchDiscovery({ ...options, ...overrides }, previous);
  return { server, fetch };
}

function serving(): ReturnType<typeof setUp> {
  const both = setUp();
  both.server.serve('/api', '"api"');
  both.server.serve('/apis', '"apis"');
  return both;
}

describe('the first reading', () => {
  test('asks both roots as ourselves, for every shape in order of worth, without a condition', async () => {
    const { server, fetch } = serving();
    await fetch();
    assert.deepEqual(server.paths, ['/api', '/apis']);
    for (const { head } of server.requests) {
      assert.equal(head.method, 'GET');
      assert.deepEqual(head.fields.slice(0, 2), ['x-remote-user', 'us']);
      assert.deepEqual(fieldValues(head.fields, 'if-none-match'), []);
      const accept = fieldValue(head.fields, 'accept') ?? '';
      assert.deepEqual(accept.split(','), [
        `${FORM.replace('%', 'v2')};profile=nopeer`,
        FORM.replace('%', 'v2'),
        FORM.replace('%', 'v2beta1'),
        'application/json',
      ]);
    }
  });

  test('yields what the server serves and what it takes to ask for changes', async () => {
    const { server, fetch } = serving();
    const { discovery, shape, conditions } = await fetch();
    assert.deepEqual(discovery, recordedDiscovery('1.37.2'));
    assert.equal(shape, 'v2');
    const accept = fieldValue(server.requests[0]?.head.fields ?? [], 'accept');
    assert.deepEqual(conditions, { '/api': { accept, etag: '"api"' }, '/apis': { accept, etag: '"apis"' } });
  });

  test('takes v2beta1 from a server of 1.26 to 1.29', async () => {
    const { server, fetch } = setUp();
    server.serve('/api', '"api"', 'v2beta1');
    server.serve('/apis', '"apis"', 'v2beta1');
    const { discovery, shape } = await fetch();
    assert.equal(shape, 'v2beta1');
    assert.deepEqual(discovery, recordedDiscovery('1.37.2'));
  });

  test('takes compressed documents', async () => {
    const { server, fetch } = serving();
    const { handler } = server;
    server.handler = (request) => {
      assert.equal(fieldValue(request.head.fields, 'accept-encoding'), 'gzip');
      const { fields, body = '' } = server.documents.get(request.head.target) ?? { fields: [] };
      const sink = request.begin(200, [...fields, 'content-encoding', 'gzip']);
      sink.send(gzipSync(body));
      sink.end();
    };
    const { discovery, conditions } = await fetch();
    assert.deepEqual(discovery, recordedDiscovery('1.37.2'));
    assert.equal(conditions['/apis']?.etag, '"apis"');
    server.handler = handler;
  });

  test('does without conditions where the server gives no ETag', async () => {
    const { server, fetch } = setUp();
    server.serve('/api', undefined);
    server.serve('/apis', '"apis"');
    const { conditions } = await fetch();
    assert.equal(conditions['/api'], undefined);
    assert.equal(conditions['/apis']?.etag, '"apis"');
  });
});

describe('a further reading', () => {
  test('yields the very same when nothing changed', async () => {
    const { server, fetch } = serving();
    const first = await fetch();
    assert.equal(await fetch(first), first);
    assert.deepEqual(
      server.requests.slice(2).map(({ head }) => fieldValue(head.fields, 'if-none-match')),
      ['"api"', '"apis"'],
    );
  });

  for (const [changed, kept] of [
    ['/api', '/apis'],
    ['/apis', '/api'],
  ] as const) {
    test(`takes a changed ${changed} and keeps ${kept} as it was`, async () => {
      const { server, fetch } = serving();
      const first = await fetch();
      server.serve(changed, '"new"', 'v2', '1.34.4');
      const second = await fetch(first);
      const other = recordedDiscovery('1.34.4');
      const root = changed === '/api' ? 'api' : 'apis';
      assert.deepEqual(second.discovery, { ...first.discovery, [root]: other[root] });
      assert.deepEqual(second.conditions[kept], first.conditions[kept]);
      assert.equal(second.conditions[changed]?.etag, '"new"');
      assert.equal(await fetch(second), second);
    });
  }

  test('is conditional only where there was an ETag', async () => {
    const { server, fetch } = setUp();
    server.serve('/api', undefined);
    server.serve('/apis', '"apis"');
    const first = await fetch();
    const second = await fetch(first);
    assert.deepEqual(second, first);
    assert.deepEqual(
      server.requests.slice(2).map(({ head }) => fieldValue(head.fields, 'if-none-match')),
      [undefined, '"apis"'],
    );
  });

  test('follows a server that was exchanged for an older one', async () => {
    const { server, fetch } = serving();
    const first = await fetch();
    server.answer('/api', 200, recordedText('1.34.4', 'legacy/api.json'));
    server.answer('/apis', 200, '{"kind":"APIGroupList","groups":[]}');
    server.answer('/api/v1', 200, recordedText('1.34.4', 'legacy/api-v1.json'));
    const second = await fetch(first);
    assert.equal(second.shape, 'legacy');
    assert.deepEqual(second.conditions, { '/api': undefined, '/apis': undefined });
    assert.deepEqual(entrySet(second.discovery), entrySet({ api: recordedDiscovery('1.34.4').api, apis: [] }));
  });

  test('follows a server that was exchanged for a newer one', async () => {
    const { server, fetch } = setUp();
    server.answer('/api', 200, '{"kind":"APIVersions","versions":[]}');
    server.answer('/apis', 200, '{"kind":"APIGroupList","groups":[]}');
    const first = await fetch();
    assert.equal(first.shape, 'legacy');
    server.serve('/api', '"api"');
    server.serve('/apis', '"apis"');
    const second = await fetch(first);
    assert.deepEqual([second.shape, second.conditions['/api']?.etag], ['v2', '"api"']);
  });
});

describe('a reading fails, and the caller keeps what it has', () => {
  for (const root of ['/api', '/apis'] as const) {
    for (const [status, hint, isRefusal] of [
      [401, '--requestheader-client-ca-file', true],
      [403, 'RBAC', true],
      [404, '', false],
      [500, '', false],
      [503, '', false],
    ] as const) {
      test(`when ${root} is answered ${status}, and says so`, async () => {
        const { server, fetch } = serving();
        const first = await fetch();
        server.answer(root, status, 'no');
        for (const previous of [first, undefined]) {
          await assert.rejects(fetch(previous), (error) => {
            assert.ok(error instanceof DiscoveryFetchError);
            assert.deepEqual([error.status, error.isRefusal], [status, isRefusal]);
            assert.ok(error.message.includes(`GET ${root} was answered ${status}`), error.message);
            assert.ok(error.message.includes(hint), error.message);
            return true;
          });
        }
      });
    }

    test(`when ${root} is answered 429, with a reason for metrics`, async () => {
      const { server, fetch } = serving();
      server.answer(root, 429, 'no');
      await assert.rejects(fetch(), (error) => discoveryErrorReason(error) === 'status-4xx');
    });

    test(`when ${root} is answered 304 to no condition`, async () => {
      const { server, fetch } = serving();
      server.documents.set(root, { status: 304, fields: [] });
      await assert.rejects(fetch(), DiscoveryFetchError);
    });

    test(`when ${root} is no JSON, or no discovery`, async () => {
      for (const body of ['{"kind"', '[]', '{"kind":"Status","apiVersion":"v1"}']) {
        const { server, fetch } = serving();
        server.documents.set(root, { status: 200, fields: ['content-type', FORM.replace('%', 'v2')], body });
        await assert.rejects(fetch(), (error) => discoveryErrorReason(error) === 'malformed');
      }
    });

    test(`when ${root} cannot be fetched`, async () => {
      const { server, fetch } = serving();
      const { handler } = server;
      server.handler = (request) => (request.head.target === root ? request.fail() : handler?.(request));
      await assert.rejects(fetch(), FetchError);
    });
  }

  test('when a document is larger than allowed', async () => {
    const { fetch } = serving();
    await assert.rejects(fetch(undefined, { maxBytes: 1_000 }), /more than 1000 bytes/);
  });

  test('when the server does not answer in time, whose requests are then given up', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { server, fetch } = setUp();
    server.handler = undefined;
    const outcome = assert.rejects(fetch(), /within 60000 ms/);
    t.mock.timers.tick(60_000);
    await outcome;
    // Each is given up in a turn of its own.
    await new Promise(setImmediate);
    assert.deepEqual(
      server.requests.map(({ resetReason }) => resetReason),
      ['timeout', 'timeout'],
    );
  });
});

describe('a server without aggregated discovery', () => {
  /** What 1.34.4 answers to plain JSON, one document per group-version. */
  const WALKING = 'application/json;profile=nopeer';

  function legacy() {
    const both = setUp();
    const { server } = both;
    server.answer('/api', 200, recordedText('1.34.4', 'legacy/api.json'));
    server.answer('/apis', 200, recordedText('1.34.4', 'legacy/apis.json'));
    server.answer('/api/v1', 200, recordedText('1.34.4', 'legacy/api-v1.json'));
    for (const { metadata, versions = [] } of recordedDiscovery('1.34.4').apis) {
      for (const { version } of versions) {
        const file = `legacy/apis-${metadata.name}-${version}.json`;
        server.answer(`/apis/${metadata.name}/${version}`, 200, recordedText('1.34.4', file));
      }
    }
    return both;
  }

  test('is read document by document and says the same as its aggregated twin', async () => {
    const { discovery, shape, conditions } = await legacy().fetch();
    assert.equal(shape, 'legacy');
    assert.deepEqual(conditions, { '/api': undefined, '/apis': undefined });
    assert.deepEqual(entrySet(discovery), entrySet(recordedDiscovery('1.34.4')));
  });

  for (const aggregated of ['/api', '/apis'] as const) {
    test(`is read document by document though it aggregates ${aggregated}`, async () => {
      const { server, fetch } = legacy();
      const { handler } = server;
      const twin = serving().server;
      server.handler = (request) => {
        const asksForAll = fieldValue(request.head.fields, 'accept') !== WALKING;
        (request.head.target === aggregated && asksForAll ? twin : { handler }).handler?.(request);
      };
      const { discovery, shape } = await fetch();
      assert.equal(shape, 'legacy');
      assert.deepEqual(entrySet(discovery), entrySet(recordedDiscovery('1.34.4')));
    });
  }

  test('is asked as ourselves, for what it serves itself, in JSON, with a bounded number of requests at once', async () => {
    const { server, fetch } = legacy();
    const { handler } = server;
    let most = 0;
    server.handler = (request) => {
      most = Math.max(most, server.inFlight);
      setImmediate(() => handler?.(request));
    };
    await fetch();
    assert.ok(most > 1 && most <= 8, String(most));
    for (const { head } of server.requests.slice(2)) {
      assert.deepEqual(head.fields, ['x-remote-user', 'us', 'accept', WALKING]);
    }
  });

  const GONE = 'batch/v1';

  test('is asked also for what it served before, because its list of groups lacks what others deleted', async () => {
    const { server, fetch } = legacy();
    const first = await fetch();
    const groups = recordedText('1.34.4', 'legacy/apis.json').replace(/\{\s*"name": "batch"[\s\S]*?\}\s*\}\s*,/, '');
    assert.ok(!groups.includes('"batch"'));
    server.answer('/apis', 200, groups);
    const second = await fetch(first);
    assert.deepEqual(entrySet(second.discovery), entrySet(first.discovery));
  });

  test('no longer serves what it answers with 404, though its list of groups names it', async () => {
    const { server, fetch } = legacy();
    server.answer(`/apis/${GONE}`, 404, 'no');
    const { discovery } = await fetch();
    assert.ok(!discovery.apis.some(({ metadata }) => metadata.name === 'batch'));
  });

  const FAILURES = [
    ['503', (server) => server.answer(`/apis/${GONE}`, 503, 'no')],
    [
      '503 and a list',
      (server) => server.answer(`/apis/${GONE}`, 503, recordedText('1.34.4', 'legacy/apis-batch-v1.json')),
    ],
    ['no JSON', (server) => server.answer(`/apis/${GONE}`, 200, '<html>')],
    ['another kind', (server) => server.answer(`/apis/${GONE}`, 200, '{"kind":"APIGroup","name":"batch"}')],
    [
      'a failure',
      (server) => {
        const { handler } = server;
        server.handler = (request) => (request.head.target === `/apis/${GONE}` ? request.fail() : handler?.(request));
      },
    ],
  ] as const satisfies readonly (readonly [string, (server: DocumentServer) => void])[];

  for (const [name, fail] of FAILURES) {
    test(`keeps a group-version that is answered with ${name} as Stale, and the others as they are`, async () => {
      const { server, fetch } = legacy();
      fail(server);
      const { discovery } = await fetch();
      assert.deepEqual(staleVersions(discovery), [GONE]);
      const expected = recordedDiscovery('1.34.4');
      const others = expected.apis.filter(({ metadata }) => metadata.name !== 'batch');
      for (const entry of entrySet({ ...expected, apis: others })) assert.ok(entrySet(discovery).has(entry), entry);
    });
  }

  for (const [name, fail] of FAILURES) {
    test(`keeps the resources of a group-version that is answered with ${name}, for as long as it is`, async () => {
      const { server, fetch } = legacy();
      const first = await fetch();
      const { handler } = server;
      fail(server);
      const [second, third] = [await fetch(first), await fetch(await fetch(first))];
      for (const { discovery, problem } of [second, third]) {
        assert.deepEqual(entrySet(discovery), entrySet(first.discovery));
        assert.deepEqual(staleVersions(discovery), [GONE]);
        assert.ok(problem?.message.includes(GONE) || problem?.message.includes('connection refused'), problem?.message);
      }
      server.handler = handler;
      server.answer(`/apis/${GONE}`, 200, recordedText('1.34.4', 'legacy/apis-batch-v1.json'));
      const last = await fetch(third);
      assert.deepEqual([last.discovery, last.problem], [first.discovery, undefined]);
    });
  }

  test('is the very same document when nothing changed, though nothing says so', async () => {
    const { fetch } = legacy();
    const first = await fetch();
    assert.equal((await fetch(first)).discovery, first.discovery);
  });

  test('that does not answer for its lists is not waited for beyond the time for all', async (t) => {
    const { server, fetch } = legacy();
    const first = await fetch();
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { handler } = server;
    const asked: string[] = [];
    server.handler = (request) => {
      const { target } = request.head;
      if (target.split('/').length < 3) return handler?.(request);
      asked.push(target);
      // The first eight, so that nobody else has a turn.
      if (asked.length === 8) setImmediate(() => t.mock.timers.tick(60_000));
    };
    const { discovery, problem } = await fetch(first);
    assert.equal(asked.length, 8);
    assert.deepEqual(entrySet(discovery), entrySet(first.discovery));
    assert.equal(problem?.reason, 'timeout');
    assert.match(problem?.message ?? '', /had no turn, or no answer, within the 60000 ms .* \(and \d+ more like it\)/);
  });

  for (const [path, status] of [
    ['/api', 500],
    ['/apis', 403],
  ] as const) {
    test(`cannot be read when ${path} is answered ${status} to plain JSON`, async () => {
      const { server, fetch } = legacy();
      const { handler } = server;
      server.handler = (request) =>
        request.head.target === path && fieldValue(request.head.fields, 'accept') === WALKING
          ? request.respond(status, [], 'no')
          : handler?.(request);
      await assert.rejects(fetch(), new RegExp(`GET ${path} was answered ${status}`));
    });
  }
});

function staleVersions({ apis }: ServerDiscovery): readonly string[] {
  return apis.flatMap(({ metadata, versions = [] }) =>
    versions.filter(({ freshness }) => freshness === 'Stale').map(({ version }) => `${metadata.name}/${version}`),
  );
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { discoveryContent, encodeDiscovery } from '../../discovery/representation.ts';
import { serverDiscovery } from '../../discovery/server-discovery.ts';
import { apiGroup, apiResource, apiVersion } from '../../kubernetes/aggregated-discovery.ts';
import { recordedText } from '../../kubernetes/testing/recorded-documents.ts';
import type { Fields } from '../../wire/fields.ts';
import { DiscoveryFetchError, discoveryErrorReason } from './discovery-fetch-error.ts';
import { readGroups } from './read-document.ts';

const MEBIBYTE = 1024 * 1024;
const LIMITS = { maxBytes: 16 * MEBIBYTE, timeoutMs: 60_000 };
const JSON_TYPE = ['content-type', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'];

function read(body: string | Buffer, fields: Fields = [], limits: Partial<typeof LIMITS> = {}) {
  const response = { status: 200, fields: [...JSON_TYPE, ...fields], body: Buffer.from(body) };
  return readGroups('/apis', response, { ...LIMITS, ...limits });
}

/** A server with that many custom resources, five to a group. */
function giant(count: number) {
  const groups = Array.from({ length: count / 5 }, (_, g) =>
    apiGroup(`team${g}.platform.example.com`, [
      apiVersion({
        version: 'v1beta1',
        resources: Array.from({ length: 5 }, (_, r) =>
          apiResource({
            resource: `manageddatabaseinstances${r}`,
            responseKind: { group: '', version: '', kind: `ManagedDatabaseInstance${r}` },
            scope: 'Namespaced',
            singularResource: `manageddatabaseinstance${r}`,
            verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
            categories: ['managed'],
          }),
        ),
        freshness: 'Current',
      }),
    ]),
  );
  return serverDiscovery([], groups).apis;
}

const encoded = (groups: ReturnType<typeof giant>) => Buffer.from(encodeDiscovery(discoveryContent(groups), 'v2'));

/** How many turns of the event loop others got until `work` was over. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let over = false;
  const count = () => {
    turns++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  await work
    .catch(() => {})
    .finally(() => {
      over = true;
    });
  return turns;
}

async function failure(work: Promise<unknown>): Promise<readonly [reason: string, message: string]> {
  const error: unknown = await work.then(
    () => assert.fail('it was read'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error);
  return [discoveryErrorReason(error), error.message];
}

describe('a large document', () => {
  const groups = giant(5_000);

  test('is read as a small one is, and requests get turns meanwhile', async () => {
    const body = encoded(groups);
    assert.ok(body.length > MEBIBYTE);
    const work = read(body);
    const turns = await turnsDuring(work);
    assert.deepEqual(await work, groups);
    assert.ok(turns > 100, `${turns} turns`);
  });

  test('may be compressed', async () => {
    assert.deepEqual(await read(gzipSync(encoded(groups)), ['content-encoding', 'gzip']), groups);
  });

  test('that is another one is refused with its place', async () => {
    const [reason, message] = await failure(read(encoded(groups).toString().replace('"team900.', '5,"x":".')));
    assert.equal(reason, 'malformed');
    assert.match(message, /\/apis: .*\$\.items\[900\]\.metadata\.name is a number/);
  });
});

const DISCOVERY = '{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":';

for (const [name, text, why] of [
  ['nested 100 000 deep', '['.repeat(100_000) + ']'.repeat(100_000), /nested more than 64 deep/],
  [
    'nested 100 000 deep in a field of a group',
    `${DISCOVERY}[{"metadata":${'{"name":'.repeat(100_000)}1${'}'.repeat(100_000)}}]}`,
    /nested more than 64 deep/,
  ],
  ['nested 16 000 000 deep', '['.repeat(16 * MEBIBYTE), /nested more than 64 deep/],
  ['of five million empty objects', `[${'{},'.repeat(5 * MEBIBYTE)}{}]`, /more objects and lists/],
  ['of a million lists', `${DISCOVERY}[],"x":[${'["{[\\\\\\"",0],'.repeat(MEBIBYTE)}0]}`, /more objects and lists/],
] as const) {
  test(`JSON ${name} is refused before it takes many times its size`, async () => {
    const [reason, message] = await failure(read(text));
    assert.equal(reason, 'malformed');
    assert.match(message, why);
  });
}

test('brackets and quotes in names count for nothing', async () => {
  const groups = [apiGroup('["{\\'.repeat(200), [apiVersion({ version: '}]', freshness: 'Current' })])];
  assert.deepEqual(await read(encoded(groups)), groups);
});

/** JSON.parse takes a second or two for it. */
test('a document of half a million different shapes holds no request up', async () => {
  const shapes = Array.from({ length: MEBIBYTE / 2 }, (_, i) => `{"${i.toString(36).padStart(20, 'a')}":1}`);
  const work = read(`${DISCOVERY}{"x":[${shapes.join()}]}}`);
  const turns = await turnsDuring(work);
  const [reason, message] = await failure(work);
  assert.equal(reason, 'malformed');
  assert.match(message, /\$\.items is an object/);
  assert.ok(turns > 100, `${turns} turns`);
});

test('a document that takes too long to read is given up', async () => {
  const [reason, message] = await failure(read(' '.repeat(8 * MEBIBYTE), [], { timeoutMs: 1 }));
  assert.equal(reason, 'malformed');
  assert.match(message, /more than 1 ms to read/);
});

describe('compression', () => {
  const text = recordedText('1.37.2', 'apis-v2.json');

  test('is undone', async () => {
    assert.deepEqual(await read(gzipSync(text), ['content-encoding', 'gzip']), await read(text));
  });

  test('a zip bomb is given up at the bound, before it is in memory', async () => {
    const bomb = gzipSync(Buffer.alloc(256 * MEBIBYTE, ' '));
    const before = process.memoryUsage().external;
    const [reason, message] = await failure(read(bomb, ['content-encoding', 'gzip']));
    assert.equal(reason, 'too-large');
    assert.match(message, new RegExp(`more than ${16 * MEBIBYTE} bytes, compressed to ${bomb.length}`));
    assert.ok(process.memoryUsage().external - before < 64 * MEBIBYTE);
  });

  test('that is cut or damaged is refused', async () => {
    const whole = gzipSync(text);
    for (const damaged of [
      whole.subarray(0, whole.length / 2),
      whole.subarray(0, 5),
      Buffer.from(text),
      whole.toReversed(),
    ]) {
      const [reason, message] = await failure(read(Buffer.from(damaged), ['content-encoding', 'gzip']));
      assert.deepEqual([reason, message], ['malformed', 'GET /apis was answered with gzip that is cut or damaged']);
    }
  });

  test('of another kind is refused', async () => {
    const [reason, message] = await failure(read(text, ['content-encoding', 'zstd']));
    assert.equal(reason, 'malformed');
    assert.match(message, /content coding zstd/);
  });
});

test('what is not called JSON is not read', async () => {
  const text = recordedText('1.37.2', 'apis-v2.json');
  for (const type of ['text/html; charset=utf-8', 'application/jsonp', 'application/vnd.kubernetes.protobuf', '']) {
    const response = { status: 200, fields: type === '' ? [] : ['content-type', type], body: Buffer.from(text) };
    const error = await readGroups('/apis', response, LIMITS).catch((reason) => reason);
    assert.ok(error instanceof DiscoveryFetchError);
    assert.equal(error.reason, 'malformed');
    assert.ok(error.message.includes(type === '' ? 'no content type' : type), error.message);
  }
  const response = {
    status: 200,
    fields: ['content-type', 'Application/JSON ; charset=utf-8'],
    body: Buffer.from(text),
  };
  assert.ok((await readGroups('/apis', response, LIMITS)).length > 0);
});

test('what is no JSON is quoted from its beginning', async () => {
  const [reason, message] = await failure(read('<html><title>Sign in to continue to the console</title></html>'));
  assert.deepEqual(
    [reason, message],
    ['malformed', 'GET /apis: the answer is not JSON, it begins with "<html><title>Sign in to continue to the "'],
  );
});

describe('what servers have in common', () => {
  const groupsOf = (...names: readonly string[]) =>
    serverDiscovery(
      [],
      names.map((name) =>
        apiGroup(`${name}.shared.example.com`, [apiVersion({ version: 'v1', freshness: 'Current' })]),
      ),
    ).apis;

  test('is one object: equal documents, read at once or later', async () => {
    const body = encoded(groupsOf('a', 'b'));
    const [one, other] = await Promise.all([read(body), read(Buffer.from(body))]);
    assert.equal(one, other);
    assert.equal(await read(gzipSync(body), ['content-encoding', 'gzip']), one);
  });

  test('is one object: equal groups of different documents, small or large', async () => {
    const small = await read(encoded(groupsOf('a', 'b')));
    const other = await read(encoded(groupsOf('c', 'b')));
    assert.equal(other[1], small[1]);
    assert.notEqual(other[0], small[0]);
    const large = await read(encoded([...giant(2_000), ...groupsOf('b')]));
    assert.equal(large.at(-1), small[1]);
  });

  test('is forgotten when a document cannot be read, so that it is tried again', async () => {
    const broken = '{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":5}';
    const failures = await Promise.all([failure(read(broken)), failure(read(broken))]);
    assert.deepEqual(failures[0], failures[1]);
    assert.deepEqual(await failure(read(broken)), failures[0]);
  });
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ArrivedRequest, FakeUpstream } from '../../test/support/fake-upstream.ts';
import { settled } from '../../test/support/proxy-setting.ts';
import { fieldValue } from '../wire/fields.ts';
import { TypeDeclarations } from './type-declarations.ts';

const WIDGETS = { group: 'example.com', version: 'v1', resource: 'widgets' };
const DEFINITION = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com';
const SERVICE = '/apis/apiregistration.k8s.io/v1/apiservices/v1.example.com';

const definition = (uid: string, ...conditions: readonly (readonly [string, string])[]) => ({
  metadata: { uid },
  spec: { versions: [{ name: 'v1', served: true }] },
  status: { conditions: conditions.map(([type, status]) => ({ type, status })) },
});
const ESTABLISHED = definition('crd', ['NamesAccepted', 'True'], ['Established', 'True']);
const AGGREGATED = { metadata: { uid: 'service' }, spec: { service: { name: 'a', namespace: 'b' } } };

function setUp(t: TestContext, overrides: { listed?: boolean } = {}) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 1_000_000;
  const warnings: string[] = [];
  const objects = new Map<string, unknown>();
  const answer = (request: ArrivedRequest) => {
    const object = objects.get(request.head.target);
    if (object === undefined) request.respond(404, [], '{}');
    else if (typeof object === 'number') request.respond(object, [], 'no');
    else request.respond(200, [], JSON.stringify(object));
  };
  const servers = [new FakeUpstream(answer), new FakeUpstream(answer), new FakeUpstream(answer)];
  const asked: string[] = [];
  const ignore = () => {};
  const declarations = new TypeDeclarations({
    servers: ({ resource }) => {
      asked.push(resource);
      return servers;
    },
    lists: () => overrides.listed ?? false,
    fields: ['x-remote-user', 'me'],
    logger: { debug: ignore, info: ignore, error: ignore, warn: (message) => warnings.push(message) },
    clock: () => now,
  });
  return {
    declarations,
    objects,
    servers,
    asked,
    warnings,
    /** What is found now, whatever was found before. */
    look: (type = WIDGETS) => declarations.isSettling(type, now),
    pass: (milliseconds: number) => {
      now += milliseconds;
      t.mock.timers.tick(milliseconds);
    },
    now: () => now,
    paths: () => servers.flatMap(({ requests }) => requests.map(({ head }) => head.target)),
  };
}

test('a type that nobody declares is not settling', async (t) => {
  const { look, paths, servers } = setUp(t);
  assert.equal(await look(), false);
  assert.deepEqual(paths(), [DEFINITION, SERVICE]);
  const [request] = servers[0]?.requests ?? [];
  assert.equal(request && fieldValue(request.head.fields, 'x-remote-user'), 'me');
});

test('a definition is settling until it is Established, and ten seconds more from our first sight of that', async (t) => {
  const { look, objects, pass } = setUp(t);
  objects.set(DEFINITION, definition('crd', ['NamesAccepted', 'True']));
  assert.equal(await look(), true);
  pass(60_000);
  assert.equal(await look(), true);
  objects.set(DEFINITION, ESTABLISHED);
  pass(1_000);
  assert.equal(await look(), true);
  pass(9_000);
  assert.equal(await look(), true);
  pass(1_000);
  assert.equal(await look(), false);
  objects.set(DEFINITION, { ...ESTABLISHED, metadata: { uid: 'another' } });
  pass(1_000);
  assert.equal(await look(), true, 'it was deleted and created again');
});

test('an aggregated version is settling for ten seconds, unless somebody lists it', async (t) => {
  const { look, objects, pass } = setUp(t);
  objects.set(SERVICE, AGGREGATED);
  assert.equal(await look(), true);
  pass(10_000);
  assert.equal(await look(), false);
});

test('what is listed has what it has', async (t) => {
  const { look, objects, paths } = setUp(t, { listed: true });
  objects.set(SERVICE, AGGREGATED);
  assert.equal(await look(), false);
  assert.deepEqual(paths(), [DEFINITION]);
});

for (const type of [
  { group: '', version: 'v1', resource: 'podz' },
  { group: 'apps', version: 'v1', resource: 'deploymentz' },
  { group: 'storage.k8s.io', version: 'v1', resource: 'csinodez' },
  { group: 'example', version: 'v1', resource: 'widgets' },
  { group: 'example.com', version: 'v1', resource: 'a/b?c=' },
  { group: 'example.com', version: 'v1', resource: '..' },
  { group: 'Example.com', version: 'v1', resource: 'widgets' },
  { group: 'example.com', version: 'v1', resource: 'a'.repeat(250) },
]) {
  test(`${JSON.stringify(type).slice(0, 80)} is no type that is declared: nobody is asked`, async (t) => {
    const { look, asked } = setUp(t);
    assert.equal(await look(type), false);
    assert.deepEqual(asked, []);
  });
}

test('who asked before a look began shares it; who asks later gets a new one, 200 ms apart', async (t) => {
  const { declarations, objects, paths, pass, now } = setUp(t, { listed: true });
  const since = now();
  const ask = (at: number) => declarations.isSettling(WIDGETS, at);
  assert.deepEqual(await Promise.all([ask(since), ask(since), ask(since - 5)]), [false, false, false]);
  assert.equal(paths().length, 1);
  assert.equal(await ask(since), false, 'the look began late enough');
  assert.equal(paths().length, 1);

  objects.set(DEFINITION, ESTABLISHED);
  pass(10);
  const later = Promise.all([ask(now()), ask(now())]);
  await settled();
  assert.equal(paths().length, 1);
  pass(190);
  assert.deepEqual(await later, [true, true], 'no answer from before they asked');
  assert.equal(paths().length, 2);
});

test('clients cannot make it ask for more than a few types at once, and the rest follow', async (t) => {
  const { declarations, servers, now } = setUp(t, { listed: true });
  const held: ArrivedRequest[] = [];
  for (const server of servers) server.handler = (request) => held.push(request);
  const answers = Array.from({ length: 50 }, (_, i) =>
    declarations.isSettling({ ...WIDGETS, resource: `r${i}` }, now()),
  );
  await settled();
  assert.equal(held.length, 16);
  for (let turn = 0; turn < 10; turn++) {
    for (const request of held.splice(0)) request.respond(404, [], '{}');
    await settled();
  }
  assert.ok((await Promise.all(answers)).every((answer) => !answer));
});

test('a server that fails or is busy is followed by one other', async (t) => {
  const { look, servers, objects } = setUp(t, { listed: true });
  const [first, second, third] = servers;
  assert.ok(first && second && third);
  first.handler = (request) => request.fail({ cause: 'connection' });
  objects.set(DEFINITION, ESTABLISHED);
  assert.equal(await look(), true);
  second.handler = (request) => request.respond(503, [], 'no');
  assert.equal(await look({ ...WIDGETS, resource: 'gadgets' }), false);
  assert.equal(third.requests.length, 0);
});

test('one that never answers is waited for a second', async (t) => {
  const { look, servers, objects, pass } = setUp(t, { listed: true });
  const [first] = servers;
  assert.ok(first);
  first.handler = () => {};
  objects.set(DEFINITION, ESTABLISHED);
  const found = look();
  await settled();
  pass(1_000);
  assert.equal(await found, true);
});

test('who may not look finds nothing, and says so once', async (t) => {
  const { look, objects, warnings, pass } = setUp(t);
  objects.set(DEFINITION, 403);
  objects.set(SERVICE, 403);
  assert.equal(await look(), false);
  pass(500);
  assert.equal(await look(), false);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /customresourcedefinitions/);
});

test('what is no JSON declares nothing', async (t) => {
  const { look, servers } = setUp(t, { listed: true });
  for (const server of servers) server.handler = (request) => request.respond(200, [], '<html>');
  assert.equal(await look(), false);
});

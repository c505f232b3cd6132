import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startEmbeddedPlane } from '../plane/embedded-plane.ts';
import type { LabServer } from '../plane/lab-server.ts';
import { DEFAULT_BOUNDS } from './bounds.ts';
import { Measurements } from './measurements.ts';
import type { TimelineMark } from './result.ts';
import { ServedHistory, typeName } from './served-history.ts';
import { Stage } from './stage.ts';
import { giveWrong404 } from './wrong-404.ts';

const ignore = (): void => {};
const TYPE = { group: 'resource.k8s.io', version: 'v1', resource: 'devicetaintrules' };
const PATH = '/apis/resource.k8s.io/v1/devicetaintrules';

/** A stage with one server and nothing in front of it. */
async function oneServer(t: TestContext) {
  const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const plane = await startEmbeddedPlane({ versions: ['1.37'], builtIn: 'none', logger });
  t.after(() => plane.close());
  const [server] = plane.servers;
  assert.ok(server !== undefined);
  const served = new ServedHistory();
  served.ready(server.name, [typeName(TYPE)], 0);
  const marks: TimelineMark[] = [];
  const measurements = new Measurements(served, (mark) => marks.push(mark));
  const stopped = new AbortController();
  const bounds = { ...DEFAULT_BOUNDS, requestMs: 5_000 };
  const parts = { plane, url: server.url, bounds, random: () => 0, measurements, served, stopped: stopped.signal };
  const stage = new Stage(parts);
  t.after(() => stage.close());
  return { server, stage, measurements, marks, stopped };
}

async function statusOf(stage: Stage, server: LabServer): Promise<number> {
  return (await stage.direct(server).request('GET', PATH)).status;
}

test('a server denies a type that it lists while a client asks, and then serves it again', async (t) => {
  const { server, stage, measurements, marks } = await oneServer(t);
  await giveWrong404(stage, server, { group: TYPE.group, resource: TYPE.resource, isHeld: false }, undefined);
  const { total, byClient, byResource } = measurements.false404Findings();
  assert.deepEqual(byClient, [{ client: 'kube-state-metrics', count: total }]);
  assert.deepEqual(byResource, [{ ...TYPE, count: total }]);
  assert.ok(total > 0);
  assert.ok(marks.some(({ text }) => text === `kube-state-metrics was told ${total} times that there is no such type`));
  assert.equal(await statusOf(stage, server), 200);
});

test('held, it denies the type until the rehearsal is stopped, and lists it all the while', async (t) => {
  const { server, stage, measurements, marks, stopped } = await oneServer(t);
  const wrong = { group: TYPE.group, resource: TYPE.resource, isHeld: true };
  const given = giveWrong404(stage, server, wrong, 'http://127.0.0.1:6444');
  while (measurements.false404s < 12) await stage.rest(20);
  assert.equal(await statusOf(stage, server), 404);
  assert.ok((await stage.ownTypes(server)).some((type) => typeName(type) === typeName(TYPE)));
  assert.ok(
    marks.some(({ text }) => /until Ctrl-C; the proxy's admin listener is http:\/\/127\.0\.0\.1:6444$/.test(text)),
  );
  stopped.abort();
  await assert.rejects(given, { name: 'AbortError' });
});

test('a type that the server does not list cannot be denied', async (t) => {
  const { server, stage } = await oneServer(t);
  await assert.rejects(
    giveWrong404(stage, server, { group: 'apps', resource: 'nothings', isHeld: false }, undefined),
    /server-1 \(1\.37\.2\) lists no nothings\.apps, so it cannot deny it/,
  );
});

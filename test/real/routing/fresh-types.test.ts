import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { eventually } from '../support/eventually.ts';
import { DEFINITIONS, gadget, gadgetObject } from '../support/gadget.ts';
import { type Answer, type HttpClient, type HttpRequest, httpClient } from '../support/http-client.ts';
import { metricSum } from '../support/metrics.ts';

const ROUNDS = 60;

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const gateway = await startProxy(controlPlane, { name: 'gateway' });
const sidecar = await startProxy(controlPlane, {
  name: 'sidecar',
  extraArgs: [`--local-server=${controlPlane.server('old').url}`],
});

const { pki } = controlPlane;
const clientOf = (url: string): HttpClient => {
  const client = httpClient({ url, protocol: 'h2', ca: pki.servingCa.cert, certificate: pki.admin });
  after(() => client.close());
  return client;
};
/** Definitions are created through both servers, past any proxy; the proxies hear of them when they are asked for objects. */
const direct = controlPlane.servers.map(({ url }) => clientOf(url));
const proxied = [gateway.url, sidecar.url, gateway.url, sidecar.url].map(clientOf);

const textOf = ({ status, body }: Answer) => `${status} ${body}`;

async function asked(client: HttpClient | undefined, request: HttpRequest): Promise<Answer> {
  assert.ok(client);
  return client.request(request);
}

/**
 * As client-go does, repeats what kube-apiserver turns away with "apiserver is shutting down" and Retry-After when it hears of a
 * definition while it prepares its first requests, at each server anew. Whoever asks one server alone gets it too.
 */
async function answered(client: HttpClient | undefined, request: HttpRequest): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await asked(client, request);
    if (attempt === 10 || answer.status !== 503 || !textOf(answer).includes('apiserver is shutting down'))
      return answer;
    await delay(1_000);
  }
}

/** kube-apiserver itself keeps the first request for a new type waiting for two seconds. */
const LANES = 4;

test(`${ROUNDS} types are used through the proxy at once after they were declared: no 404, no error`, async (t) => {
  const failures: string[] = [];
  let next = 0;
  const use = async (round: number): Promise<void> => {
    const type = gadget(`fresh-${round}`);
    // Through the proxy itself every third time.
    const creator = round % 3 === 2 ? proxied[(round + 1) % proxied.length] : direct[round % direct.length];
    const defined = await asked(creator, { method: 'POST', target: DEFINITIONS, body: type.definition });
    assert.equal(defined.status, 201, textOf(defined));
    const client = proxied[round % proxied.length];
    const object = await answered(client, { method: 'POST', target: type.collection, body: gadgetObject(type) });
    if (object.status !== 201) failures.push(`create ${round}: ${textOf(object)}`);
    const read = await answered(proxied[(round + 1) % proxied.length], { target: `${type.collection}/first` });
    if (read.status !== 200) failures.push(`read ${round}: ${textOf(read)}`);
    const missing = await answered(client, { target: `${type.collection}/none` });
    if (!textOf(missing).includes('"name":"none"')) failures.push(`miss ${round}: ${textOf(missing)}`);
  };
  const lane = async (): Promise<void> => {
    while (next < ROUNDS) await use(next++);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  assert.deepEqual(failures, []);
  const count = async (labels: string) => {
    const sums = [gateway, sidecar].map((one) => metricSum(one, 'mvproxy_false_404_prevented_total', labels));
    return (await Promise.all(sums)).reduce((sum, each) => sum + each, 0);
  };
  t.diagnostic(
    `${await count('how="awaited"')} types were waited for, ${await count('how="healed"')} denied by a server`,
  );
});

test('a type that is deleted is 404 soon, through every proxy', async () => {
  const { collection, definitionPath } = gadget('fresh-0');
  const deleted = await asked(direct[0], { method: 'DELETE', target: definitionPath });
  assert.equal(deleted.status, 200, textOf(deleted));
  for (const client of proxied) {
    await eventually('the type is unknown', async () => (await asked(client, { target: collection })).status === 404);
  }
});

test('a type in the group of a fresh one that nobody declared is 404 at once', async () => {
  const target = gadget('fresh-1').collection.replace('gadgets', 'gizmos');
  for (const client of proxied) assert.equal((await answered(client, { target })).status, 404);
});

test('a definition whose names are taken is 404, not waited for', async () => {
  const { definition, group } = gadget('fresh-1');
  const taken = JSON.parse(JSON.stringify(definition).replaceAll('gadgets', 'others'));
  const defined = await asked(direct[0], { method: 'POST', target: DEFINITIONS, body: taken });
  assert.equal(defined.status, 201, textOf(defined));
  const target = `/apis/${group}/v1/others`;
  for (const client of proxied) {
    await eventually('the type is unknown', async () => (await asked(client, { target })).status === 404);
  }
});

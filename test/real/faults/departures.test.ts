import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { V2 } from '../support/aggregated-discovery.ts';
import { ContradictionWatch, countValues, FALSE_404 } from '../support/contradictions.ts';
import { eventually } from '../support/eventually.ts';
import { type HttpClient, httpClient } from '../support/http-client.ts';
import { IdentityLeaseChurn } from '../support/identity-leases.ts';
import { JOB_WORK, JOBS, makeReadObjects, WITHOUT_JOBS } from '../support/object-work.ts';
import { ServerList } from '../support/server-list.ts';
import { aggregated } from '../support/shapes.ts';

const LEASE_PAUSE_MS = 300;
/** Looks at the proxy before and after; each takes some milliseconds. */
const LOOK_MS = 700;
const AFTER_MS = 2_500;
const MERGED = aggregated('merged', V2);

const controlPlane = await startControlPlane({
  servers: [
    { name: 'lacking', version: '1.34.4', runtimeConfig: WITHOUT_JOBS },
    { name: 'capable', version: '1.36.3', extraArgs: ['--shutdown-watch-termination-grace-period=1s'] },
  ],
});
after(() => controlPlane.stop());
const capable = controlPlane.server('capable');
const list = await ServerList.create(controlPlane);
const proxy = await startProxy(controlPlane, list.proxyOptions);
const client = clientOf(proxy.url);
const owner = clientOf(controlPlane.server('lacking').url);
after(() => {
  client.close();
  owner.close();
});
await makeReadObjects(client, JOB_WORK);

function clientOf(url: string): HttpClient {
  const { servingCa, admin } = controlPlane.pki;
  return httpClient({ url, protocol: 'h2', ca: servingCa.cert, certificate: admin });
}

/** What was said while the last capable server left, in whatever way, and identity Leases of others came and went. */
async function saidWhile(name: string, leave: () => Promise<unknown>): Promise<ContradictionWatch> {
  await eventually('Jobs are served', async () => (await client.request({ target: JOB_WORK.read })).status === 200);
  // Requests find a server before the documents that name it are prepared.
  await eventually('Jobs are listed', async () => {
    return MERGED.read(JOBS, await client.request(MERGED.request(JOBS))) === 'Current';
  });
  const watch = new ContradictionWatch(client, JOBS, JOB_WORK.read);
  const churn = new IdentityLeaseChurn(owner, name, LEASE_PAUSE_MS);
  await delay(LOOK_MS);
  await leave();
  await eventually('its departure shows', async () => {
    return watch.answers.at(-1)?.value !== '200' && watch.documents.at(-1)?.value !== 'Current';
  });
  await delay(AFTER_MS);
  await eventually('Leases changed meanwhile', async () => churn.changes >= 3);
  await watch.stop();
  await churn.stop();
  return watch;
}

/** The merged document and the answers agree, and the type was there and went. */
function assertAgreed({ answers, documents, listedButDenied, absentButKnown }: ContradictionWatch): void {
  assert.deepEqual(listedButDenied, [], 'never listed while it is denied');
  assert.deepEqual(absentButKnown, [], 'never unlisted while something else than its absence is answered');
  assert.equal(answers[0]?.value, '200');
  assert.equal(documents[0]?.value, 'Current');
  assert.notEqual(answers.at(-1)?.value, '200');
}

const DEPARTURES = {
  gracefully: () => Promise.all([list.write(['lacking']), capable.stop()]),
  'by a crash': () => capable.kill(),
};

for (const [how, leave] of Object.entries(DEPARTURES)) {
  test(`the last capable server leaves ${how}: 503 with Retry-After, listed as Stale, never 404`, async (t) => {
    t.after(async () => {
      await capable.start();
      await list.write(['lacking', 'capable']);
    });
    const watch = await saidWhile(how.replaceAll(' ', '-'), leave);
    assertAgreed(watch);
    const counts = countValues(watch.answers);
    assert.equal(counts.get(FALSE_404), undefined, 'never 404');
    assert.equal(watch.answers.at(-1)?.value, '503 with Retry-After');
    assert.equal(watch.documents.at(-1)?.value, 'Stale');
    t.diagnostic(
      `requests: ${JSON.stringify([...counts])}; document: ${JSON.stringify([...countValues(watch.documents)])}`,
    );
  });
}

test('the last capable server restarts without the type: 503 with Retry-After for the grace, listed as Stale, never 404', async (t) => {
  const watch = await saidWhile('without-the-type', () => capable.replace({ runtimeConfig: WITHOUT_JOBS }, 'SIGKILL'));
  assertAgreed(watch);
  assert.equal(countValues(watch.answers).get(FALSE_404), undefined, 'never 404');
  assert.equal(watch.documents.at(-1)?.value, 'Stale');
  t.diagnostic(
    `requests: ${JSON.stringify([...countValues(watch.answers)])}; document: ${JSON.stringify([...countValues(watch.documents)])}`,
  );
});

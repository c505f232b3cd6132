import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { apiRequest } from '../support/api-request.ts';
import { type ClientOptions, type HttpRequest, header, PROTOCOLS, requestOnce } from '../support/http-client.ts';
import { describePolled, hasStatus, type Polled, Poller } from '../support/poller.ts';

const controlPlane = await startControlPlane({
  servers: [
    { name: 'old', version: '1.34.4' },
    { name: 'new', version: '1.37.2' },
  ],
});
after(() => controlPlane.stop());
const { pki } = controlPlane;
const capable = controlPlane.server('new');
const gateway = await startProxy(controlPlane);

/** Only 1.37.2 serves it. */
const SKEWED = '/apis/resource.k8s.io/v1/devicetaintrules';
const COMMON = '/api/v1/namespaces/default/configmaps';
const TAINT = { deviceSelector: { driver: 'a.example' }, taint: { key: 'a.example/b', effect: 'NoSchedule' } };
/** It takes a tenth of that on a machine that has time: a pause between probes, and a reading of what the server serves. */
const MOST_RETURN_MS = 20_000;
/** An answer whose head was relayed when its server is killed can only end abnormally. Hardly ever is there one. */
const MOST_CUT_OFF = 5;

const clients: readonly ClientOptions[] = PROTOCOLS.map((protocol) => ({
  url: gateway.url,
  protocol,
  ca: pki.servingCa.cert,
  certificate: pki.admin,
}));

const OBJECT = `${SKEWED}/patched`;
await requestOnce(
  { url: capable.url, protocol: 'h2', ca: pki.servingCa.cert, certificate: pki.admin },
  { method: 'POST', target: SKEWED, body: { metadata: { name: 'patched' }, spec: TAINT } },
);

function pollersOf(request: HttpRequest, perProtocol: number): Poller[] {
  return Array.from({ length: perProtocol }, () => clients.map((client) => new Poller(client, request))).flat();
}

/** The moment at which the server itself first says that it is ready. */
async function ownReadiness(): Promise<number> {
  const { cert, key } = pki.admin;
  for (;;) {
    const answer = await apiRequest(`${capable.url}/readyz`, { ca: pki.servingCa.cert, cert, key }).catch(
      () => undefined,
    );
    if (answer?.status === 200) return performance.now();
    await delay(1);
  }
}

/** `mayRepeat`: no server can have acted on the request; only then may client-go be told to repeat it. */
function assertUnavailable(polled: Polled, mayRepeat: (message: string) => boolean): void {
  assert.ok(polled.kind === 'answer', describePolled(polled));
  assert.equal(polled.status, 503, describePolled(polled));
  assert.equal(header(polled, 'content-type'), 'application/json');
  const { message, details, ...status } = JSON.parse(polled.body.toString());
  assert.deepEqual(status, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason: 'ServiceUnavailable',
    code: 503,
  });
  // A server that is about to end says so itself; it is the only one that can be asked.
  if (message !== 'apiserver is shutting down') {
    assert.match(message, /devicetaintrules/, 'names the resource');
    assert.match(message, /\bnew\b/, 'names the server');
  }
  const repeat = mayRepeat(message);
  assert.equal(header(polled, 'retry-after'), repeat ? '1' : undefined, message);
  if (message !== 'apiserver is shutting down') {
    assert.equal(details?.retryAfterSeconds, repeat ? 1 : undefined, message);
  }
}

/** A request that was not answered with 200, and when its poller could send it at the earliest. */
interface Unanswered {
  readonly polled: Polled;
  readonly sentAfter: number;
}

async function stopAll(pollers: readonly Poller[]): Promise<Unanswered[]> {
  const all = await Promise.all(pollers.map((poller) => poller.stop()));
  return all.flatMap((each) =>
    each.flatMap((polled, index) =>
      hasStatus(200)(polled) ? [] : [{ polled, sentAfter: each[index - 1]?.at ?? Number.NEGATIVE_INFINITY }],
    ),
  );
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`the only capable server ends by ${signal} and returns: 503 with Retry-After, never 404`, async (t) => {
    const reads = pollersOf({ target: SKEWED }, 2);
    const writes = pollersOf(
      {
        method: 'PATCH',
        target: OBJECT,
        headers: ['content-type', 'application/merge-patch+json'],
        body: { metadata: { labels: { by: signal } } },
      },
      2,
    );
    const skewed = [...reads, ...writes];
    // More connections than servers: some of them prefer the server that ends.
    const common = pollersOf({ target: COMMON }, 8);
    t.after(() => stopAll([...skewed, ...common]));
    await Promise.all([...skewed, ...common].map((poller) => poller.next(hasStatus(200))));

    const toldAt = performance.now();
    await capable.stop(signal);
    const goneAt = performance.now();
    await Promise.all(skewed.map((poller) => poller.next(hasStatus(503))));
    const [readyAt] = await Promise.all([ownReadiness(), capable.start()]);
    const back = await Promise.all(skewed.map((poller) => poller.next(hasStatus(200))));
    const cutOff: Polled[] = [];
    /** What was not answered with 200, without the answers that had begun when the server was killed. */
    const unanswered = async (pollers: readonly Poller[]): Promise<Polled[]> => {
      const rest: Polled[] = [];
      for (const { polled, sentAfter } of await stopAll(pollers)) {
        const wasOpen = polled.at > toldAt && sentAfter < goneAt;
        (signal === 'SIGKILL' && polled.kind === 'failed' && wasOpen ? cutOff : rest).push(polled);
      }
      return rest;
    };
    const unansweredReads = await unanswered(reads);
    for (const polled of unansweredReads) assertUnavailable(polled, () => true);
    const unansweredWrites = await unanswered(writes);
    for (const polled of unansweredWrites) {
      assertUnavailable(polled, (message) => !message.includes('may have been executed'));
    }
    const failed = await unanswered(common);
    assert.deepEqual(failed.map(describePolled), [], 'a resource that another server serves too is always there');
    assert.ok(cutOff.length <= MOST_CUT_OFF, cutOff.map(describePolled).join('\n'));
    const after = Math.max(...back.map(({ at }) => at)) - readyAt;
    assert.ok(after <= MOST_RETURN_MS, `back ${after} ms after the server's own /readyz`);
    t.diagnostic(
      `${signal}: ${unansweredReads.length} reads and ${unansweredWrites.length} writes were answered 503, none 404; ` +
        `${cutOff.length} answers were cut off; back ${Math.round(after)} ms after the server's own /readyz; ` +
        'no other read failed',
    );
  });
}

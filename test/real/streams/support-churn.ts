import assert from 'node:assert/strict';
import type { ApiClient } from '../../support/api-client.ts';

/** A kind of object that {@link churn} can make, and a change to it. */
export interface ChurnedType {
  /** Path of the collection. */
  readonly collection: string;
  readonly object: (name: string) => object;
}

export const CONFIG_MAPS: ChurnedType = {
  collection: '/api/v1/namespaces/default/configmaps',
  object: (name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { name } }),
};

/** Served by 1.37 and not by 1.34. */
export const DEVICE_TAINT_RULES: ChurnedType = {
  collection: '/apis/resource.k8s.io/v1/devicetaintrules',
  object: (name) => ({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'DeviceTaintRule',
    metadata: { name },
    spec: { deviceSelector: { driver: 'example.com' }, taint: { key: 'example.com/broken', effect: 'NoSchedule' } },
  }),
};

/** Events that one object's life causes: it is created, patched three times and deleted. */
export const EVENTS_PER_OBJECT = 5;

/** Leads the objects numbered `from` to `to` (exclusive) through their life, `workers` of them at a time. */
export async function churn(
  client: ApiClient,
  type: ChurnedType,
  { from, to, workers }: { readonly from: number; readonly to: number; readonly workers: number },
): Promise<void> {
  let next = from;
  const work = async (): Promise<void> => {
    while (next < to) {
      const name = `churn-${next}`;
      next += 1;
      const path = `${type.collection}/${name}`;
      const headers = { 'content-type': 'application/json' };
      await expectStatus(client, 201, { method: 'POST', path: type.collection, headers, body: type.object(name) });
      for (const round of ['1', '2', '3']) {
        await expectStatus(client, 200, {
          method: 'PATCH',
          path,
          headers: { 'content-type': 'application/merge-patch+json' },
          body: { metadata: { annotations: { round } } },
        });
      }
      await expectStatus(client, 200, { method: 'DELETE', path });
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

async function expectStatus(
  client: ApiClient,
  status: number,
  request: Parameters<ApiClient['request']>[0],
): Promise<void> {
  const answer = await client.request(request);
  assert.equal(answer.status, status, `${request.method} ${request.path}: ${answer.text}`);
}

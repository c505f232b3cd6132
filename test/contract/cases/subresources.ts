import assert from 'node:assert/strict';
import { at, isObject } from '../json.ts';
import type { ContractCase } from './case.ts';
import { configMap, deployment } from './objects.ts';

const MERGE = 'application/merge-patch+json';

export const subresourceCases: readonly ContractCase[] = [
  {
    id: 'status',
    title: 'changes status by its subresource only, and nothing else by it',
    async talk(server) {
      const path = server.in('apps/v1', 'deployments');
      const { json } = await server.quietly({ method: 'POST', path, body: deployment('x') });
      assert.ok(isObject(json));
      const status = { observedGeneration: 1, replicas: 2 };
      await server.ask({ method: 'PUT', path: `${path}/x/status`, body: { ...json, status } });
      await server.ask({
        method: 'PATCH',
        path: `${path}/x/status`,
        type: MERGE,
        body: {
          metadata: { annotations: { 'example.com/a': '1' } },
          spec: { replicas: 9 },
          status: { readyReplicas: 1 },
        },
      });
      await server.ask({ path: `${path}/x/status` });
      const { json: after } = await server.quietly({ path: `${path}/x` });
      assert.deepEqual(at(after, 'spec', 'replicas'), 2);
      assert.deepEqual(at(after, 'metadata', 'generation'), 1);
    },
  },
  {
    id: 'scale',
    title: 'scales',
    async talk(server) {
      const path = server.in('apps/v1', 'deployments');
      await server.quietly({ method: 'POST', path, body: deployment('x') });
      const { json } = await server.ask({ path: `${path}/x/scale` });
      assert.ok(isObject(json));
      await server.ask({ method: 'PUT', path: `${path}/x/scale`, body: { ...json, spec: { replicas: 5 } } });
      await server.ask({ method: 'PUT', path: `${path}/x/scale`, body: { ...json, spec: { replicas: 6 } } });
      await server.ask({ method: 'PATCH', path: `${path}/x/scale`, type: MERGE, body: { spec: { replicas: 7 } } });
      await server.ask({ method: 'PATCH', path: `${path}/x/scale`, type: MERGE, body: { spec: { replicas: -1 } } });
      await server.ask({ path: `${path}/none/scale` });
      const { json: after } = await server.ask({ path: `${path}/x` });
      assert.equal(at(after, 'spec', 'replicas'), 7);
    },
  },
  {
    id: 'no-subresource',
    title: 'has no subresources beyond those it lists',
    async talk(server) {
      await server.quietly({ method: 'POST', path: server.in('v1', 'configmaps'), body: configMap('x') });
      await server.ask({ path: server.in('v1', 'configmaps', 'x', 'status') });
      await server.ask({ path: server.in('v1', 'configmaps', 'x', 'scale') });
      await server.ask({ path: server.in('apps/v1', 'deployments', 'x', 'log') });
      await server.ask({ method: 'POST', path: server.in('apps/v1', 'deployments', 'x', 'status'), body: {} });
      await server.ask({ method: 'DELETE', path: server.in('apps/v1', 'deployments', 'x', 'scale') });
    },
  },
];

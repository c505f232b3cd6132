import assert from 'node:assert/strict';
import { at, isObject, textAt } from '../json.ts';
import type { ContractCase } from './case.ts';
import { configMap, deployment } from './objects.ts';

export const updateCases: readonly ContractCase[] = [
  {
    id: 'update',
    title: 'replaces objects, with and without the revision they were read at',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      const { json } = await server.ask({ method: 'POST', path, body: configMap('x') });
      const resourceVersion = textAt(json, 'metadata', 'resourceVersion');
      await server.ask({ method: 'PUT', path: `${path}/x`, body: configMap('x', { a: '2' }, { resourceVersion }) });
      await server.ask({ method: 'PUT', path: `${path}/x`, body: configMap('x', { a: '3' }, { resourceVersion }) });
      await server.ask({ method: 'PUT', path: `${path}/x`, body: configMap('x', { a: '4' }) });
      await server.ask({ method: 'PUT', path: `${path}/x`, body: configMap('x', { a: '4' }) });
      await server.ask({ method: 'PUT', path: `${path}/x?dryRun=All`, body: configMap('x', { a: '5' }) });
      await server.ask({ path: `${path}/x` });
    },
  },
  {
    id: 'update-refused',
    title: 'refuses updates of other objects than the path says',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      await server.quietly({ method: 'POST', path, body: configMap('x') });
      const refused: readonly unknown[] = [
        configMap('y'),
        configMap('x', {}, { namespace: 'other' }),
        configMap('x', {}, { uid: '00000000-0000-0000-0000-000000000000' }),
        configMap('x', {}, { resourceVersion: 'x' }),
        configMap('x', {}, { finalizers: ['unqualified'] }),
        configMap('x', {}, { labels: { a: 'not a value' } }),
        { ...configMap('x'), kind: 'Secret' },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} },
        '{',
      ];
      for (const body of refused) await server.ask({ method: 'PUT', path: `${path}/x`, body });
      await server.ask({ method: 'PUT', path: `${path}/none`, body: configMap('none') });
      await server.ask({ method: 'PUT', path: `${path}/none`, body: configMap('none', {}, { resourceVersion: '1' }) });
    },
  },
  {
    id: 'update-kept',
    title: 'keeps what an update cannot change, and counts generations',
    async talk(server) {
      const path = server.in('apps/v1', 'deployments');
      const { json } = await server.ask({ method: 'POST', path, body: deployment('x') });
      assert.ok(isObject(json));
      const metadata = { name: 'x', creationTimestamp: '2001-01-01T00:00:00Z', generation: 77, labels: { l: '1' } };
      await server.ask({ method: 'PUT', path: `${path}/x`, body: { ...json, metadata, status: { replicas: 9 } } });
      await server.ask({ method: 'PUT', path: `${path}/x`, body: deployment('x', { replicas: 5 }) });
      const { json: after } = await server.quietly({ path: `${path}/x` });
      assert.equal(at(after, 'metadata', 'generation'), 2);
    },
  },
];

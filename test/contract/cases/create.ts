import assert from 'node:assert/strict';
import { textAt } from '../json.ts';
import type { ContractCase } from './case.ts';
import { configMap, deployment } from './objects.ts';

export const createCases: readonly ContractCase[] = [
  {
    id: 'create',
    title: 'creates, reads and refuses what exists or does not',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      await server.ask({ method: 'POST', path, body: configMap('x') });
      await server.ask({ method: 'POST', path, body: configMap('x') });
      await server.ask({ path: `${path}/x` });
      await server.ask({ path: `${path}/none` });
      await server.ask({ path: server.in('apps/v1', 'deployments', 'none') });
      await server.ask({ method: 'POST', path: '/api/v1/namespaces/contract-none/configmaps', body: configMap('x') });
      await server.ask({ path: '/api/v1/namespaces/contract-none/configmaps/x' });
    },
  },
  {
    id: 'create-defaults',
    title: 'adds what every object has',
    async talk(server) {
      await server.ask({ method: 'POST', path: server.in('apps/v1', 'deployments'), body: deployment('x') });
      await server.ask({
        method: 'POST',
        path: server.in('v1', 'secrets'),
        body: { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's' }, stringData: { a: 'text' } },
      });
      await server.ask({
        method: 'POST',
        path: server.in('v1', 'configmaps'),
        body: {
          metadata: { name: 'no-type', labels: { l: '1' }, annotations: { a: '1' }, finalizers: ['example.com/f'] },
        },
      });
      await server.ask({
        method: 'POST',
        path: server.in('v1', 'serviceaccounts'),
        body: { metadata: { name: 'sa' } },
      });
      await server.ask({
        method: 'POST',
        path: server.in('v1', 'configmaps'),
        body: { metadata: { name: 'empties', labels: {}, annotations: {}, finalizers: [] }, data: {} },
      });
      const lease = { metadata: { name: 'l' }, spec: { holderIdentity: 'me', leaseDurationSeconds: 9 } };
      await server.ask({ method: 'POST', path: server.in('coordination.k8s.io/v1', 'leases'), body: lease });
    },
  },
  {
    id: 'create-refused',
    title: 'refuses bodies that are not what the path says',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      const refused: readonly unknown[] = [
        configMap('x', {}, { namespace: 'other' }),
        { ...configMap('x'), kind: 'Secret' },
        { ...configMap('x'), apiVersion: 'v2' },
        { ...configMap('x'), apiVersion: 'apps/v1' },
        { apiVersion: 'v1', kind: 'ConfigMap', data: {} },
        configMap(''),
        configMap('Not_a.Name'),
        configMap(`${'a'.repeat(254)}`),
        configMap('x', {}, { labels: { 'not/a/key': '1' } }),
        configMap('x', {}, { labels: { a: 'not a value' } }),
        configMap('x', {}, { annotations: { 'not a key': '1' } }),
        configMap('x', {}, { finalizers: ['unqualified'] }),
        configMap('x', {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'o' }] }),
        configMap('x', {}, { resourceVersion: '7' }),
        configMap('x', {}, { generateName: 'also-' }),
        '',
        '{',
        '[]',
        'null',
      ];
      for (const body of refused) await server.ask({ method: 'POST', path, body });
    },
  },
  {
    id: 'create-names',
    title: 'generates names',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      const made = await server.quietly({ method: 'POST', path, body: { metadata: { generateName: 'some-' } } });
      assert.equal(made.status, 201, made.text);
      assert.match(textAt(made.json, 'metadata', 'name'), /^some-[a-z0-9]{5}$/);
      await server.ask(
        { method: 'POST', path, body: { metadata: { generateName: 'Bad_' } } },
        { keep: ({ status }) => status },
      );
    },
  },
  {
    id: 'create-options',
    title: 'heeds dryRun, fieldManager and fieldValidation',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      await server.ask({ method: 'POST', path: `${path}?dryRun=All&fieldManager=me`, body: configMap('dry') });
      await server.ask({ path: `${path}/dry` });
      await server.ask({ method: 'POST', path: `${path}?dryRun=Some`, body: configMap('dry') });
      await server.ask({ method: 'POST', path: `${path}?fieldManager=${'m'.repeat(129)}`, body: configMap('dry') });
      await server.ask({ method: 'POST', path: `${path}?fieldValidation=Maybe`, body: configMap('dry') });
      await server.ask({ method: 'POST', path: `${path}?fieldManager=me`, body: configMap('kept') });
    },
  },
  {
    id: 'media-types',
    title: 'negotiates media types',
    async talk(server) {
      const path = server.in('v1', 'configmaps');
      await server.ask({ method: 'POST', path, body: configMap('x'), type: 'text/plain' });
      await server.ask({
        method: 'POST',
        path,
        body: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\n',
        type: 'application/yaml',
      });
      await server.ask({ path: `${path}/yaml`, accept: 'text/html' });
      await server.ask({ path: `${path}/yaml`, accept: '*/*' });
      await server.ask({ path: `${path}/yaml`, accept: 'application/*' });
      await server.ask({ path: `${path}/yaml`, accept: 'application/json;q=0.5, text/html' });
      await server.ask({ path: `${path}/yaml`, accept: 'application/json;as=Other;v=v1;g=meta.k8s.io' });
      await server.ask({ path: `${path}/yaml?pretty=true` });
    },
  },
];

import assert from 'node:assert/strict';
import type { Conversation } from '../conversation.ts';
import { at, isObject } from '../json.ts';
import type { ContractCase } from './case.ts';

const GROUP = 'contract.example.com';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const MERGE = 'application/merge-patch+json';

const definition = (plural: string, kind: string, version: object = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural, singular: kind.toLowerCase(), kind, shortNames: [`${plural}x`], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { size: { type: 'integer' }, color: { type: 'string' }, replicas: { type: 'integer' } },
              },
              status: { type: 'object', properties: { ready: { type: 'boolean' }, replicas: { type: 'integer' } } },
            },
          },
        },
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Color', type: 'string', jsonPath: '.spec.color', priority: 1, description: 'What it looks like' },
          { name: 'Made', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        ...version,
      },
    ],
  },
});

async function define(server: Conversation, plural: string, kind: string, version: object = {}): Promise<string> {
  const made = await server.quietly({ method: 'POST', path: DEFINITIONS, body: definition(plural, kind, version) });
  assert.equal(made.status, 201, made.text);
  await server.eventually({ path: `${DEFINITIONS}/${plural}.${GROUP}` }, ({ json }) => {
    const conditions = at(json, 'status', 'conditions');
    return (
      Array.isArray(conditions) &&
      conditions.some((one) => at(one, 'type') === 'Established' && at(one, 'status') === 'True')
    );
  });
  await server.eventually({ path: `/apis/${GROUP}/v1/${plural}` }, ({ status }) => status === 200);
  await server.eventually({ path: `/apis/${GROUP}/v1` }, ({ text }) => text.includes(`"${plural}"`));
  return server.in(`${GROUP}/v1`, plural);
}

const thing = (name: string, spec: object, kind = 'Thing') => ({
  apiVersion: `${GROUP}/v1`,
  kind,
  metadata: { name },
  spec,
});

export const customTypeCases: readonly ContractCase[] = [
  {
    id: 'definition',
    title: 'serves a custom type as long as its definition is there',
    async talk(server) {
      const path = await define(server, 'gadgets', 'Gadget');
      await server.ask(
        { path: `${DEFINITIONS}/gadgets.${GROUP}` },
        { keep: ({ json }) => at(json, 'status', 'acceptedNames') },
      );
      await server.ask({ path: `/apis/${GROUP}` });
      await server.ask({ path: `/apis/${GROUP}/v1` });
      await server.ask({ method: 'POST', path, body: thing('x', { size: 1 }, 'Gadget') });
      await server.ask({ method: 'POST', path: DEFINITIONS, body: definition('gadgets', 'Gadget') });
      await server.quietly({ method: 'DELETE', path: `${DEFINITIONS}/gadgets.${GROUP}` });
      // Its objects go before it does.
      await server.eventually({ path: `${path}/x` }, ({ text }) => text === '404 page not found\n');
      await server.ask({ path: `${path}/x` });
      await server.ask({ path: server.in(`${GROUP}/v1`, 'nothings') });
    },
  },
  {
    id: 'definition-refused',
    title: 'refuses definitions that cannot be',
    async talk(server) {
      const refuse = (body: object) => server.ask({ method: 'POST', path: DEFINITIONS, body });
      const good = definition('others', 'Other');
      await refuse({ ...good, metadata: { name: 'wrong' } });
      await refuse({ ...good, spec: { ...good.spec, versions: [] } });
      await server.ask({ path: `${DEFINITIONS}/none.${GROUP}` });
    },
  },
  {
    id: 'custom-objects',
    title: 'treats custom objects as others',
    async talk(server) {
      const path = await define(server, 'things', 'Thing');
      await server.ask({ method: 'POST', path, body: thing('x', { size: 1, color: 'red' }) });
      await server.ask({ method: 'POST', path, body: thing('x', {}) });
      await server.ask({ path });
      await server.ask({ path: `${path}/none` });
      const { json } = await server.ask({
        method: 'PATCH',
        path: `${path}/x`,
        type: MERGE,
        body: { spec: { size: 2 } },
      });
      assert.equal(at(json, 'metadata', 'generation'), 2);
      await server.ask({
        method: 'PATCH',
        path: `${path}/x`,
        type: 'application/strategic-merge-patch+json',
        body: {},
      });
      const body = { spec: { size: 9 }, status: { ready: true } };
      await server.ask({ method: 'PATCH', path: `${path}/x/status`, type: MERGE, body });
      await server.ask({ method: 'PATCH', path: `${path}/x`, type: MERGE, body: { status: { ready: false } } });
      await server.ask({ method: 'PATCH', path: `${path}/x/scale`, type: MERGE, body: { spec: { replicas: 3 } } });
      assert.ok(isObject(json));
      await server.ask({ method: 'PUT', path: `${path}/x`, body: json });
      await server.ask({ method: 'PUT', path: `${path}/x`, body: thing('x', { size: 5 }) });
      const query = 'fieldManager=m&force=true';
      const applied = thing('x', { size: 6 });
      await server.ask({
        method: 'PATCH',
        path: `${path}/x?${query}`,
        type: 'application/apply-patch+yaml',
        body: applied,
      });
      await server.ask({ path: `${path}?fieldSelector=metadata.name=x&limit=1` });
      await server.ask({ path: `${path}?fieldSelector=spec.size=6` });
      await server.ask({ method: 'DELETE', path: `${path}/x` });
    },
  },
  {
    id: 'custom-validation',
    title: 'holds custom objects to their schema',
    async talk(server) {
      const properties = {
        spec: {
          type: 'object',
          required: ['size'],
          properties: { size: { type: 'integer' }, color: { type: 'string', default: 'blue' } },
        },
      };
      const schema = { openAPIV3Schema: { type: 'object', properties } };
      const path = await define(server, 'stricts', 'Strict', { schema });
      await server.ask({ method: 'POST', path, body: thing('x', { size: 1, unknown: { a: 1 } }, 'Strict') });
      await server.ask({ method: 'POST', path, body: thing('y', { size: 'big' }, 'Strict') });
      await server.ask({ method: 'POST', path, body: thing('y', {}, 'Strict') });
    },
  },
  {
    id: 'custom-tables',
    title: 'prints custom objects with the columns of their definition',
    async talk(server) {
      const path = await define(server, 'printeds', 'Printed');
      await server.quietly({ method: 'POST', path, body: thing('x', { size: 1, color: 'red' }, 'Printed') });
      await server.quietly({ method: 'POST', path, body: thing('y', {}, 'Printed') });
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
      await server.ask({ path, accept });
      await server.ask({ path: `${path}/x`, accept });
    },
  },
];

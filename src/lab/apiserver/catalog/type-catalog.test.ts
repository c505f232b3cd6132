import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiObject, JsonObject } from '../../api-object.ts';
import { findRecording } from '../../recording/find-recording.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { storeKey } from '../../store/store.ts';
import { CRD_FINALIZER, withDeletionPending } from './crd-conditions.ts';
import { crdKey, customResourceDefinition } from './custom-resource-definition.ts';
import { TypeCatalog } from './type-catalog.ts';

const NOW = Date.parse('2026-11-22T21:12:02.345Z');
const NOW_TEXT = '2026-11-22T21:12:02Z';
const recording = await findRecording('1.37.2');

describe('TypeCatalog', () => {
  it('serves what was recorded', () => {
    const { catalog } = lab();
    const pods = catalog.find({ group: '', version: 'v1', resource: 'pods' });
    assert.equal(pods?.kind, 'Pod');
    assert.equal(pods?.listKind, 'PodList');
    assert.equal(pods?.singular, 'pod');
    assert.equal(pods?.namespaced, true);
    assert.deepEqual(pods?.shortNames, ['po']);
    assert.deepEqual(pods?.categories, ['all']);
    assert.equal(pods?.custom, undefined);
    assert.deepEqual(pods?.subresources.get('eviction'), {
      group: 'policy',
      version: 'v1',
      kind: 'Eviction',
      verbs: ['create'],
    });
    assert.deepEqual(pods?.subresources.get('status'), {
      group: '',
      version: 'v1',
      kind: 'Pod',
      verbs: ['get', 'patch', 'update'],
    });
    const scale = catalog.find({ group: 'apps', version: 'v1', resource: 'deployments' })?.subresources.get('scale');
    assert.deepEqual([scale?.group, scale?.version, scale?.kind], ['autoscaling', 'v1', 'Scale']);
    assert.equal(catalog.find({ group: 'apps', version: 'v2', resource: 'deployments' }), undefined);
    assert.equal([...catalog.all()][0]?.resource, 'bindings');
    assert.equal(catalog.isCompiledIn(''), true);
    assert.equal(catalog.isCompiledIn('apps'), true);
    assert.equal(catalog.isCompiledIn('example.com'), false);
  });

  it('lists a custom type as a kube-apiserver does', () => {
    const { catalog, create } = lab();
    create(widgets());
    create(gadgets());
    assert.equal(catalog.isCompiledIn('example.com'), false);
    assert.equal(catalog.discovery.apis.at(-2)?.metadata.name, 'storagemigration.k8s.io');
    // What kube-apiserver 1.37.2 answers for the same definitions.
    const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
    const names = { singularResource: 'widget', verbs, shortNames: ['wd'], categories: ['all', 'toys'] };
    assert.deepEqual(catalog.discovery.apis.at(-1), {
      metadata: { name: 'example.com' },
      versions: [
        {
          version: 'v1',
          resources: [
            {
              resource: 'gadgets',
              responseKind: { group: 'example.com', version: 'v1', kind: 'Gadget' },
              scope: 'Cluster',
              singularResource: 'gadget',
              verbs,
            },
            {
              resource: 'widgets',
              responseKind: { group: 'example.com', version: 'v1', kind: 'Widget' },
              scope: 'Namespaced',
              ...names,
              subresources: [
                {
                  subresource: 'status',
                  responseKind: { group: 'example.com', version: 'v1', kind: 'Widget' },
                  verbs: ['get', 'patch', 'update'],
                },
                {
                  subresource: 'scale',
                  responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
                  verbs: ['get', 'patch', 'update'],
                },
              ],
            },
          ],
          freshness: 'Current',
        },
        {
          version: 'v1beta1',
          resources: [
            {
              resource: 'widgets',
              responseKind: { group: 'example.com', version: 'v1beta1', kind: 'Widget' },
              scope: 'Namespaced',
              ...names,
            },
          ],
          freshness: 'Current',
        },
      ],
    });
    assert.deepEqual(catalog.find(WIDGETS)?.custom, {
      definition: 'widgets.example.com',
      schema: { type: 'object' },
      printerColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: undefined,
      },
      terminating: false,
    });
  });

  it('accepts the names and establishes the definition', () => {
    const { create, read } = lab();
    create(widgets());
    assert.deepEqual(read('widgets.example.com')?.['status'], {
      conditions: [
        {
          type: 'NamesAccepted',
          status: 'True',
          lastTransitionTime: NOW_TEXT,
          reason: 'NoConflicts',
          message: 'no conflicts found',
        },
        {
          type: 'Established',
          status: 'True',
          lastTransitionTime: NOW_TEXT,
          reason: 'InitialNamesAccepted',
          message: 'the initial names have been accepted',
        },
      ],
      acceptedNames: {
        plural: 'widgets',
        singular: 'widget',
        shortNames: ['wd'],
        kind: 'Widget',
        listKind: 'WidgetList',
        categories: ['all', 'toys'],
      },
      storedVersions: ['v1'],
    });
  });

  it('writes a status once, whatever the number of servers', () => {
    const { store, create } = lab();
    const second = new TypeCatalog({ recording, store, crdLagMs: 0, clock: () => NOW + 60_000 });
    const before = store.revision;
    create(widgets());
    assert.equal(store.revision, before + 2);
    assert.equal(second.find(WIDGETS)?.kind, 'Widget');
  });

  it('serves nothing whose names are taken, until they are free', () => {
    const { catalog, store, create, read } = lab();
    create(widgets());
    const other = definition('stuffs', 'Widget');
    create(other);
    const refused = customResourceDefinition(read('stuffs.example.com') ?? other);
    assert.deepEqual(
      refused.conditions.map(({ type, status, reason, message }) => [type, status, reason, message]),
      [
        ['NamesAccepted', 'False', 'ListKindConflict', '"WidgetList" is already in use'],
        ['Established', 'False', 'NotAccepted', 'not all names are accepted'],
      ],
    );
    assert.deepEqual([refused.acceptedNames.plural, refused.acceptedNames.kind], ['stuffs', '']);
    assert.equal(catalog.find({ ...WIDGETS, resource: 'stuffs' }), undefined);
    const key = crdKey('widgets.example.com');
    store.delete(key, store.get(key)?.revision ?? 0);
    assert.equal(catalog.find(WIDGETS), undefined);
    assert.equal(catalog.find({ ...WIDGETS, resource: 'stuffs' })?.kind, 'Widget');
  });

  it('notices every change only after its own lag', () => {
    const { catalog, store, create, timers } = lab(100);
    const prompt = new TypeCatalog({ recording, store, crdLagMs: 0, clock: () => NOW });
    const before = catalog.discovery;
    create(widgets());
    assert.equal(prompt.find(WIDGETS)?.kind, 'Widget');
    assert.equal(catalog.find(WIDGETS), undefined);
    assert.equal(catalog.discovery, before);
    assert.deepEqual(
      timers.map(({ delayMs }) => delayMs),
      [100, 100], // the definition and its status
    );
    timers.shift()?.action();
    assert.equal(catalog.find(WIDGETS)?.kind, 'Widget');
    assert.notEqual(catalog.discovery, before);
    timers.shift()?.action();

    const key = crdKey('widgets.example.com');
    store.delete(key, store.get(key)?.revision ?? 0);
    assert.equal(prompt.find(WIDGETS), undefined);
    assert.equal(catalog.find(WIDGETS)?.kind, 'Widget');
    timers.shift()?.action();
    assert.equal(catalog.find(WIDGETS), undefined);
  });

  it('serves from the beginning what there is when it starts', () => {
    const { store, create } = lab();
    create(widgets());
    const later = new TypeCatalog({ recording, store, crdLagMs: 10_000, clock: () => NOW });
    assert.equal(later.find(WIDGETS)?.kind, 'Widget');
    later.close();
  });

  it('notices nothing more once it is closed', () => {
    const { catalog, create, timers } = lab(100);
    create(widgets());
    catalog.close();
    assert.equal(timers.length, 0);
    create(gadgets());
    assert.equal(timers.length, 0);
  });

  it('removes the objects of a deleted definition first', () => {
    const { catalog, store, create, read } = lab();
    create(widgets());
    put(store, object('w1', []));
    put(store, object('w2', ['example.com/keep']));
    const key = crdKey('widgets.example.com');
    const entry = store.get(key);
    assert.ok(entry);
    store.put(key, withDeletionPending(entry.value, NOW_TEXT), entry.revision);

    assert.equal(store.get(widgetKey('w1')), undefined);
    const kept = store.get(widgetKey('w2'));
    assert.equal(kept?.value.metadata.deletionTimestamp, NOW_TEXT);
    const terminating = read('widgets.example.com');
    assert.deepEqual(terminating?.metadata.finalizers, [CRD_FINALIZER]);
    assert.deepEqual(customResourceDefinition(terminating ?? entry.value).conditions.at(-1), {
      type: 'Terminating',
      status: 'True',
      lastTransitionTime: NOW_TEXT,
      reason: 'InstanceDeletionInProgress',
      message: 'CustomResource deletion is in progress',
    });
    assert.deepEqual(catalog.find(WIDGETS)?.verbs, ['delete', 'deletecollection', 'get', 'list', 'watch']);
    assert.equal(catalog.find(WIDGETS)?.custom?.terminating, true);

    store.delete(widgetKey('w2'), kept?.revision ?? 0);
    assert.equal(read('widgets.example.com'), undefined);
    assert.equal(catalog.find(WIDGETS), undefined);
  });

  it('leaves the objects of a definition alone that came after the one it was slow to see deleted', () => {
    const { store, create, timers } = lab(100);
    create(widgets());
    const key = crdKey('widgets.example.com');
    const first = store.get(key);
    assert.ok(first);
    const pending = store.put(key, withDeletionPending(first.value, NOW_TEXT), first.revision);
    store.delete(key, pending.revision);
    create(widgets());
    put(store, object('w1', []));
    for (const { action } of timers.splice(0)) action();
    assert.notEqual(store.get(widgetKey('w1')), undefined);
    assert.equal(store.get(key)?.value.metadata.deletionTimestamp, undefined);
  });
});

const WIDGETS = { group: 'example.com', version: 'v1', resource: 'widgets' };

function lab(crdLagMs = 0) {
  const store = new MemoryStore();
  const timers: { readonly action: () => void; readonly delayMs: number }[] = [];
  const catalog = new TypeCatalog({
    recording,
    store,
    crdLagMs,
    clock: () => NOW,
    schedule: (action, delayMs) => {
      const timer = { action, delayMs };
      timers.push(timer);
      return () => {
        const at = timers.indexOf(timer);
        if (at !== -1) timers.splice(at, 1);
      };
    },
  });
  return {
    store,
    catalog,
    timers,
    create: (crd: ApiObject) => store.put(crdKey(crd.metadata.name), crd, 'absent'),
    read: (name: string) => store.get(crdKey(name))?.value,
  };
}

function definition(plural: string, kind: string, spec: JsonObject = {}): ApiObject {
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.com`, uid: `uid-${plural}`, resourceVersion: '', creationTimestamp: NOW_TEXT },
    spec: { group: 'example.com', names: { plural, kind }, scope: 'Cluster', versions: [version], ...spec },
    status: { storedVersions: ['v1'] },
  };
}

function gadgets(): ApiObject {
  return definition('gadgets', 'Gadget');
}

function widgets(): ApiObject {
  const names = { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all', 'toys'] };
  const schema = { openAPIV3Schema: { type: 'object' } };
  const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
  return definition('widgets', 'Widget', {
    names,
    scope: 'Namespaced',
    versions: [
      { name: 'v1beta1', served: true, storage: false, schema },
      { name: 'v1alpha1', served: false, storage: false, schema },
      {
        name: 'v1',
        served: true,
        storage: true,
        schema,
        subresources: { status: {}, scale },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
      },
    ],
  });
}

function widgetKey(name: string): string {
  return storeKey('example.com', 'widgets', 'default', name);
}

function object(name: string, finalizers: readonly string[]): ApiObject {
  return {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name, namespace: 'default', uid: name, resourceVersion: '', creationTimestamp: NOW_TEXT, finalizers },
  };
}

function put(store: MemoryStore, value: ApiObject): void {
  store.put(widgetKey(value.metadata.name), value, 'absent');
}

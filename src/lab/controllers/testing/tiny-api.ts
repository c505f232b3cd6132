import { requestInfo } from '../../../kubernetes/request-info.ts';
import type { BodySink, ExchangeHandler } from '../../../wire/exchange.ts';
import type { ObjectMeta, OwnerReference } from '../../api-object.ts';
import { isRecord, type ListedObject } from '../../client/listed-object.ts';
import { eventLine, statusReply } from '../../client/testing/listed.ts';
import { type ScriptedReply, type ScriptedRequest, scriptedApi } from '../../client/testing/scripted-api.ts';

export interface TinyType {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs?: readonly string[];
}

export const CONFIG_MAPS: TinyType = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
export const NAMESPACES: TinyType = {
  group: '',
  version: 'v1',
  resource: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};
/** Cluster-wide, and known to newer servers only. */
export const RULES: TinyType = {
  group: 'resource.k8s.io',
  version: 'v1',
  resource: 'devicetaintrules',
  kind: 'DeviceTaintRule',
  namespaced: false,
};

interface TinyFields {
  readonly namespace?: string;
  readonly owners?: readonly OwnerReference[];
  readonly metadata?: Partial<ObjectMeta>;
  readonly [field: string]: unknown;
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const ACCEPTED = { status: 200, json: { kind: 'Status', status: 'Success' } };

/** The 404 of a server that does not know the type. */
export const UNKNOWN_TYPE: ScriptedReply = { status: 404, text: '404 page not found\n' };

/** An API server for controllers: objects of a few types in memory, and a hook to answer otherwise. */
export class TinyApi {
  readonly handler: ExchangeHandler;
  readonly requests: ScriptedRequest[];
  /** What discovery offers. */
  types: readonly TinyType[];
  /** Answers instead of the API; undefined lets it answer. */
  instead: (request: ScriptedRequest) => ScriptedReply | undefined = () => undefined;
  /** Called after each change. */
  onChange: () => void = () => {};
  readonly #objects = new Map<string, ListedObject>();
  readonly #watches = new Map<BodySink, string>();
  /** Everything that happened, for watches that begin in the past. */
  readonly #events: { readonly resource: string; readonly revision: number; readonly line: Buffer }[] = [];
  #revision = 1;

  constructor(types: readonly TinyType[]) {
    this.types = types;
    const { handler, requests } = scriptedApi((request) => this.instead(request) ?? this.#reply(request));
    this.handler = handler;
    this.requests = requests;
  }

  has(type: TinyType, name: string, namespace = ''): boolean {
    return this.#objects.has(keyOf(type.resource, namespace, name));
  }

  get(type: TinyType, name: string, namespace = ''): ListedObject | undefined {
    return this.#objects.get(keyOf(type.resource, namespace, name));
  }

  put(type: TinyType, name: string, fields: TinyFields = {}) {
    const { namespace = '', owners, metadata, ...rest } = fields;
    const object: ListedObject = {
      apiVersion: type.group === '' ? type.version : `${type.group}/${type.version}`,
      kind: type.kind,
      ...rest,
      metadata: {
        name,
        ...(namespace !== '' && { namespace }),
        uid: `uid-${name}`,
        resourceVersion: '',
        creationTimestamp: '2026-01-01T00:00:00Z',
        ...(owners && { ownerReferences: owners }),
        ...metadata,
      },
    };
    return this.#store(type.resource, object);
  }

  remove(type: TinyType, name: string, namespace = ''): void {
    this.#delete(type.resource, namespace, name);
  }

  #store(resource: string, object: ListedObject): ListedObject {
    this.#revision += 1;
    const { name, namespace = '' } = object.metadata;
    const key = keyOf(resource, namespace, name);
    const kind = this.#objects.has(key) ? 'MODIFIED' : 'ADDED';
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
    this.#objects.set(key, stored);
    this.#announce(kind, resource, stored);
    return stored;
  }

  #delete(resource: string, namespace: string, name: string): void {
    const last = this.#objects.get(keyOf(resource, namespace, name));
    if (last === undefined) return;
    this.#objects.delete(keyOf(resource, namespace, name));
    this.#revision += 1;
    const metadata = { ...last.metadata, resourceVersion: String(this.#revision) };
    this.#announce('DELETED', resource, { ...last, metadata });
  }

  #announce(type: string, resource: string, object: ListedObject): void {
    const line = eventLine(type, object);
    this.#events.push({ resource, revision: this.#revision, line });
    for (const [sink, watched] of this.#watches) if (watched === resource) sink.write(line);
    this.onChange();
  }

  #watch(sink: BodySink, resource: string, since: number): void {
    for (const event of this.#events) if (event.resource === resource && event.revision > since) sink.write(event.line);
    this.#watches.set(sink, resource);
  }

  #reply(request: ScriptedRequest): ScriptedReply {
    const { method, target, body } = request;
    if (target === '/api' || target === '/apis') return this.#discovery(target);
    const { resource, namespace: asked, name, subresource, verb, apiGroup } = requestInfo(method, target);
    const type = this.types.find((each) => each.resource === resource && each.group === apiGroup);
    if (type === undefined) return UNKNOWN_TYPE;
    const namespace = type.namespaced ? asked : '';
    const prefix = keyOf(resource, namespace, '');
    const found = this.#objects.get(keyOf(resource, namespace, name));
    switch (verb) {
      case 'watch':
        return { stream: (sink) => this.#watch(sink, resource, Number(request.query.get('resourceVersion'))) };
      case 'list': {
        const all = `${resource} `;
        const items = [...this.#objects].filter(([key]) => key.startsWith(namespace === '' ? all : prefix));
        const metadata = { resourceVersion: String(this.#revision) };
        return { status: 200, json: { kind: 'List', metadata, items: items.map(([, object]) => object) } };
      }
      case 'deletecollection':
        for (const [key, { metadata }] of this.#objects) {
          if (key.startsWith(prefix)) this.#delete(resource, namespace, metadata.name);
        }
        return ACCEPTED;
    }
    if (found === undefined) return statusReply(404, 'NotFound', { name, kind: resource });
    switch (verb) {
      case 'delete':
        this.#delete(resource, namespace, name);
        return ACCEPTED;
      case 'patch':
        return { status: 200, json: this.#store(resource, patched(found, body)) };
      case 'update': {
        const next: ListedObject = { ...found, ...(isRecord(body) ? body : {}), metadata: found.metadata };
        const spec = isRecord(next['spec']) ? next['spec'] : {};
        const stored = this.#store(resource, next);
        if (subresource === 'finalize' && Array.isArray(spec['finalizers']) && spec['finalizers'].length === 0) {
          this.#delete(resource, namespace, name);
        }
        return { status: 200, json: stored };
      }
      default:
        return { status: 200, json: found };
    }
  }

  #discovery(path: '/api' | '/apis'): ScriptedReply {
    const listed = this.types.filter(({ group }) => (group === '') === (path === '/api'));
    const groups = [...new Set(listed.map(({ group }) => group))];
    const items = groups.map((name) => ({
      metadata: { name },
      versions: [...new Set(listed.filter(({ group }) => group === name).map(({ version }) => version))].map(
        (version) => ({
          version,
          resources: listed
            .filter((type) => type.group === name && type.version === version)
            .map(({ resource, kind, namespaced, verbs = VERBS }) => ({
              resource,
              responseKind: { group: name, version, kind },
              scope: namespaced ? 'Namespaced' : 'Cluster',
              singularResource: '',
              verbs,
            })),
        }),
      ),
    }));
    return {
      status: 200,
      headers: ['content-type', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'],
      json: { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items },
    };
  }
}

/** Of metadata.finalizers, as a merge patch; of metadata.ownerReferences, as a strategic merge patch. */
function patched(object: ListedObject, patch: unknown): ListedObject {
  const metadata = isRecord(patch) && isRecord(patch['metadata']) ? patch['metadata'] : {};
  const { finalizers, ownerReferences } = metadata;
  const removed = Array.isArray(ownerReferences) ? ownerReferences.filter(isRecord).map(({ uid }) => uid) : [];
  const owners = (object.metadata.ownerReferences ?? []).filter(({ uid }) => !removed.includes(uid));
  return {
    ...object,
    metadata: {
      ...object.metadata,
      ...(Array.isArray(finalizers) && { finalizers: finalizers.filter((each) => typeof each === 'string') }),
      ownerReferences: owners,
    },
  };
}

function keyOf(resource: string, namespace: string, name: string): string {
  return `${resource} ${namespace}/${name}`;
}

export function ownedBy(type: TinyType, name: string, more: Partial<OwnerReference> = {}): OwnerReference {
  const apiVersion = type.group === '' ? type.version : `${type.group}/${type.version}`;
  return { apiVersion, kind: type.kind, name, uid: `uid-${name}`, ...more };
}

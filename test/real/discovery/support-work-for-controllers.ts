import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.ts';
import { type ClientOptions, type HttpClient, httpClient } from '../support/http-client.ts';

const DEPENDENTS = 5;
const OBJECTS = 3;
const NAMESPACES = '/api/v1/namespaces';
/** Of everything whose owner lives or dies. */
const HOME = 'home';

type Resource = 'configmaps' | 'jobs' | 'devicetaintrules';

const TYPES: Readonly<
  Record<Resource, { readonly apiVersion: string; readonly kind: string; readonly content: object }>
> = {
  configmaps: { apiVersion: 'v1', kind: 'ConfigMap', content: {} },
  jobs: {
    apiVersion: 'batch/v1',
    kind: 'Job',
    content: {
      spec: {
        suspend: true,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'example.com/c' }] } },
      },
    },
  },
  devicetaintrules: {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'DeviceTaintRule',
    content: {
      spec: { deviceSelector: { driver: 'driver.example' }, taint: { key: 'example/taint', effect: 'NoSchedule' } },
    },
  },
};

interface Owner {
  readonly resource: Resource;
  readonly name: string;
  readonly dependents: readonly string[];
}

interface List {
  readonly items: readonly { readonly metadata: { readonly name: string; readonly namespace?: string } }[];
}

/** Namespaces to empty, and owners of objects, for the two controllers that delete by what discovery and 404s say. */
export class WorkForControllers {
  readonly owners: Owner[] = [];
  readonly deleted: string[] = [];
  objectsInDeleted = 0;
  readonly #options: Omit<ClientOptions, 'protocol'>;
  readonly #client: HttpClient;
  #last = 0;

  constructor(options: Omit<ClientOptions, 'protocol'>) {
    this.#options = options;
    this.#client = httpClient({ ...options, protocol: 'h2' });
  }

  async begin(): Promise<void> {
    await this.#create(NAMESPACES, { metadata: { name: HOME } });
  }

  get dependentCount(): number {
    return this.owners.reduce((sum, { dependents }) => sum + dependents.length, 0);
  }

  /** A namespace with ConfigMaps, and objects of further types. */
  async addNamespace(further: readonly Resource[]): Promise<string> {
    const namespace = this.#name('doomed');
    await this.#create(NAMESPACES, { metadata: { name: namespace } });
    for (const resource of ['configmaps', ...further] as const) {
      for (let i = 0; i < OBJECTS; i++) await this.#createOf(resource, namespace, { name: this.#name('object') });
    }
    return namespace;
  }

  async deleteNamespace(namespace: string): Promise<void> {
    const { items } = await this.#list(this.#client, collection('configmaps', namespace));
    await this.#delete(`${NAMESPACES}/${namespace}`);
    this.deleted.push(namespace);
    this.objectsInDeleted += items.length;
  }

  async namespacesGone(namespaces: readonly string[]): Promise<void> {
    for (const namespace of namespaces) {
      await eventually(`${namespace} is gone`, async () => (await this.#status(`${NAMESPACES}/${namespace}`)) === 404);
    }
  }

  /** Objects in deleted namespaces, as the server at `url` lists them. */
  async leftovers(url: string): Promise<string[]> {
    const client = httpClient({ ...this.#options, url, protocol: 'h2' });
    const left: string[] = [];
    for (const resource of ['configmaps', 'jobs'] as const) {
      const { items } = await this.#list(client, collection(resource));
      for (const { metadata } of items) {
        if (this.deleted.includes(metadata.namespace ?? ''))
          left.push(`${resource} ${metadata.namespace}/${metadata.name}`);
      }
    }
    client.close();
    return left;
  }

  /** An object with ConfigMaps that belong to it. */
  async addOwner(resource: Resource): Promise<Owner> {
    const name = this.#name('owner');
    const { apiVersion, kind } = TYPES[resource];
    const { uid } = await this.#createOf(resource, HOME, { name });
    const dependents: string[] = [];
    for (let i = 0; i < DEPENDENTS; i++) {
      const dependent = this.#name('dependent');
      await this.#createOf('configmaps', HOME, { name: dependent, ownerReferences: [{ apiVersion, kind, name, uid }] });
      dependents.push(dependent);
    }
    const owner = { resource, name, dependents };
    this.owners.push(owner);
    return owner;
  }

  async deleteOwner(owner: Owner): Promise<void> {
    const { resource, name } = owner;
    await this.#delete(`${collection(resource, HOME)}/${name}?propagationPolicy=Background`);
    this.owners.splice(this.owners.indexOf(owner), 1);
  }

  async dependentsGone({ dependents }: Owner): Promise<void> {
    await eventually('the dependents of a dead owner are gone', async () => {
      const there = await this.#configMapsAtHome();
      return !dependents.some((name) => there.has(name));
    });
  }

  /** Of living owners. */
  async missingDependents(): Promise<string[]> {
    const there = await this.#configMapsAtHome();
    for (const { resource, name } of this.owners) {
      assert.equal(await this.#status(`${collection(resource, HOME)}/${name}`), 200, `${resource} ${name} lives`);
    }
    return this.owners.flatMap(({ resource, name, dependents }) =>
      dependents.filter((dependent) => !there.has(dependent)).map((dependent) => `${dependent} of ${resource} ${name}`),
    );
  }

  close(): void {
    this.#client.close();
  }

  async #configMapsAtHome(): Promise<Set<string>> {
    const { items } = await this.#list(this.#client, collection('configmaps', HOME));
    return new Set(items.map(({ metadata }) => metadata.name));
  }

  #name(prefix: string): string {
    return `${prefix}-${++this.#last}`;
  }

  #createOf(resource: Resource, namespace: string, metadata: object): Promise<{ readonly uid: string }> {
    const { apiVersion, kind, content } = TYPES[resource];
    return this.#create(collection(resource, namespace), { apiVersion, kind, metadata, ...content });
  }

  async #create(target: string, body: object): Promise<{ readonly uid: string }> {
    const answer = await this.#client.request({ method: 'POST', target, body });
    assert.equal(answer.status, 201, `POST ${target}: ${answer.body}`);
    return JSON.parse(answer.body.toString()).metadata;
  }

  async #delete(target: string): Promise<void> {
    const { status, body } = await this.#client.request({ method: 'DELETE', target });
    assert.equal(status, 200, `DELETE ${target}: ${body}`);
  }

  async #status(target: string): Promise<number> {
    return (await this.#client.request({ target })).status;
  }

  async #list(client: HttpClient, target: string): Promise<List> {
    const { status, body } = await client.request({ target });
    assert.equal(status, 200, `GET ${target}: ${body}`);
    return JSON.parse(body.toString());
  }
}

/** Without a namespace: of all. */
function collection(resource: Resource, namespace?: string): string {
  const { apiVersion } = TYPES[resource];
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const isNamespaced = resource !== 'devicetaintrules' && namespace !== undefined;
  return `${root}${isNamespaced ? `/namespaces/${namespace}` : ''}/${resource}`;
}

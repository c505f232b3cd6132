import type { HttpClient } from './http-client.ts';
import type { LoadTask } from './open-loop-load.ts';

/** Reads and writes of one type. */
export interface ObjectWork {
  /** Collection of a few objects that are only read, made by {@link makeReadObjects}. */
  readonly read: string;
  /** Collection in which objects are created. */
  readonly written: string;
  object(name: string): object;
}

/** The type that only some servers serve, when others run with {@link WITHOUT_JOBS}. */
export const JOBS = { group: 'batch', version: 'v1', resource: 'jobs' } as const;
/** Value of `--runtime-config`. */
export const WITHOUT_JOBS = 'batch/v1=false';

export const JOB_WORK: ObjectWork = {
  read: '/apis/batch/v1/namespaces/kube-public/jobs',
  written: '/apis/batch/v1/namespaces/default/jobs',
  // Suspended: nothing has to be run for it.
  object: (name) => {
    const containers = [{ name: 'none', image: 'registry.k8s.io/pause:3.10' }];
    return { metadata: { name }, spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers } } } };
  },
};

/** What every server serves. */
export const SECRET_WORK: ObjectWork = {
  read: '/api/v1/namespaces/kube-public/secrets',
  written: '/api/v1/namespaces/default/secrets',
  object: (name) => ({ metadata: { name }, stringData: { of: name } }),
};

const READ_NAMES = ['a', 'b', 'c', 'd'] as const;

export async function makeReadObjects(client: HttpClient, { read, object }: ObjectWork): Promise<void> {
  for (const name of READ_NAMES) {
    const { status, body } = await client.request({ method: 'POST', target: read, body: object(name) });
    if (status !== 201) throw new Error(`an object to be read could not be made: ${status} ${body}`);
  }
}

/** Names of the objects that were created, of those that begin with `prefix`. */
export async function writtenNames(client: HttpClient, { written }: ObjectWork, prefix: string): Promise<Set<string>> {
  const { status, body } = await client.request({ target: written });
  if (status !== 200) throw new Error(`what was written could not be listed: ${status} ${body}`);
  const { items }: { items: readonly { metadata: { name: string } }[] } = JSON.parse(body.toString());
  return new Set(items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(prefix)));
}

/** Reads, and as every `writeEvery`th request the creation of an object called `prefix` and its number. */
export function objectTasks(
  { read, written, object }: ObjectWork,
  prefix: string,
  writeEvery: number,
): (index: number) => LoadTask {
  return (index) => {
    if (index % writeEvery === 0) {
      const name = `${prefix}${index}`;
      return { kind: 'write', name, method: 'POST', target: written, body: object(name), isRight: isNamed(name) };
    }
    if (index % writeEvery === 1) {
      const isRight = holds<{ items: readonly unknown[] }>(({ items }) => items.length === READ_NAMES.length);
      return { kind: 'read', method: 'GET', target: read, isRight };
    }
    const name = READ_NAMES[index % READ_NAMES.length] ?? '';
    return { kind: 'read', method: 'GET', target: `${read}/${name}`, isRight: isNamed(name) };
  };
}

function isNamed(name: string): (text: string) => boolean {
  return holds<{ metadata: { name: string } }>(({ metadata }) => metadata.name === name);
}

/** Whether a text is JSON of which `judge` says yes. */
function holds<T>(judge: (value: T) => boolean): (text: string) => boolean {
  return (text) => {
    try {
      return judge(JSON.parse(text));
    } catch {
      return false;
    }
  };
}

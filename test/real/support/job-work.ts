import type { LoadTask } from './open-loop-load.ts';

/** The type that only some servers serve, when others run with {@link WITHOUT_JOBS}. */
export const JOBS = { group: 'batch', version: 'v1', resource: 'jobs' } as const;
/** Value of `--runtime-config`. */
export const WITHOUT_JOBS = 'batch/v1=false';

/** What the reads of {@link jobWork} ask for; its Jobs have to be made first. */
export const READ_JOBS = jobsIn('kube-public');
export const READ_NAMES: readonly string[] = ['a', 'b', 'c', 'd'];

export function jobsIn(namespace: string): string {
  return `/apis/batch/v1/namespaces/${namespace}/jobs`;
}

/** A Job that nothing has to be run for. */
export function job(name: string): object {
  const containers = [{ name: 'none', image: 'registry.k8s.io/pause:3.10' }];
  return { metadata: { name }, spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers } } } };
}

/**
 * Reads of the fixed Jobs, and as every `writeEvery`th request the creation of one more in the namespace `default`, called
 * `prefix` and its number.
 */
export function jobWork(prefix: string, writeEvery: number): (index: number) => LoadTask {
  return (index) => {
    if (index % writeEvery === 0) {
      const name = `${prefix}-${index}`;
      const isRight = holds<{ metadata: { name: string } }>(({ metadata }) => metadata.name === name);
      return { kind: 'write', name, method: 'POST', target: jobsIn('default'), body: job(name), isRight };
    }
    if (index % writeEvery === 1) {
      const isRight = holds<{ items: readonly unknown[] }>(({ items }) => items.length === READ_NAMES.length);
      return { kind: 'read', method: 'GET', target: READ_JOBS, isRight };
    }
    const name = READ_NAMES[index % READ_NAMES.length] ?? '';
    const isRight = holds<{ metadata: { name: string } }>(({ metadata }) => metadata.name === name);
    return { kind: 'read', method: 'GET', target: `${READ_JOBS}/${name}`, isRight };
  };
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

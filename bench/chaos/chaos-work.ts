import { JOB_WORK, type ObjectWork, objectTasks, SECRET_WORK } from '../../test/real/support/object-work.ts';
import type { LoadTask } from '../../test/real/support/open-loop-load.ts';

/** Only the newest server serves it. */
const TAINT_WORK: ObjectWork = {
  read: '/apis/resource.k8s.io/v1/devicetaintrules',
  written: '/apis/resource.k8s.io/v1/devicetaintrules',
  object: (name) => ({
    metadata: { name },
    spec: { deviceSelector: { driver: 'a.example' }, taint: { key: 'a.example/b', effect: 'NoSchedule' } },
  }),
};

/** What all servers serve, what two of three do, and what one does. */
export const WORKS: readonly ObjectWork[] = [SECRET_WORK, JOB_WORK, TAINT_WORK];
/** Where objects are created, and watched. */
export const WRITTEN_WORKS: readonly ObjectWork[] = [SECRET_WORK, JOB_WORK];

const BATCH_LABEL = 'chaos-batch';
const WRITE_EVERY = 5;
/** More than there are requests: never. */
const NO_WRITES = Number.MAX_SAFE_INTEGER;

/** Requests of every work in turn; what is created carries its batch, of `batchSize` requests each. */
export function chaosTasks(batchSize: number): (index: number) => LoadTask {
  const tasks = WORKS.map((work, i) =>
    objectTasks(work, prefixOf(i), WRITTEN_WORKS.includes(work) ? WRITE_EVERY : NO_WRITES),
  );
  return (index) => {
    const task = tasks[index % tasks.length];
    // From 1 on: number 0 is a write of every work.
    const made = task?.(Math.floor(index / tasks.length) + 1);
    if (made === undefined) throw new RangeError('there is no work');
    if (made.name === undefined) return made;
    return { ...made, body: labelled(made.body, Math.floor(index / batchSize)) };
  };
}

/** The batch of an object, and its work, by its name. */
export function originOf(
  name: string,
  batchSize: number,
): { readonly batch: number; readonly work: ObjectWork | undefined } {
  const [, work = '', number = ''] = /^chaos-(\d+)-(\d+)$/.exec(name) ?? [];
  const index = (Number(number) - 1) * WORKS.length + Number(work);
  return { batch: Math.floor(index / batchSize), work: WORKS[Number(work)] };
}

/** Query that selects all objects of these batches. */
export function batchSelector(batches: readonly number[]): string {
  return `labelSelector=${encodeURIComponent(`${BATCH_LABEL} in (${batches.join(',')})`)}`;
}

function prefixOf(work: number): string {
  return `chaos-${work}-`;
}

function labelled(body: object | undefined, batch: number): object {
  const { metadata, ...rest }: { metadata?: object } = body ?? {};
  return { ...rest, metadata: { ...metadata, labels: { [BATCH_LABEL]: String(batch) } } };
}

import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves of the space in which V8 makes new objects. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Keeps V8 from making its young generation larger than what relaying needs: objects of a request live for milliseconds. By
 * itself it would grow to 128 MiB under load, which is more than ten thousand watches take, and leave buffers outside the heap
 * lying until a collection of the whole heap finds them. The size is an option of the program that starts Node; growth can be
 * stopped later.
 */
export function limitYoungGeneration(): void {
  let mayGrow = true;
  const look = (): void => {
    const size = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
    if (mayGrow === size < MOST_BYTES) return;
    mayGrow = !mayGrow;
    setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`);
  };
  new PerformanceObserver(look).observe({ entryTypes: ['gc'] });
}

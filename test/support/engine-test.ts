import { type TestContext, test } from 'node:test';
import { ENGINE_NAMES, type EngineName } from '../../src/wire/engine-name.ts';

const ENGINES = new WeakMap<TestContext, EngineName>();

/**
 * A test of HTTP/2 that has to pass with every engine: runs once with each, which `startListener` and `startUpstream` use
 * unless they are told otherwise.
 */
export function engineTest(name: string, run: (t: TestContext) => Promise<void>): void {
  for (const engine of ENGINE_NAMES) {
    test(`${name} (engine: ${engine})`, (t) => {
      ENGINES.set(t, engine);
      return run(t);
    });
  }
}

/** The engine of a test of `engineTest`; of others undefined. */
export function engineOfTest(t: TestContext): EngineName | undefined {
  return ENGINES.get(t);
}

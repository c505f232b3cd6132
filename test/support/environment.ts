import type { TestContext } from 'node:test';

/** Sets a variable of the environment, or takes it away, until the test ends. */
export function setVariable(t: TestContext, name: string, value: string | undefined): void {
  const before = process.env[name];
  const set = (to: string | undefined): void => {
    if (to === undefined) delete process.env[name];
    else process.env[name] = to;
  };
  set(value);
  t.after(() => set(before));
}

import type { TestContext } from 'node:test';

/** Sets a variable of the environment, or takes it away; when the test ends it is as it was. */
export function variable(t: TestContext, name: string): (value: string | undefined) => void {
  const before = process.env[name];
  const set = (value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  t.after(() => set(before));
  return set;
}

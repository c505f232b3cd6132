import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandName, programName } from './program-name.ts';

for (const [path, name, command] of [
  [undefined, 'mvproxy', 'mvproxy'],
  ['/usr/local/bin/mvproxy', 'mvproxy', 'mvproxy'],
  ['/usr/local/bin/kubectl-mvproxy', 'kubectl mvproxy', 'kubectl mvproxy'],
  ['/usr/lib/node_modules/mixed-version-proxy/dist/bin/mvproxy.js', 'mvproxy', 'mvproxy'],
  ['/home/me/mixed-version-proxy/bin/mvproxy.ts', 'mvproxy', 'npm run -s mvproxy --'],
] as const) {
  test(`started as ${path}`, () => assert.deepEqual([programName(path), commandName(path)], [name, command]));
}

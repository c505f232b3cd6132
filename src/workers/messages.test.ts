import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAssignment, parseAssignment, type WorkerAssignment } from './messages.ts';

const SERVING = { host: '127.0.0.1', port: 6443 };
const ASSIGNMENT: WorkerAssignment = {
  slot: 1,
  serving: SERVING,
  admin: { host: '127.0.0.1', port: 6445 },
  otherAdmins: [{ host: '127.0.0.1', port: 6444 }],
};

test('a worker reads what its supervisor wrote', () => {
  assert.deepEqual(parseAssignment(formatAssignment(ASSIGNMENT)), ASSIGNMENT);
});

test('a worker of this version can be started by an older supervisor, which says nothing of the others', () => {
  assert.deepEqual(parseAssignment(JSON.stringify({ slot: 0, serving: SERVING })), {
    slot: 0,
    serving: SERVING,
    admin: undefined,
    otherAdmins: [],
  });
});

for (const text of [
  undefined,
  '',
  'yes',
  '1',
  'null',
  '{}',
  '{"slot":0}',
  '{"slot":"0","serving":{"host":"a","port":1}}',
]) {
  test(`${text} makes nobody a worker`, () => assert.equal(parseAssignment(text), undefined));
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { kubeconfigText } from './kubeconfig.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('a certificate user', () => {
  const text = kubeconfigText('https://127.0.0.1:6443', 'CA', { name: 'jane', cert: 'CERT', key: 'KEY' });
  assert.deepEqual(parse(text), {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'default',
    clusters: [
      { name: 'default', cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority-data': base64('CA') } },
    ],
    users: [{ name: 'jane', user: { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') } }],
    contexts: [{ name: 'default', context: { cluster: 'default', user: 'jane' } }],
  });
});

test('a token user; names and tokens with YAML syntax in them stay text', () => {
  const { users, contexts } = parse(
    kubeconfigText('https://localhost', 'CA', { name: 'a: b # c', token: '"123" # x' }),
  );
  assert.deepEqual(users, [{ name: 'a: b # c', user: { token: '"123" # x' } }]);
  assert.equal(contexts[0].context.user, 'a: b # c');
});

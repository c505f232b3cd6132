import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryStore } from '../../store/memory-store.ts';
import { put, ROBOT, remove, serviceAccountKey } from '../testing/objects.ts';
import { ISSUER, ServiceAccountTokens } from './service-account-tokens.ts';

const NOW = Date.UTC(2026, 0, 1);

function setting({ namesCredential = true, at = NOW } = {}) {
  const store = new MemoryStore();
  const account = put(store, ROBOT);
  const clock = { now: at };
  const key = serviceAccountKey();
  const tokens = new ServiceAccountTokens(key, store, () => clock.now, namesCredential);
  const mint = (spec = {}) =>
    tokens.mint({ account, audiences: [ISSUER], expirationSeconds: 600, bound: undefined, ...spec });
  return { store, account, clock, key, tokens, mint };
}

describe('a token of a service account', () => {
  test('stands for its account and names itself', () => {
    const { account, tokens, mint } = setting();
    const { token, expiresAt } = mint();
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    assert.equal(expiresAt, NOW + 600_000);
    assert.deepEqual(tokens.verify(token), {
      user: {
        name: 'system:serviceaccount:default:robot',
        uid: account.metadata.uid,
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default'],
        extra: [['authentication.kubernetes.io/credential-id', [`JTI=${jti}`]]],
      },
      audiences: [ISSUER],
    });
  });

  test('names no credential on servers before 1.30', () => {
    const { tokens, mint } = setting({ namesCredential: false });
    assert.deepEqual(tokens.verify(mint().token)?.user.extra, []);
  });

  test('is accepted by every server with the same key and store, and by no other', () => {
    const { key, store, mint } = setting();
    const { token } = mint();
    assert.ok(new ServiceAccountTokens(key, store, () => NOW, true).verify(token));
    assert.equal(new ServiceAccountTokens(serviceAccountKey(), store, () => NOW, true).verify(token), undefined);
  });

  test('ends, a minute of leeway later', () => {
    const { clock, tokens, mint } = setting();
    const { token } = mint();
    clock.now = NOW + 660_000;
    assert.ok(tokens.verify(token));
    clock.now += 1000;
    assert.equal(tokens.verify(token), undefined);
  });

  test('ends with its account, also when another of that name follows', () => {
    const { store, tokens, mint } = setting();
    const { token } = mint();
    remove(store, ROBOT);
    assert.equal(tokens.verify(token), undefined);
    put(store, ROBOT);
    assert.equal(tokens.verify(token), undefined);
  });

  test('ends with the pod it is bound to, and tells which pod that is', () => {
    const { store, tokens, mint } = setting();
    const pod = { group: '', resource: 'pods', kind: 'Pod', name: 'one', namespace: 'default' };
    const { uid } = put(store, pod).metadata;
    const { token } = mint({ bound: { kind: 'Pod', name: 'one', uid } });
    const extra = new Map(tokens.verify(token)?.user.extra);
    assert.deepEqual(extra.get('authentication.kubernetes.io/pod-name'), ['one']);
    assert.deepEqual(extra.get('authentication.kubernetes.io/pod-uid'), [uid]);
    remove(store, pod);
    assert.equal(tokens.verify(token), undefined);
  });

  test('is for its audiences only', () => {
    const { tokens, mint } = setting();
    const { token } = mint({ audiences: ['vault', 'other'] });
    assert.equal(tokens.verify(token), undefined);
    assert.deepEqual(tokens.verify(token, ['else', 'vault'])?.audiences, ['vault']);
  });

  test('cannot be altered, nor signed in another way', () => {
    const { tokens, mint } = setting();
    const [header = '', claims = '', signature = ''] = mint().token.split('.');
    const forged = Buffer.from(Buffer.from(claims, 'base64url').toString().replaceAll('robot', 'admin'));
    assert.equal(tokens.verify(`${header}.${forged.toString('base64url')}.${signature}`), undefined);
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    assert.equal(tokens.verify(`${none}.${claims}.`), undefined);
    assert.equal(tokens.verify(`${none}.${claims}.${signature}`), undefined);
    for (const text of ['', '.', '..', 'a.b.c', `${header}.${claims}`]) assert.equal(tokens.verify(text), undefined);
  });
});

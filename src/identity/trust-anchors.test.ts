import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { certify, type Holder, holder } from '../../test/support/certificate-shapes.ts';
import { chainsTo, parseTrustAnchors } from './trust-anchors.ts';

const HOUR = 3_600_000;
const now = Date.now();

const [root, otherRoot, impostor, middle, lower, client] = await Promise.all([
  holder('root'),
  holder('other root'),
  holder('root'),
  holder('middle'),
  holder('lower'),
  holder('client'),
]);

const ca = (subject: Holder, issuer: Holder) => certify(subject, issuer, { ca: true });

const [rootCa, otherCa, impostorCa, middleCa, crossed, lowerCa] = await Promise.all([
  ca(root, root),
  ca(otherRoot, otherRoot),
  ca(impostor, impostor),
  ca(middle, root),
  ca(middle, otherRoot),
  ca(lower, middle),
]);
const [leaf, underMiddle, underLower, underImpostor, selfSigned] = await Promise.all([
  certify(client, root),
  certify(client, middle),
  certify(client, lower),
  certify(client, impostor),
  certify(client, client),
]);

for (const { name, chain, anchors, expected } of [
  { name: 'a leaf under the right CA', chain: [leaf], anchors: [rootCa], expected: true },
  { name: 'a leaf under another CA', chain: [leaf], anchors: [otherCa], expected: false },
  {
    name: 'a leaf under a CA of equal name and another key',
    chain: [underImpostor],
    anchors: [rootCa],
    expected: false,
  },
  {
    name: 'a leaf that brings the CA of equal name along',
    chain: [underImpostor, impostorCa],
    anchors: [rootCa],
    expected: false,
  },
  {
    name: 'a leaf under the second of two CAs of equal name',
    chain: [underImpostor],
    anchors: [rootCa, impostorCa],
    expected: true,
  },
  {
    name: 'a chain whose intermediate the client sent',
    chain: [underMiddle, middleCa],
    anchors: [rootCa],
    expected: true,
  },
  { name: 'a chain without its intermediate', chain: [underMiddle], anchors: [rootCa], expected: false },
  {
    name: 'a chain over two intermediates, sent in any order',
    chain: [underLower, middleCa, lowerCa],
    anchors: [rootCa],
    expected: true,
  },
  { name: 'an intermediate as anchor', chain: [underMiddle], anchors: [middleCa], expected: true },
  { name: 'an intermediate as anchor, sent too', chain: [underMiddle, middleCa], anchors: [middleCa], expected: true },
  {
    name: 'a cross-signed intermediate, one way',
    chain: [underMiddle, middleCa, crossed],
    anchors: [rootCa],
    expected: true,
  },
  {
    name: 'a cross-signed intermediate, the other way',
    chain: [underMiddle, middleCa, crossed],
    anchors: [otherCa],
    expected: true,
  },
  {
    name: 'a cross-signed intermediate, the way that was not sent',
    chain: [underMiddle, middleCa],
    anchors: [otherCa],
    expected: false,
  },
  { name: 'a leaf that is itself an anchor', chain: [selfSigned], anchors: [selfSigned], expected: true },
  { name: 'a self-signed leaf', chain: [selfSigned], anchors: [rootCa], expected: false },
  {
    name: 'an anchor that the client sends behind a foreign leaf',
    chain: [underImpostor, rootCa],
    anchors: [rootCa],
    expected: false,
  },
  { name: 'anything without anchors', chain: [leaf, rootCa], anchors: [], expected: false },
  { name: 'no certificate', chain: [], anchors: [rootCa], expected: false },
] satisfies readonly {
  name: string;
  chain: readonly X509Certificate[];
  anchors: X509Certificate[];
  expected: boolean;
}[]) {
  test(`${name} is ${expected ? 'trusted' : 'refused'}`, () => {
    assert.equal(chainsTo(chain, anchors, now), expected);
  });
}

for (const keyUsage of [true, false]) {
  test(`a leaf may not issue, ${keyUsage ? 'by its key usage' : 'though it limits its key to nothing'}`, async () => {
    const forged = await certify(await holder('admin'), client);
    assert.equal(chainsTo([forged, await certify(client, root, { keyUsage })], [rootCa], now), false);
  });
}

test('every certificate on the way must be valid now', async () => {
  const past = { notBefore: new Date(now - 2 * HOUR), notAfter: new Date(now - HOUR) };
  const future = { notBefore: new Date(now + HOUR), notAfter: new Date(now + 2 * HOUR) };
  for (const shape of [past, future]) {
    const leafThen = await certify(client, root, shape);
    const middleThen = await certify(middle, root, { ca: true, ...shape });
    const rootThen = await certify(root, root, { ca: true, ...shape });
    const within = ((shape.notBefore?.getTime() ?? 0) + (shape.notAfter?.getTime() ?? 0)) / 2;
    assert.equal(chainsTo([leafThen], [rootCa], now), false);
    assert.equal(chainsTo([leafThen], [leafThen], now), false);
    assert.equal(chainsTo([underMiddle, middleThen], [rootCa], now), false);
    assert.equal(chainsTo([leaf], [rootThen], now), false);
    assert.equal(chainsTo([leafThen], [rootThen], within), true);
  }
});

test('authorities that certify each other lead nowhere, and end', async () => {
  const [a, b] = await Promise.all([holder('a'), holder('b')]);
  const [aByB, bByA, underA] = await Promise.all([ca(a, b), ca(b, a), certify(client, a)]);
  assert.equal(chainsTo([underA, aByB, bByA, aByB, bByA], [rootCa], now), false);
  assert.equal(chainsTo([underA, aByB, bByA], [await ca(a, a)], now), true);
});

test('at most ten certificates of a client are looked at', () => {
  const padding = new Array<X509Certificate>(8).fill(otherCa);
  assert.equal(chainsTo([underMiddle, ...padding, middleCa], [rootCa], now), true);
  assert.equal(chainsTo([underMiddle, otherCa, ...padding, middleCa], [rootCa], now), false);
});

test('trust follows the signatures: a search over who signed whom agrees', async () => {
  const holders = [root, impostor, middle, lower, client];
  const names = holders.map((_, index) => index);
  const certificates = await Promise.all(
    names.flatMap((subject) =>
      names.flatMap((issuer) =>
        [true, false].map(async (isCa) => {
          const [to, by] = [holders[subject], holders[issuer]];
          assert.ok(to && by);
          return { subject, issuer, isCa, x509: await certify(to, by, { ca: isCa }) };
        }),
      ),
    ),
  );
  const some = fc.array(fc.constantFrom(...certificates), { maxLength: 5 });
  fc.assert(
    fc.property(
      fc.constantFrom(...certificates),
      some,
      fc.array(fc.constantFrom(...certificates), { maxLength: 2 }),
      (leafEntry, sent, anchors) => {
        const reached = new Set([leafEntry]);
        for (const current of reached) {
          for (const next of sent) if (next.isCa && next.subject === current.issuer) reached.add(next);
        }
        const expected = [...reached].some((current) =>
          anchors.some((anchor) => anchor === current || (anchor.isCa && anchor.subject === current.issuer)),
        );
        const chain = [leafEntry, ...sent].map(({ x509 }) => x509);
        assert.equal(
          chainsTo(
            chain,
            anchors.map(({ x509 }) => x509),
            now,
          ),
          expected,
        );
      },
    ),
    { numRuns: 1000 },
  );
});

test('a bundle may hold text, other blocks and certificates in any line format', () => {
  const pem = rootCa.toString();
  const bundle = `# CN=root\n${pem}\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n${otherCa.toString().replaceAll('\n', '\r\n')}trailing text`;
  assert.deepEqual(
    parseTrustAnchors(bundle).map(({ fingerprint256 }) => fingerprint256),
    [rootCa.fingerprint256, otherCa.fingerprint256],
  );
  assert.deepEqual(parseTrustAnchors(''), []);
});

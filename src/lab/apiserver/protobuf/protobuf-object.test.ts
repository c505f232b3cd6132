import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiError } from '../api-error.ts';
import { protobufObject } from './protobuf-object.ts';

/** A length-delimited field below 16 with fewer than 128 octets. */
function field(number: number, ...content: (string | Buffer)[]): Buffer {
  const octets = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([number * 8 + 2, octets.length]), octets]);
}

function integer(number: number, value: number): Buffer {
  return Buffer.from([number * 8, value]);
}

function body(apiVersion: string, kind: string, ...object: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('k8s\0'), field(1, field(1, apiVersion), field(2, kind)), field(2, ...object)]);
}

/** 2026-01-01T00:00:00Z */
const SECONDS = Buffer.from('0880f2d6ca06', 'hex');

describe('what clients sent', () => {
  // Each as kubectl 1.37.2 sent it, and as it prints the same object as JSON.
  test('a Deployment', async () => {
    const sent =
      '6b3873000a150a07617070732f7631120a4465706c6f796d656e7412df010a1f0a0377656212001a0022002a003200380042005a0a0a03617070120377656212ad010802120c0a0a0a0361707012037765621a92010a1c0a0012001a0022002a003200380042005a0a0a036170701203776562127212540a056e67696e7812056e67696e781a05736c6565701a01311a102d2d6472792d72756e3d636c69656e741a022d6f1a046a736f6e2a00320a0a001000185022002a0042006a007200800100880100900100a201001a00320042004a0052005800600068008201008a01009a0100c2010022020a00280038001a0c0800100018002000280038001a002200';
    assert.deepEqual(await protobufObject(Buffer.from(sent, 'hex')), {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [
              {
                name: 'nginx',
                image: 'nginx',
                command: ['sleep', '1', '--dry-run=client', '-o', 'json'],
                ports: [{ containerPort: 80 }],
                resources: {},
              },
            ],
          },
        },
        strategy: {},
      },
      status: {},
    });
  });

  test('a PodDisruptionBudget, whose minAvailable is a number or a text', async () => {
    const sent =
      '6b3873000a200a09706f6c6963792f76311213506f6444697372757074696f6e427564676574123c0a110a017012001a0022002a00320038004200121b0a09080110001a03353025120e0a0c0a0361707012057261696c731a0a080018002000280030001a002200';
    assert.deepEqual(await protobufObject(Buffer.from(sent, 'hex')), {
      kind: 'PodDisruptionBudget',
      apiVersion: 'policy/v1',
      metadata: { name: 'p' },
      spec: { minAvailable: '50%', selector: { matchLabels: { app: 'rails' } } },
      status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
    });
  });
});

describe('types with a JSON form of their own', () => {
  test('times; one that was never set is left out', async () => {
    const lease = (renewTime: Buffer) =>
      protobufObject(body('coordination.k8s.io/v1', 'Lease', field(1, field(8)), field(2, field(4, renewTime))));
    const nanos = Buffer.from('10c8ddd7d001', 'hex');
    assert.deepEqual(await lease(Buffer.concat([SECONDS, nanos])), {
      kind: 'Lease',
      apiVersion: 'coordination.k8s.io/v1',
      metadata: {},
      spec: { renewTime: '2026-01-01T00:00:00.437645Z' },
    });
    const pod = await protobufObject(body('v1', 'Pod', field(1, field(8, SECONDS))));
    assert.deepEqual(pod['metadata'], { creationTimestamp: '2026-01-01T00:00:00Z' });
  });

  test('bytes, and a field whose struct is inlined', async () => {
    const map = field(2, field(1, 'key'), field(2, Buffer.from([0xff])));
    assert.deepEqual((await protobufObject(body('v1', 'Secret', map)))['data'], { key: '/w==' });
    const container = field(2, field(1, 'c'), field(10, field(1, field(2, field(1, '/')))));
    const pod = await protobufObject(body('v1', 'Pod', field(2, container)));
    assert.deepEqual(pod['spec'], { containers: [{ name: 'c', livenessProbe: { httpGet: { path: '/' } } }] });
  });

  test('lists that are messages, as the extras of a user', async () => {
    const extra = field(5, field(1, 'key'), field(2, field(1, 'a'), field(1, 'b')));
    const review = await protobufObject(body('authorization.k8s.io/v1', 'SubjectAccessReview', field(2, extra)));
    assert.deepEqual(review['spec'], { extra: { key: ['a', 'b'] } });
  });

  test('schemas of CustomResourceDefinitions', async () => {
    const schema = body(
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      field(
        2,
        field(
          7,
          field(1, 'v1'),
          field(4, field(1, field(5, 'object'), field(3, '#/x'), field(8, field(1, '{"a":[1]}')))),
        ),
      ),
    );
    const spec = (await protobufObject(schema))['spec'];
    assert.deepEqual(spec, {
      versions: [{ name: 'v1', schema: { openAPIV3Schema: { type: 'object', $ref: '#/x', default: { a: [1] } } } }],
    });
  });
});

test('DeleteOptions belong to every group; zero counts where Go has a pointer', async () => {
  for (const apiVersion of ['v1', 'apps/v1', 'nobody.example/v1']) {
    const options = await protobufObject(body(apiVersion, 'DeleteOptions', integer(1, 0), field(4, 'Foreground')));
    assert.deepEqual(options, {
      kind: 'DeleteOptions',
      apiVersion,
      gracePeriodSeconds: 0,
      propagationPolicy: 'Foreground',
    });
  }
});

test('fields of newer clients are dropped', async () => {
  assert.deepEqual(await protobufObject(body('v1', 'Pod', field(15, 'x'))), { kind: 'Pod', apiVersion: 'v1' });
});

for (const [title, sent, code] of [
  ['no envelope', Buffer.from('{"kind":"Pod"}'), 400],
  ['a broken object', body('v1', 'Pod', Buffer.from([0x0a, 0x7f])), 400],
  ['a number for a text', body('v1', 'Pod', field(1, integer(1, 1))), 400],
  ['a custom type', body('example.com/v1', 'Widget'), 415],
] as const) {
  test(`${title} is refused with ${code}`, async () => {
    await assert.rejects(protobufObject(sent), (error) => error instanceof ApiError && error.status.code === code);
  });
}

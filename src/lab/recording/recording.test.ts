import assert from 'node:assert/strict';
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { parseAPIResourceList } from '../../kubernetes/legacy-discovery.ts';
import { RECORDED, recordedJson, recordedLegacyFiles } from '../../kubernetes/testing/recorded-documents.ts';
import { findRecording } from './find-recording.ts';
import { readRecording } from './read-recording.ts';
import { RecordingError } from './recording-error.ts';
import { SCHEMAS_FILE } from './recording-files.ts';
import { shippedRecordings } from './shipped-recordings.ts';
import { writeRecording } from './write-recording.ts';

const MAX_SHIPPED_BYTES = 400_000;

describe('shipped recordings', () => {
  it('are of the three releases, oldest first, and small', async () => {
    const shipped = await shippedRecordings();
    assert.deepEqual(
      shipped.map(({ version }) => version),
      RECORDED,
    );
    for (const { version, directory } of shipped) {
      const sizes = await Promise.all(
        (await readdir(directory)).map(async (file) => (await stat(join(directory, file))).size),
      );
      assert.ok(sizes.reduce((sum, size) => sum + size, 0) < MAX_SHIPPED_BYTES, version);
    }
  });

  for (const version of RECORDED) {
    it(`of ${version} say as which version that server wrote each resource`, async () => {
      const { storageVersions } = await findRecording(version);
      for (const file of recordedLegacyFiles(version)) {
        const document = recordedJson(version, `legacy/${file}`);
        if (typeof document !== 'object' || document === null || !('resources' in document)) continue;
        const { groupVersion, resources } = parseAPIResourceList(document);
        for (const { name, storageVersionHash } of resources) {
          assert.equal(
            storageVersions?.get(groupVersion)?.get(name) ?? '',
            storageVersionHash,
            `${groupVersion} ${name}`,
          );
        }
      }
      assert.ok(storageVersions?.get('v1')?.has('pods'));
    });

    it(`of ${version} say what that server said, and how every kind looks`, async () => {
      const recording = await findRecording(version);
      assert.equal(recording.version, version);
      assert.equal(recording.versionInfo['gitVersion'], `v${version}`);
      const { items } = recordedJson(version, 'apis-v2.json') as { items: unknown };
      assert.deepEqual(recording.apis, items);
      const schemas = (await recording.schemas()) ?? new Map();
      const deployment = schemas.get('io.k8s.api.apps.v1.Deployment');
      assert.match(String(deployment?.['description']), /declarative updates/);
      assert.ok(schemas.size > 500);
    });
  }
});

describe('findRecording', () => {
  it('takes a minor version, a full one and the tag of a release', async () => {
    assert.equal((await findRecording('1.34')).version, '1.34.4');
    assert.equal((await findRecording('1.36.3')).version, '1.36.3');
    assert.equal((await findRecording('v1.37.2')).version, '1.37.2');
  });

  it('takes a directory, even one whose name looks like a version', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'mvproxy-recording-'));
    const recording = { ...(await findRecording('1.37')), schemas: async () => undefined };
    for (const name of ['mine', '1.34.4-mine']) {
      await writeRecording(join(directory.path, name), recording);
      const found = await findRecording(name, directory.path);
      assert.deepEqual([found.version, await found.schemas()], ['1.37.2', undefined]);
    }
    assert.equal((await findRecording(join(directory.path, 'mine'))).version, '1.37.2');
  });

  it('lists what there is', async () => {
    await assert.rejects(
      findRecording('1.35'),
      /no recording of Kubernetes 1\.35; there are 1\.34\.4, 1\.36\.3, 1\.37\.2\./,
    );
    await assert.rejects(findRecording('1.34.9'), /no recording of Kubernetes 1\.34\.9/);
    await assert.rejects(findRecording('1.3'), /no recording of Kubernetes 1\.3;/);
    await assert.rejects(findRecording('./nowhere'), /nowhere is not a recording\. Give the directory/);
  });
});

describe('writeRecording', () => {
  it('writes equal recordings as equal bytes, which can be read again', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'mvproxy-recording-'));
    const recording = await findRecording('1.34');
    const [shipped] = await shippedRecordings();
    const shuffled = new Map([...((await recording.schemas()) ?? [])].reverse());
    const written = await writeRecording(directory.path, { ...recording, schemas: async () => shuffled });
    assert.equal(written.length, 5);
    for (const { file, bytes } of written) {
      const content = await readFile(file);
      assert.equal(content.length, bytes);
      assert.deepEqual(content, await readFile(file.replace(directory.path, shipped?.directory ?? '')), file);
    }
    const again = await readRecording(directory.path);
    assert.deepEqual(await again.schemas(), await recording.schemas());
  });
});

describe('readRecording', () => {
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const refused: readonly (readonly [string, string, Uint8Array, RegExp])[] = [
    ['no JSON', 'apis.json', Buffer.from('{'), /apis\.json is not JSON: .*Record the server again/],
    ['no object', 'version.json', json([]), /version\.json is not a JSON object/],
    ['no version', 'version.json', json({ gitVersion: 'latest' }), /gitVersion is "latest"/],
    ['a version without number', 'version.json', json({}), /gitVersion is missing/],
    [
      'another document',
      'api.json',
      json({ kind: 'APIVersions' }),
      /api\.json: .*\$\.kind is the string "APIVersions"/,
    ],
    ['schemas that are not compressed', SCHEMAS_FILE, json({}), /cannot be decompressed/],
    ['schemas that are none', SCHEMAS_FILE, brotliCompressSync('[]'), /is not an OpenAPI v3 document with schemas/],
    [
      'a schema that is none',
      SCHEMAS_FILE,
      brotliCompressSync(json({ components: { schemas: { a: 1 } } })),
      /the schema a is not an object/,
    ],
  ];
  for (const [title, file, content, message] of refused) {
    it(`refuses ${title}, naming the file`, async () => {
      await using directory = await mkdtempDisposable(join(tmpdir(), 'mvproxy-recording-'));
      await writeRecording(directory.path, { ...(await findRecording('1.34')), schemas: async () => new Map() });
      await writeFile(join(directory.path, file), content);
      const read = async () => (await readRecording(directory.path)).schemas();
      await assert.rejects(read, (error) => {
        assert.ok(error instanceof RecordingError);
        assert.match(error.message, message);
        assert.ok(error.message.includes(join(directory.path, file)));
        return true;
      });
    });
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { watchFraming } from './watch-framing.ts';

const JSON_TYPE = 'application/json;stream=watch';
const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf;stream=watch';

const line = (text: string): Buffer => Buffer.from(`${JSON.stringify({ type: 'ADDED', object: text })}\n`);
const indented = (text: string): Buffer => {
  const object = { text, list: [{ '}"\\': '{["\\' }, []], empty: {} };
  return Buffer.from(`${JSON.stringify({ type: 'ADDED', object }, undefined, 2)}\n`);
};
/** As a template may write it: braces at the start of a line end nothing by themselves. */
const unindented = (text: string): Buffer => Buffer.from(`{\n"object": {\n"a": ${JSON.stringify(text)}\n}\n}\r\n`);
const frame = (text: string): Buffer => {
  const body = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.byteLength);
  return Buffer.concat([length, body]);
};

for (const [form, contentType, encode] of [
  ['JSON lines', JSON_TYPE, line],
  ['indented JSON', JSON_TYPE, indented],
  ['JSON over several lines', JSON_TYPE, unindented],
  ['protobuf', PROTOBUF_TYPE, frame],
] as const) {
  test(`${form}: whatever the chunks are, the end of each event is found and nothing else`, () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.array(fc.nat(40)), fc.nat(), (texts, sizes, asked) => {
        const events = texts.map(encode);
        const stream = Buffer.concat(events);
        const ends = new Set([0]);
        for (let i = 1; i <= events.length; i++) ends.add(Buffer.concat(events.slice(0, i)).byteLength);
        const framing = watchFraming(contentType, undefined);
        assert.ok(framing !== undefined);
        let at = 0;
        for (const size of sizes) {
          const chunk = stream.subarray(at, Math.min(at + size, stream.byteLength));
          at += framing.take(chunk, false);
          assert.equal(framing.isBetweenEvents, ends.has(at));
        }
        // From somewhere within the stream: exactly the rest of the event, or all of a chunk in which none ends.
        const rest = stream.subarray(at, at + (asked % (stream.byteLength + 1)));
        const next = [...ends].sort((a, b) => a - b).find((end) => end > at) ?? Number.POSITIVE_INFINITY;
        const taken = framing.take(rest, true);
        assert.equal(taken, Math.min(rest.byteLength, next - at));
        assert.equal(framing.isBetweenEvents, ends.has(at + taken));
      }),
    );
  });
}

test('what is compressed or of another form has no boundaries that could be found', () => {
  assert.equal(watchFraming(JSON_TYPE, 'gzip'), undefined);
  assert.equal(watchFraming('application/cbor-seq', undefined), undefined);
  assert.equal(watchFraming(undefined, undefined), undefined);
  assert.notEqual(watchFraming('application/json', 'identity'), undefined);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineReader, type LinesEnd } from './line-reader.ts';

function setUp(maxBytes = 100) {
  const heard: (string | LinesEnd | 'too long')[] = [];
  const reader: LineReader = new LineReader(maxBytes, {
    line: (bytes) => heard.push(bytes.toString('latin1')),
    tooLong: () => heard.push('too long'),
    end: (how) => heard.push(how),
  });
  const send = (...chunks: string[]) => {
    for (const chunk of chunks) assert.equal(reader.data(Buffer.from(chunk, 'latin1')), true);
  };
  return { heard, reader, send };
}

test('lines come whole, whatever the chunks; empty ones do not come', () => {
  const { heard, reader, send } = setUp();
  send('one\ntw', 'o', '\n\n', '\nthree', '\n');
  assert.deepEqual(heard, ['one', 'two', 'three']);
  reader.end();
  assert.deepEqual(heard.slice(3), [{ kind: 'ended' }]);
});

test('a stream that breaks off within a line, or is reset, is broken', () => {
  for (const [last, end] of [
    ['half', (reader: LineReader) => reader.end()],
    [`${'x'.repeat(101)}`, (reader: LineReader) => reader.end()],
    ['', (reader: LineReader) => reader.reset('connection-lost')],
  ] as const) {
    const { heard, reader, send } = setUp();
    send('one\n', last);
    end(reader);
    assert.deepEqual(heard.at(-1), { kind: 'broken', reason: 'connection-lost' });
  }
});

test('a line over the bound is told of once and dropped, and the next one comes', () => {
  const { heard, send } = setUp(5);
  send('12345\n123456\nab', 'cd', 'ef', 'gh'.repeat(1000), '\nnext\n');
  assert.deepEqual(heard, ['12345', 'too long', 'too long', 'next']);
});

test('stopped within a chunk, it delivers nothing more and tells of no end', () => {
  const heard: string[] = [];
  const reader: LineReader = new LineReader(100, {
    line: (bytes) => {
      heard.push(bytes.toString());
      reader.stop();
    },
    tooLong: () => assert.fail(),
    end: () => assert.fail(),
  });
  reader.data(Buffer.from('one\ntwo\nthr'));
  reader.data(Buffer.from('ee\n'));
  reader.end();
  reader.reset('cancel');
  assert.deepEqual(heard, ['one']);
});

test('chunks are only lent: what is held does not change with them', () => {
  const { heard, reader } = setUp();
  const chunk = Buffer.from('first');
  reader.data(chunk);
  chunk.fill('-');
  reader.data(Buffer.from('\n'));
  assert.deepEqual(heard, ['first']);
});

test('any text in any chunks gives the lines of the text', () => {
  const byte = fc.constantFrom('a', 'b', '\n', '\u00ff');
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: byte, maxLength: 20 })),
      fc.integer({ min: 1, max: 12 }),
      (chunks, maxBytes) => {
        const { heard, reader, send } = setUp(maxBytes);
        send(...chunks);
        reader.end();
        const lines = chunks.join('').split('\n');
        const rest = lines.pop() ?? '';
        const expected: (string | LinesEnd)[] = lines.flatMap((line) => tellingOf(line, maxBytes));
        if (rest.length > maxBytes) expected.push('too long');
        expected.push(rest === '' ? { kind: 'ended' } : { kind: 'broken', reason: 'connection-lost' });
        assert.deepEqual(heard, expected);
      },
    ),
  );
});

function tellingOf(line: string, maxBytes: number): string[] {
  if (line === '') return [];
  return [line.length > maxBytes ? 'too long' : line];
}

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { systemResolver } from './name-resolver.ts';

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA', 33: 'SRV' };

/** A name server on loopback: record data by `TYPE name`; a number is an RCODE. Everything else does not exist. */
async function nameServer(t: TestContext, zone: Readonly<Record<string, readonly Buffer[] | number>>) {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const question = query.subarray(12, at + 5);
    const answer = zone[`${TYPES[query.readUInt16BE(at + 1)]} ${labels.join('.').toLowerCase()}`] ?? 3;
    const records = typeof answer === 'number' ? [] : answer;
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | (typeof answer === 'number' ? answer : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    const bodies = records.map((data) => {
      const record = Buffer.alloc(12);
      record.writeUInt16BE(0xc00c, 0);
      query.copy(record, 2, at + 1, at + 5);
      record.writeUInt32BE(1, 6);
      record.writeUInt16BE(data.length, 10);
      return Buffer.concat([record, data]);
    });
    socket.send(Buffer.concat([head, question, ...bodies]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return systemResolver([`127.0.0.1:${socket.address().port}`]);
}

test('records are told from names without them, and both from name servers that do not know', async (t) => {
  const target = Buffer.from('\0\0\0\0\x19\x2b\x04cp-1\x07example\0', 'latin1');
  const resolver = await nameServer(t, {
    'A api.example': [Buffer.from([10, 0, 0, 1]), Buffer.from([10, 0, 0, 2])],
    'AAAA api.example': [],
    'A broken.example': 2,
    'SRV _https._tcp.api.example': [target],
  });
  assert.deepEqual([...(await resolver.addresses('api.example', 4))].sort(), ['10.0.0.1', '10.0.0.2']);
  assert.deepEqual(await resolver.addresses('api.example', 6), [], 'no such record');
  assert.deepEqual(await resolver.addresses('nobody.example', 4), [], 'no such name');
  await assert.rejects(resolver.addresses('broken.example', 4), { code: 'ESERVFAIL' });
  assert.deepEqual(await resolver.services('_https._tcp.api.example'), [{ target: 'cp-1.example', port: 6443 }]);
  assert.deepEqual(await resolver.services('_https._tcp.nobody.example'), []);
});

test('this machine knows itself', async () => {
  assert.ok((await systemResolver().lookup('localhost')).some((address) => ['127.0.0.1', '::1'].includes(address)));
});

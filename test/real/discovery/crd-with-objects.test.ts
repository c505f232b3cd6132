import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startProxy } from '../../../tools/control-plane/proxy.ts';
import { startControlPlane } from '../../../tools/control-plane/start.ts';
import { applyPairs } from '../support/definition-pairs.ts';
import { httpClient } from '../support/http-client.ts';

const PAIRS = 100;
const LANES = 10;

test(`${PAIRS} definitions with an object each, applied without waiting, meet no error`, async () => {
  const controlPlane = await startControlPlane({
    servers: [
      { name: 'old', version: '1.34.4' },
      { name: 'new', version: '1.37.2' },
    ],
  });
  after(() => controlPlane.stop());
  const { url } = await startProxy(controlPlane);
  const { servingCa, admin } = controlPlane.pki;
  const connect = () => {
    const client = httpClient({ url, protocol: 'h2', ca: servingCa.cert, certificate: admin });
    after(() => client.close());
    return client;
  };
  // With so many connections, definitions and objects go to different servers more often than not.
  const lanes = Array.from({ length: LANES }, () => ({ definitions: connect(), objects: connect() }));
  const { errors } = await applyPairs(lanes, PAIRS, 'pair');
  assert.deepEqual(errors, []);
});

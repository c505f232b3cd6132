import { startEmbeddedPlane } from '../../src/lab/plane/embedded-plane.ts';
import { contractSuite } from './contract-suite.ts';
import { targetOf } from './contract-target.ts';

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

for (const version of ['1.37.2', '1.34.4']) {
  contractSuite(`an embedded API server says what kube-apiserver ${version} says`, async () => {
    return targetOf(await startEmbeddedPlane({ versions: [version], builtIn: 'none', logger }));
  });
}

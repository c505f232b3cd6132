import { startRealPlane } from '../../../src/lab/plane/real-plane.ts';
import { builtPrograms } from '../../../tools/control-plane/binaries.ts';
import { contractSuite } from '../../contract/contract-suite.ts';
import { targetOf } from '../../contract/contract-target.ts';
import { keepAnswers } from '../../contract/recorded-answers.ts';

/** `MVPROXY_RECORD_CONTRACT=1` records the answers anew instead of comparing them. */
const isRecording = process.env['MVPROXY_RECORD_CONTRACT'] === '1';

for (const version of ['1.37.2', '1.34.4']) {
  contractSuite(
    `kube-apiserver ${version} says what was recorded of it`,
    async () => targetOf(await startRealPlane({ versions: [version], programs: builtPrograms(), builtIn: 'none' })),
    isRecording ? { record: (answers) => keepAnswers(version, answers) } : {},
  );
}

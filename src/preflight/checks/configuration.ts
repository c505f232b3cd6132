import { type Check, finding, pass } from '../check.ts';
import { CHECK_KINDS } from '../check-codes.ts';

export const configuration: Check = {
  code: 'Configuration',
  async run(setting) {
    const problems = await setting.configuration();
    if (problems.length === 0) return [pass('The configuration and the files it names can be used.')];
    const { fix } = CHECK_KINDS.Configuration;
    return problems.map((problem) => finding('fail', problem, fix));
  },
};

import { type Check, finding, listedBriefly, pass } from '../check.ts';

export const membership: Check = {
  code: 'Membership',
  async run({ servers, membership: { failing, empty, refused } }) {
    const problems = [
      ...failing.map(({ source, condition }) =>
        finding(
          'fail',
          `The source ${source} of servers cannot be read: ${condition}.`,
          'docs/membership.md says what it needs.',
        ),
      ),
      ...empty.map((source) =>
        finding(
          'warn',
          `The source ${source} names no API server, so that none is found by it.`,
          'docs/membership.md says what it needs.',
        ),
      ),
      ...refused.map(({ id, address, reason }) =>
        finding(
          'warn',
          `${id} at ${address} is not used: ${reason}.`,
          'docs/membership.md says which servers are used.',
        ),
      ),
    ];
    if (servers.length === 0) {
      const fix =
        'Name them with --server NAME=URL, or where they are found: --membership-endpointslices, --membership-leases or --membership-dns.';
      return [...problems, finding('fail', 'No API server is known, so that nothing can be answered.', fix)];
    }
    if (problems.length > 0) return problems;
    const names = listedBriefly(servers.map(({ name }) => name));
    return [
      servers.length === 1
        ? finding(
            'warn',
            `${names} is the only API server: nobody answers while it restarts.`,
            'Name the others with --server NAME=URL, or let them be found: --membership-endpointslices.',
          )
        : pass(`${servers.length} API servers are known: ${names}.`),
    ];
  },
};

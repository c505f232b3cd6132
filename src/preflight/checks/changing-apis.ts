import { type Check, type Finding, finding, listedBriefly, pass } from '../check.ts';
import { releaseText } from '../preflight-facts.ts';
import { typeText } from '../type-changes.ts';

/** No failure by itself: that types come and go is what an upgrade is for. `APIUsage` says whether somebody minds. */
export const changingApis: Check = {
  code: 'ChangingAPIs',
  async run(facts) {
    const { target } = facts;
    const { to, appearing, vanishing, unread } = await facts.changes();
    const findings: Finding[] = [];
    if (unread.length > 0) {
      findings.push(
        finding(
          'unknown',
          `What ${listedBriefly(unread)} ${unread.length === 1 ? 'serves' : 'serve'} could not be read, and is left out.`,
          '',
        ),
      );
    }
    if (to === '') {
      if (unread.length === facts.servers.length) return findings;
      const text = 'No server has told its version, so that nobody knows which of them is the newest.';
      return [...findings, finding('unknown', text, 'Name the release that is to come: --to 1.37.')];
    }
    if (appearing.length + vanishing.length === 0) {
      const all =
        target === undefined
          ? 'All servers serve the same types. --to VERSION compares with a release that is to come.'
          : `The servers serve what ${target.name} does.`;
      return [...findings, pass(all)];
    }
    const by = releaseText(facts, to);
    const parts = [
      appearing.length === 0 ? '' : `${counted(appearing.length, 'appear')} with ${by}: ${names(appearing)}`,
      vanishing.length === 0 ? '' : `${counted(vanishing.length, 'vanish')} with ${by}: ${names(vanishing)}`,
    ];
    return [...findings, pass(`${parts.filter((part) => part !== '').join('. ')}.`)];
  },
};

const SINGULAR = { appear: 'appears', vanish: 'vanishes' } as const;

function counted(count: number, verb: 'appear' | 'vanish'): string {
  return count === 1 ? `One type ${SINGULAR[verb]}` : `${count} types ${verb}`;
}

function names(types: readonly Parameters<typeof typeText>[0][]): string {
  return listedBriefly(types.map(typeText), 4);
}

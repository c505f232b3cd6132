import { peerView } from '../../servers/peer-trust.ts';
import { type Check, finding, pass } from '../check.ts';

export const mergedView: Check = {
  code: 'MergedView',
  async run({ trust }) {
    const view = peerView(trust);
    if (view.kind === 'merged') return [pass('The proxy merges what servers serve, and routes to who serves it.')];
    const text = `The view is server-local, because ${view.missing} is missing: nothing is merged, and no request is moved to a server that serves it.`;
    return [finding('fail', text, `Give ${view.missing} to mvproxy serve.`)];
  },
};

import { blocked, type Check, eachServer, finding, listedBriefly, pass } from '../check.ts';
import { objectIn, textAt, valueAt } from '../json-object.ts';
import { accessReview, type RequiredRight, rightsText, subjectText } from '../required-rights.ts';
import type { ServerProbe } from '../server-probe.ts';

const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** Asks each server about each right that the manifests in deploy/ grant: authorizers are flags of a server. */
export const proxyRbac: Check = {
  code: 'ProxyRBAC',
  run: (setting) =>
    eachServer(setting, async (server) => {
      const { name } = server;
      // Reading it first shows what would block every review.
      const version = await server.known('/version');
      if (version.kind === 'blocked') return blocked(version.by, server);
      const answers = await Promise.all(setting.rights.map((right) => review(server, right)));
      const unanswered = answers.find((answer) => typeof answer === 'string');
      if (typeof unanswered === 'string') {
        return finding('unknown', `Not proved: ${unanswered}`, 'Ask again once it is ready.', name);
      }
      const denied = setting.rights.filter((_, at) => answers[at] === false);
      if (denied.length === 0) return pass(`All ${setting.rights.length} rights of the manifests are granted.`, name);
      const manifests = [...new Set(denied.map(({ manifest }) => manifest))];
      const acceptance = await server.acceptance();
      const user = acceptance.kind === 'read' && acceptance.value.kind === 'as' ? acceptance.value.user : '';
      const subject = user === '' ? '' : subjectText(user);
      return finding(
        'fail',
        `The proxy may not ${listedBriefly(rightsText(denied), 4)}: what changes is seen late, and servers are not found.`,
        `${manifests.map((manifest) => `kubectl apply -f ${manifest}`).join(' && ')}${subject}`,
        name,
      );
    }),
};

/** Whether it is granted, or why nobody knows. */
async function review(server: ServerProbe, right: RequiredRight): Promise<boolean | string> {
  const answer = await server.ask('POST', REVIEWS, { body: accessReview(right) });
  if (answer.kind === 'none') return answer.message;
  const said = objectIn(answer.body);
  if (answer.status === 201) return valueAt(said, 'status', 'allowed') === true;
  return `a SelfSubjectAccessReview was answered ${answer.status}: ${textAt(said, 'message')}`;
}

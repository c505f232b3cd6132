import type { ApiObject } from '../../../api-object.ts';
import { labelsText, NONE } from '../cells.ts';
import { humanDuration } from '../human-duration.ts';
import { at, condition, count, fields, items, text } from '../json-view.ts';
import { AGE, NAME, type Printers, printer, string } from '../printer.ts';

export const certificates: Printers = {
  'certificates.k8s.io/CertificateSigningRequest': printer(
    NAME,
    AGE,
    string('SignerName', (object) => text(object, 'spec.signerName') || NONE),
    string('Requestor', (object) => text(object, 'spec.username')),
    string('RequestedDuration', (object) =>
      at(object, 'spec.expirationSeconds') === undefined
        ? NONE
        : humanDuration(count(object, 'spec.expirationSeconds') * 1000),
    ),
    string('Condition', requestCondition),
  ),
  'certificates.k8s.io/ClusterTrustBundle': printer(
    NAME,
    string('SignerName', (object) => text(object, 'spec.signerName') || NONE),
  ),
  'certificates.k8s.io/PodCertificateRequest': printer(
    NAME,
    string('PodName', (object) => text(object, 'spec.podName')),
    string('ServiceAccountName', (object) => text(object, 'spec.serviceAccountName')),
    string('NodeName', (object) => text(object, 'spec.nodeName')),
    string('SignerName', (object) => text(object, 'spec.signerName')),
    string('State', podRequestState),
    {
      ...string('UnverifiedUserAnnotations', (object) => labelsText(fields(object, 'spec.unverifiedUserAnnotations'))),
      since: 36,
    },
  ),
};

function requestCondition(object: ApiObject): string {
  const has = (type: string) => condition(object, type) !== undefined;
  return [
    has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending',
    ...(has('Failed') ? ['Failed'] : []),
    ...(text(object, 'status.certificate') === '' ? [] : ['Issued']),
  ].join(',');
}

function podRequestState(object: ApiObject): string {
  const ends = items(object, 'status.conditions').map((each) => text(each, 'type'));
  return ends.findLast((type) => ['Issued', 'Denied', 'Failed'].includes(type)) ?? 'Pending';
}

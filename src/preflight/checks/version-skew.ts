import { type ServerVersion, versionText } from '../../kubernetes/kube-version.ts';
import { type Check, finding, pass } from '../check.ts';

/** Kubernetes' version skew policy for API servers of one cluster. */
const SUPPORTED = 1;

export const versionSkew: Check = {
  code: 'VersionSkew',
  async run({ servers, target }) {
    const read = await Promise.all(servers.map((server) => server.version()));
    const versions = read.flatMap((each) => (each.kind === 'read' ? [each.value] : []));
    if (versions.length === 0) {
      return [finding('unknown', 'No server has told its version.', '')];
    }
    const isComplete = versions.length === servers.length;
    const all = target?.version === undefined ? versions : [...versions, target.version];
    const oldest = all.reduce((least, each) => (minorsOf(each) < minorsOf(least) ? each : least));
    const newest = all.reduce((most, each) => (minorsOf(each) > minorsOf(most) ? each : most));
    const width = minorsOf(newest) - minorsOf(oldest);
    const range = width === 0 ? minorText(oldest) : `${minorText(oldest)} to ${minorText(newest)}`;
    const during = target?.version === undefined ? 'API servers are' : `On the way to ${target.name}, API servers are`;
    if (width <= SUPPORTED) {
      const text = `${during} ${width === 0 ? 'of one minor version' : 'one minor version apart'} (${range}).`;
      return [
        isComplete
          ? pass(text)
          : finding('unknown', `${text.replace(/\.$/, '')}, as far as they have told their version.`, ''),
      ];
    }
    return [
      finding(
        'warn',
        `${during} ${width} minor versions apart (${range}); Kubernetes supports one. The proxy routes requests any distance, but objects that one of them stores may not be understood by another, and nobody tests that.`,
        remedy(versions, target?.version),
      ),
    ];
  },
};

/** One step at a time, in the direction of the target. `versions`: of the servers, at least one. */
function remedy(versions: readonly ServerVersion[], target: ServerVersion | undefined): string {
  const inOrder = versions.toSorted((one, other) => minorsOf(one) - minorsOf(other));
  const [oldest] = inOrder;
  const newest = inOrder.at(-1);
  if (oldest === undefined || newest === undefined) return '';
  if (target !== undefined && minorsOf(target) < minorsOf(oldest)) {
    return `Take the servers of ${versionText(newest)} back to ${newest.major}.${newest.minor - 1} before any other goes on; Kubernetes tests no way back.`;
  }
  return `Upgrade the servers of ${versionText(oldest)} to ${oldest.major}.${oldest.minor + 1} before any other goes on.`;
}

function minorsOf({ major, minor }: ServerVersion): number {
  return major * 1000 + minor;
}

function minorText({ major, minor }: ServerVersion): string {
  return `${major}.${minor}`;
}

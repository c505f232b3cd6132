import type { RawFinding } from './finding-list.ts';
import type { PlainRow } from './group-listing.ts';
import { hasIt, listText, subjectOf, verb } from './row-findings.ts';
import type { SkewCell, SkewFinding, StorageVerdict } from './skew-report.ts';
import { type SkewServer, serversText } from './skew-server.ts';
import { storedAs } from './storage-version.ts';

/**
 * Why nothing is known of how the server writes anything; undefined when something is, or when it serves nothing that is
 * stored. `group`: this one alone was asked for.
 */
export function storageSilence({ storage, discovery }: SkewServer, group: string | undefined): string | undefined {
  if (storage === undefined) return 'it was not asked';
  if (storage.hashes.size === 0 && storage.problem !== '') return storage.problem;
  const isTold = storage.hashes.values().some((hashes) => hashes.values().some((hash) => hash !== ''));
  if (isTold || !servesStored(discovery, group)) return undefined;
  return 'its resource lists have no storageVersionHash';
}

/** What can be watched is stored, unless an extension server does something of its own. */
function servesStored(discovery: SkewServer['discovery'], only: string | undefined): boolean {
  return [...(discovery?.api ?? []), ...(discovery?.apis ?? [])].some(
    ({ metadata, versions = [] }) =>
      (only === undefined || only === metadata.name) &&
      versions.some(
        ({ freshness, resources = [] }) =>
          freshness !== 'Stale' && resources.some(({ verbs }) => verbs.includes('watch') && verbs.includes('create')),
      ),
  );
}

/** The row with what servers say of how they write the resource. `versions` are those of the group, on any server. */
export function withStorage(row: PlainRow, servers: readonly SkewServer[], versions: Iterable<string>): PlainRow {
  if (row.subresource !== '') return row;
  const { group, version, resource } = row;
  const groupVersion = group === '' ? version : `${group}/${version}`;
  const names = new Map<string, string | undefined>();
  const cells = row.servers.map((cell, at): SkewCell => {
    const hash = servers[at]?.storage?.hashes.get(groupVersion)?.get(resource);
    if (hash === undefined || hash === '' || !hasIt(cell)) return cell;
    const name = names.has(hash) ? names.get(hash) : storedAs(hash, { group, kind: row.kind, versions });
    names.set(hash, name);
    return { ...cell, storageVersionHash: hash, ...(name !== undefined && { storedAs: name }) };
  });
  return { ...row, servers: cells };
}

/**
 * Servers that write a resource differently. Its versions are taken together: which of them a server serves says nothing
 * about what it stores, and a migration concerns all of them.
 *
 * @param rows of one resource, without subresources.
 * @param isSilent of whom nothing is known, which is one finding and not one for each resource.
 */
export function storageFindings(
  rows: readonly PlainRow[],
  servers: readonly SkewServer[],
  isSilent: (server: SkewServer) => boolean,
): readonly RawFinding[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { group, resource } = first;
  const common = { group, version: '', resource };
  const said = servers.map((server, at) => (isSilent(server) ? NOTHING_SAID : saidBy(rows, server, at)));
  const hashes = new Set(said.flatMap((each) => [...each.hashes.keys()]));
  if (hashes.size > 1) {
    const [leading] = hashes;
    const texts = said.map((each) => [...each.hashes.values()].join(' and '));
    const others = servers.filter((_, at) => [...(said[at]?.hashes.keys() ?? [])].some((hash) => hash !== leading));
    const say = (resources: readonly string[]) => {
      const subject = subjectOf(group, '', resources);
      const stores = [...new Set(texts)]
        .filter((each) => each !== '')
        .map((each) => `as ${each} by ${serversText(servers.filter((_, at) => texts[at] === each))}`);
      const fact = `${subject} ${verb(resources, 'is', 'are')} written to etcd ${stores.join(', ')}`;
      return {
        subject,
        text: `${fact}: storage migration is not safe yet, because each server writes objects back as its own version.`,
      };
    };
    const names = others.map(({ name }) => name);
    return [{ ...common, code: 'StorageVersionDiffers', key: texts.join(), servers: names, say }];
  }
  const isPartly = said.some(({ isUnknown }) => isUnknown) || (hashes.size > 0 && said.some(({ isNone }) => isNone));
  if (!isPartly) return [];
  const unknown = servers.filter(
    (_, at) => said[at]?.isUnknown === true || (hashes.size > 0 && said[at]?.isNone === true),
  );
  const say = (resources: readonly string[]) => {
    const subject = subjectOf(group, '', resources);
    const reason = unknown.map(({ storage }) => storage?.problem ?? '').find((problem) => problem !== '');
    const why = reason === undefined ? '' : ` (${reason})`;
    return {
      subject,
      text: `As which version ${serversText(unknown)} ${verb(unknown, 'writes', 'write')} ${subject} is not known${why}: nobody can say that storage migration is safe.`,
    };
  };
  const names = unknown.map(({ name }) => name);
  return [{ ...common, code: 'StorageVersionUnknown', key: names.join(), servers: names, say }];
}

/** What a server says of a resource in all its versions. */
interface Said {
  /** By hash, the name of what it stands for. */
  readonly hashes: ReadonlyMap<string, string>;
  /** A list could not be read. */
  readonly isUnknown: boolean;
  /** It gives none. */
  readonly isNone: boolean;
}

const NOTHING_SAID: Said = { hashes: new Map(), isUnknown: false, isNone: false };

function saidBy(rows: readonly PlainRow[], { storage }: SkewServer, at: number): Said {
  const hashes = new Map<string, string>();
  let [isUnknown, isNone] = [false, false];
  for (const { group, version, resource, servers } of rows) {
    const cell = servers[at];
    // Of what is Stale no list can be had, which is a finding of its own.
    if (cell?.serves !== 'yes') continue;
    if (cell.storageVersionHash !== undefined) {
      hashes.set(cell.storageVersionHash, cell.storedAs ?? cell.storageVersionHash);
    } else if (storage?.hashes.get(group === '' ? version : `${group}/${version}`)?.has(resource)) isNone = true;
    else isUnknown = true;
  }
  return { hashes, isUnknown: isUnknown && hashes.size === 0, isNone: isNone && hashes.size === 0 };
}

/** What a server that says nothing means; `why` is of `storageSilence`. */
export function storageUnknown({ name }: SkewServer, why: string): RawFinding {
  const text = `How ${name} writes objects to etcd could not be read (${why}): nobody can say that storage migration is safe.`;
  return {
    code: 'StorageVersionUnknown',
    group: '',
    version: '',
    resource: undefined,
    key: name,
    servers: [name],
    say: () => ({ subject: name, text }),
  };
}

/** Whether a migration may start, by the findings of all resources. */
export function storageVerdict(findings: readonly SkewFinding[]): StorageVerdict {
  const differing = findings.filter(({ code }) => code === 'StorageVersionDiffers');
  if (differing.length > 0) {
    const count = new Set(differing.flatMap(({ group, resources }) => resources.map((name) => `${name}.${group}`)))
      .size;
    const what = count === 1 ? 'a resource as different versions' : `${count} resources as different versions`;
    const text = `Storage migration is not safe yet: servers write ${what}.`;
    return { verdict: 'not-safe', text };
  }
  const unknown = findings.filter(({ code }) => code === 'StorageVersionUnknown' || code === 'ServerNotRead');
  if (unknown.length > 0) {
    const subjects = listText(unknown.map(({ subject }) => subject));
    return {
      verdict: 'unknown',
      text: `Whether storage migration is safe is not known: nothing was learnt of ${subjects}.`,
    };
  }
  return { verdict: 'safe', text: 'All servers write every resource as the same version: storage migration is safe.' };
}

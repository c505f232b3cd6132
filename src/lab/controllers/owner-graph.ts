import type { ObjectMeta, OwnerReference } from '../api-object.ts';
import type { ListedObject } from '../client/listed-object.ts';
import { AbsentOwners, hasCoordinates, type ObjectReference, ownerOf, referenceKey } from './object-reference.ts';

export const ORPHAN_FINALIZER = 'orphan';
export const FOREGROUND_FINALIZER = 'foregroundDeletion';

export interface GraphNode {
  readonly identity: ObjectReference;
  /** Only known from references to it: no informer has shown it. */
  isVirtual: boolean;
  readonly dependents: Set<GraphNode>;
  owners: readonly OwnerReference[];
  /** Being deleted in the foreground: waits for its dependents. */
  isDeletingDependents: boolean;
  isBeingDeleted: boolean;
}

/** Who works on what the graph finds. */
export interface GraphListener {
  attemptToDelete(node: GraphNode, when: 'now' | 'later'): void;
  attemptToOrphan(node: GraphNode): void;
}

/** `apiVersion` and `kind` under which an informer watches. */
export interface WatchedKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * Who owns whom, from what informers show. An owner that is referred to but was not seen becomes a virtual node, to be
 * looked up in the API. Rules: kubernetes pkg/controller/garbagecollector/graph_builder.go (1.36).
 */
export class OwnerGraph {
  readonly absentOwners = new AbsentOwners();
  readonly #nodes = new Map<string, GraphNode>();
  readonly #listener: GraphListener;

  constructor(listener: GraphListener) {
    this.#listener = listener;
  }

  node(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** An informer shows `object`, in another state than `previous` if it has shown it before. */
  observed(kind: WatchedKind, object: ListedObject, previous?: ListedObject): void {
    const { metadata } = object;
    const identity = identityOf(kind, metadata);
    const known = this.#nodes.get(metadata.uid);
    const { ownerReferences: owners = [] } = metadata;
    if (known === undefined) {
      const isBeingDeleted = metadata.deletionTimestamp !== undefined;
      const isDeletingDependents = isBeingDeleted && hasFinalizer(metadata, FOREGROUND_FINALIZER);
      const node = { ...emptyNode(identity), owners, isBeingDeleted, isDeletingDependents };
      this.#nodes.set(metadata.uid, node);
      this.#addToOwners(node, owners);
      this.#transition(node, metadata, previous?.metadata);
      return;
    }
    const node = known.isVirtual ? this.#materialise(known, identity) : known;
    this.#changeOwners(node, owners);
    if (metadata.deletionTimestamp !== undefined) node.isBeingDeleted = true;
    this.#transition(node, metadata, previous?.metadata);
  }

  /** An informer says that the object is gone. */
  removed(kind: WatchedKind, { metadata }: ListedObject): void {
    const node = this.#nodes.get(metadata.uid);
    if (node === undefined) return;
    const identity = identityOf(kind, metadata);
    this.#remove(node.isVirtual ? this.#materialise(node, identity) : node, identity);
  }

  /** The API server said that it has no object of this identity. */
  foundAbsent(identity: ObjectReference): void {
    const node = this.#nodes.get(identity.uid);
    if (node === undefined) return;
    const { matching, others } = partition(node.dependents, identity);
    if (node.isVirtual && others.length > 0) {
      this.#deleteDependents(matching, identity);
      if (referenceKey(node.identity) !== referenceKey(identity)) return;
      const alternative = alternativeIdentity(others, identity);
      if (alternative === undefined) return;
      const replacement = { ...node, identity: alternative };
      this.#nodes.set(identity.uid, replacement);
      this.#listener.attemptToDelete(replacement, 'later');
    } else if (!node.isVirtual && referenceKey(node.identity) !== referenceKey(identity)) {
      // What an informer shows counts more than a reference that disagrees with it.
      this.#deleteDependents(matching, identity);
    } else {
      this.#remove(node, identity);
    }
  }

  #deleteDependents(dependents: readonly GraphNode[], owner: ObjectReference): void {
    if (dependents.length > 0) this.absentOwners.add(owner);
    for (const dependent of dependents) this.#listener.attemptToDelete(dependent, 'now');
  }

  #remove(node: GraphNode, identity: ObjectReference): void {
    this.#nodes.delete(node.identity.uid);
    for (const { uid } of node.owners) this.#nodes.get(uid)?.dependents.delete(node);
    this.#deleteDependents([...node.dependents], identity);
    for (const { uid } of node.owners) {
      const owner = this.#nodes.get(uid);
      if (owner?.isDeletingDependents) this.#listener.attemptToDelete(owner, 'now');
    }
  }

  #materialise(node: GraphNode, identity: ObjectReference): GraphNode {
    let shown = node;
    if (referenceKey(node.identity) !== referenceKey(identity)) {
      for (const dependent of partition(node.dependents, identity).others) {
        this.#listener.attemptToDelete(dependent, 'now');
      }
      shown = { ...node, identity };
      this.#nodes.set(identity.uid, shown);
    }
    shown.isVirtual = false;
    return shown;
  }

  #changeOwners(node: GraphNode, owners: readonly OwnerReference[]): void {
    const before = new Map(node.owners.map((owner) => [owner.uid, owner]));
    const after = new Map(owners.map((owner) => [owner.uid, owner]));
    for (const [uid, old] of before) {
      const now = after.get(uid);
      const owner = this.#nodes.get(uid);
      if (now === undefined) owner?.dependents.delete(node);
      // Nothing may block the owner's deletion any more.
      if (owner !== undefined && old.blockOwnerDeletion === true && now?.blockOwnerDeletion !== true) {
        this.#listener.attemptToDelete(owner, 'now');
      }
    }
    node.owners = owners;
    this.#addToOwners(
      node,
      owners.filter(({ uid }) => !before.has(uid)),
    );
  }

  #addToOwners(node: GraphNode, owners: readonly OwnerReference[]): void {
    let isDoubtful = false;
    for (const reference of owners) {
      const known = this.#nodes.get(reference.uid);
      if (known === undefined) {
        const owner = { ...emptyNode(ownerOf(reference, node.identity.namespace)), isVirtual: true };
        owner.dependents.add(node);
        this.#nodes.set(reference.uid, owner);
        this.#listener.attemptToDelete(owner, 'now');
        continue;
      }
      known.dependents.add(node);
      isDoubtful ||= !fits(reference, known, node.identity.namespace);
    }
    if (isDoubtful) this.#listener.attemptToDelete(node, 'now');
  }

  #transition(node: GraphNode, now: ObjectMeta, before: ObjectMeta | undefined): void {
    if (startsDeletion(ORPHAN_FINALIZER, now, before)) this.#listener.attemptToOrphan(node);
    else if (startsDeletion(FOREGROUND_FINALIZER, now, before)) {
      node.isDeletingDependents = true;
      for (const dependent of node.dependents) this.#listener.attemptToDelete(dependent, 'now');
      this.#listener.attemptToDelete(node, 'now');
    }
  }
}

export function hasFinalizer({ finalizers = [] }: ObjectMeta, finalizer: string): boolean {
  return finalizers.includes(finalizer);
}

function emptyNode(identity: ObjectReference): GraphNode {
  return {
    identity,
    isVirtual: false,
    dependents: new Set(),
    owners: [],
    isDeletingDependents: false,
    isBeingDeleted: false,
  };
}

function identityOf({ apiVersion, kind }: WatchedKind, { name, uid, namespace = '' }: ObjectMeta): ObjectReference {
  return { apiVersion, kind, name, uid, namespace };
}

/** Whether a reference from `namespace` can mean the owner that is known by its uid. */
function fits(reference: OwnerReference, { identity, isVirtual }: GraphNode, namespace: string): boolean {
  if (identity.namespace !== '' && identity.namespace !== namespace) return false;
  if (!hasCoordinates(reference, identity)) return false;
  return identity.namespace !== '' || namespace === '' || !isVirtual;
}

/** Dependents that refer to the owner by these coordinates, and those that refer to its uid by others; one can be both. */
function partition(dependents: Iterable<GraphNode>, owner: ObjectReference) {
  const matching: GraphNode[] = [];
  const others: GraphNode[] = [];
  for (const dependent of dependents) {
    const isElsewhere = owner.namespace !== '' && owner.namespace !== dependent.identity.namespace;
    const references = dependent.owners.filter(({ uid }) => uid === owner.uid);
    if (!isElsewhere && references.some((reference) => hasCoordinates(reference, owner))) matching.push(dependent);
    if (isElsewhere || references.some((reference) => !hasCoordinates(reference, owner))) others.push(dependent);
  }
  return { matching, others };
}

/** The next identity, in the order of keys and round about, by which a dependent knows the owner. */
function alternativeIdentity(dependents: readonly GraphNode[], absent: ObjectReference): ObjectReference | undefined {
  const candidates = new Map<string, ObjectReference>();
  for (const { identity, owners } of dependents) {
    for (const reference of owners) {
      if (reference.uid !== absent.uid) continue;
      const isSameKind = reference.apiVersion === absent.apiVersion && reference.kind === absent.kind;
      const namespace = absent.namespace === '' && isSameKind ? '' : identity.namespace;
      const candidate = ownerOf(reference, namespace);
      candidates.set(referenceKey(candidate), candidate);
    }
  }
  candidates.delete(referenceKey(absent));
  const keys = [...candidates.keys()].sort();
  const following = keys.find((key) => key > referenceKey(absent)) ?? keys[0];
  return following === undefined ? undefined : candidates.get(following);
}

function startsDeletion(finalizer: string, now: ObjectMeta, before: ObjectMeta | undefined): boolean {
  const is = (metadata: ObjectMeta) => metadata.deletionTimestamp !== undefined && hasFinalizer(metadata, finalizer);
  return is(now) && (before === undefined || !is(before));
}

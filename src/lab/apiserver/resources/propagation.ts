import type { DeleteOptions } from './delete-options.ts';
import type { KindRules } from './kind-rules.ts';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/**
 * The finalizers of an object that is to be deleted with `options`: the garbage collector's own come and go with the
 * propagation policy (deletionFinalizersForGarbageCollection in apiserver pkg/registry/generic/registry/store.go).
 */
export function deletionFinalizers(
  rules: KindRules,
  finalizers: readonly string[],
  options: Pick<DeleteOptions, 'orphanDependents' | 'propagationPolicy'>,
): readonly string[] {
  const policy = rules.ignoresPropagation
    ? 'Background'
    : policyOf(options, finalizers, rules.orphansByDefault === true);
  return [
    ...finalizers.filter((each) => each !== ORPHAN && each !== FOREGROUND),
    ...(policy === 'Orphan' ? [ORPHAN] : []),
    ...(policy === 'Foreground' ? [FOREGROUND] : []),
  ];
}

/** What the options say outweighs the finalizers that are there, and those the kind's habit. */
function policyOf(
  { orphanDependents, propagationPolicy }: Pick<DeleteOptions, 'orphanDependents' | 'propagationPolicy'>,
  finalizers: readonly string[],
  orphansByDefault: boolean,
): 'Orphan' | 'Foreground' | 'Background' {
  if (orphanDependents !== undefined) return orphanDependents ? 'Orphan' : 'Background';
  if (propagationPolicy !== undefined) return propagationPolicy;
  const present = finalizers.find((each) => each === ORPHAN || each === FOREGROUND);
  if (present !== undefined) return present === ORPHAN ? 'Orphan' : 'Foreground';
  return orphansByDefault ? 'Orphan' : 'Background';
}

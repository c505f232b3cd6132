/** What is looked for. */
export interface SurfacingTarget {
  /** '' is the core group. */
  readonly group: string;
  /** Absent: every version that is known anywhere. */
  readonly version?: string;
  /** Absent: the group-version as a whole. */
  readonly resource?: string;
}

/** How a target may be meant, the likeliest first. */
export type Readings = readonly [SurfacingTarget, ...SurfacingTarget[]];

/** The text is none of the forms; the message says which there are. */
export class SurfacingTargetError extends Error {
  override readonly name = 'SurfacingTargetError';
}

const VERSION = /^v\d+((alpha|beta)\d+)?$/;
const NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
const FORMS =
  'Name a GROUP, GROUP/VERSION or GROUP/VERSION/RESOURCE (core for the core group), or RESOURCE.GROUP or RESOURCE.VERSION.GROUP as kubectl does.';

/**
 * Reads `GROUP[/VERSION[/RESOURCE]]` (`core` or '' for the core group; `v1/pods` is taken, too), the name of a
 * CustomResourceDefinition (`widgets.example.com`), kubectl's `widgets.v1.example.com`, the name of an APIService
 * (`v1.apps`) and a bare resource (`pods`).
 *
 * Text without a slash can mean several of these; who knows what exists chooses with `chooseReading`.
 *
 * @throws {SurfacingTargetError}
 */
export function surfacingTarget(text: string): Readings {
  const parts = text.split('/');
  if (parts.length === 1) return withoutSlash(text);
  const [first = '', second = '', third, ...rest] = parts;
  if (rest.length > 0) throw new SurfacingTargetError(`"${text}" has more than three parts. ${FORMS}`);
  if (third === undefined && VERSION.test(first) && !VERSION.test(second)) return [target('', first, second)];
  return [target(group(first), second, third)];
}

/** The first reading that `exists`; if none does, the first of all. */
export function chooseReading(readings: Readings, exists: (target: SurfacingTarget) => boolean): SurfacingTarget {
  return readings.find(exists) ?? readings[0];
}

function withoutSlash(text: string): Readings {
  if (text === '' || text === 'core') return [{ group: '' }];
  const [first = '', second = '', ...rest] = text.split('.');
  const tail = [second, ...rest].join('.');
  if (VERSION.test(first)) return [target(tail, first)];
  if (VERSION.test(second)) return [target(rest.join('.'), second, first)];
  const asGroup = target(text);
  if (second === '') return [asGroup, target('', undefined, first)];
  return [asGroup, target(tail, undefined, first)];
}

function group(name: string): string {
  return name === 'core' ? '' : name;
}

function target(name: string, version?: string, resource?: string): SurfacingTarget {
  for (const part of [name, version, resource]) {
    if (part !== undefined && part !== '' && !NAME.test(part)) {
      throw new SurfacingTargetError(`"${part}" cannot be the name of a group, version or resource. ${FORMS}`);
    }
  }
  return {
    group: name,
    ...(version !== undefined && version !== '' && { version }),
    ...(resource !== undefined && resource !== '' && { resource }),
  };
}

import type { ApiObject, JsonObject } from '../../api-object.ts';
import { badRequest, notAcceptable } from '../api-error.ts';
import type { ObjectForm } from './object-form.ts';
import { type MetaVersion, partialMetadata } from './partial-metadata.ts';
import type { CellContext, Column, Printer } from './printer.ts';
import { type PrintedType, printerOf } from './printers.ts';

/** `metav1.List`, as far as it is rendered. */
export interface RenderedList extends JsonObject {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly ApiObject[];
}

/** Turns the objects of one answer into the form that its client asked for. */
export interface Renderer {
  /** One object. Throws ApiError 406 when the form is one of lists. A Status stays as it is. */
  object(object: ApiObject): JsonObject;
  /** A collection. Throws ApiError 406 when the form is one of single objects. */
  list(list: RenderedList): JsonObject;
  /**
   * The object of one watch event, bookmarks included. Of several Tables only the first has column definitions, so one
   * renderer serves one watch. A Status, and whatever cannot have the form, stays as it is.
   */
  event(object: ApiObject): JsonObject;
}

export interface RenderOptions {
  /** Epoch milliseconds, for ages. */
  readonly clock: () => number;
  /** Minor version of the server, whose columns are used. Default: the newest known. */
  readonly minor?: number;
}

type IncludeObject = 'None' | 'Metadata' | 'Object';

/** Set on the bookmark that ends the initial events; the client needs to see it whatever it wants included. */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/**
 * What writes objects of `type` in `form` (apiserver pkg/endpoints/handlers/response.go). Throws ApiError 400 for a bad
 * `?includeObject`.
 */
export function rendererOf(
  form: ObjectForm,
  type: PrintedType,
  query: URLSearchParams,
  options: RenderOptions,
): Renderer {
  if (form.kind === 'Object') return { object: (object) => object, list: (list) => list, event: (object) => object };
  const { version } = form;
  if (form.kind === 'Table') return new TableRenderer(version, type, includeObject(query), options);
  const object = (object: ApiObject) => partialMetadata(object, version);
  if (form.kind === 'PartialObjectMetadata') {
    return {
      object: (value) => (isStatus(value) ? value : object(value)),
      event: (value) => (isStatus(value) ? value : object(value)),
      list: () => {
        throw notAcceptable(
          `you requested PartialObjectMetadata, but the requested object is a list (${goType(type)}List)`,
        );
      },
    };
  }
  return {
    object: (value) => {
      if (isStatus(value)) return value;
      throw notAcceptable(
        `you requested PartialObjectMetadataList, but the requested object is not a list (${goType(type)})`,
      );
    },
    event: (value) => value,
    list: ({ metadata, items }) => ({
      kind: 'PartialObjectMetadataList',
      apiVersion: `meta.k8s.io/${version}`,
      metadata,
      items: items.length === 0 ? null : items.map(object),
    }),
  };
}

class TableRenderer implements Renderer {
  readonly #version: MetaVersion;
  readonly #columns: readonly Column[];
  readonly #conditions: Printer['conditions'];
  readonly #include: IncludeObject;
  readonly #clock: () => number;
  #isFirstEvent = true;

  constructor(version: MetaVersion, type: PrintedType, include: IncludeObject, options: RenderOptions) {
    const { clock, minor = Number.MAX_SAFE_INTEGER } = options;
    const { columns, conditions } = printerOf(type);
    this.#version = version;
    this.#columns = columns.filter(
      ({ since = 0, before = Number.POSITIVE_INFINITY }) => since <= minor && minor < before,
    );
    this.#conditions = conditions;
    this.#include = include;
    this.#clock = clock;
  }

  object(object: ApiObject): JsonObject {
    return isStatus(object) ? object : this.#table(object.metadata, [object], undefined, true);
  }

  list({ metadata, items }: RenderedList): JsonObject {
    return this.#table(metadata, items, items, true);
  }

  event(object: ApiObject): JsonObject {
    if (isStatus(object)) return object;
    const isFirst = this.#isFirstEvent;
    this.#isFirstEvent = false;
    return this.#table(object.metadata, [object], undefined, isFirst);
  }

  #table(
    { resourceVersion, continue: token, remainingItemCount }: RenderedList['metadata'],
    objects: readonly ApiObject[],
    list: readonly ApiObject[] | undefined,
    withColumns: boolean,
  ): JsonObject {
    const context: CellContext = { now: this.#clock(), list };
    return {
      kind: 'Table',
      apiVersion: `meta.k8s.io/${this.#version}`,
      metadata: {
        resourceVersion,
        ...(token !== undefined && { continue: token }),
        ...(remainingItemCount !== undefined && { remainingItemCount }),
      },
      columnDefinitions: withColumns ? this.#columns.map(definition) : null,
      rows: objects.map((object) => this.#row(object, context)),
    };
  }

  #row(object: ApiObject, context: CellContext): JsonObject {
    const conditions = this.#conditions?.(object) ?? [];
    return {
      cells: this.#columns.map(({ cell }) => cell(object, context)),
      ...(conditions.length > 0 && { conditions }),
      object: this.#included(object),
    };
  }

  #included(object: ApiObject): JsonObject | null {
    if (this.#include === 'Object') return object;
    const isNeeded = object.metadata.annotations?.[INITIAL_EVENTS_END] === 'true';
    return this.#include === 'None' && !isNeeded ? null : partialMetadata(object, this.#version);
  }
}

function definition({ name, type, format, description, priority }: Column): JsonObject {
  return { name, type, format, description, priority };
}

function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

function isStatus({ kind, apiVersion }: ApiObject): boolean {
  return kind === 'Status' && apiVersion === 'v1';
}

/** The name of the Go type that kube-apiserver puts into messages. */
function goType({ group, kind, custom }: PrintedType): string {
  if (custom !== undefined) return '*unstructured.Unstructured';
  return `*${group === '' ? 'core' : group.split('.', 1)[0]}.${kind}`;
}

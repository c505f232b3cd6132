import { isPretty } from '../../../kubernetes/pretty.ts';
import { failureStatus } from '../../../kubernetes/status.ts';
import { fieldValue } from '../../../wire/fields.ts';
import type { ApiObject } from '../../api-object.ts';
import type { ApiRequest } from '../api-request.ts';
import { type Answered, type ObjectForm, objectForm } from '../table/object-form.ts';
import { type Renderer, rendererOf } from '../table/render.ts';
import { yamlText } from '../table/yaml-text.ts';
import { answerBytes, jsonText } from './answer.ts';
import type { ObjectList } from './object-list.ts';
import type { ResourceOptions } from './resource-options.ts';
import { SCALE } from './scale-object.ts';
import type { WatchEvent } from './watch-event.ts';

const INCONSISTENT =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

const ANSWERED: Readonly<Record<string, Answered>> = {
  list: 'collection',
  deletecollection: 'collection',
  watch: 'watch',
};

/** Answers one request in the form that its client accepts. */
export class AnswerForm {
  readonly #request: ApiRequest;
  readonly #form: ObjectForm;
  readonly #renderer: Renderer;
  readonly #pretty: boolean;

  /** Made before anything is done, for what nobody can read must not be done. Throws ApiError 406. */
  constructor({ clock, minor }: ResourceOptions, request: ApiRequest) {
    const { exchange, info, type, query } = request;
    const { fields, target } = exchange.head;
    const form = objectForm(fieldValue(fields, 'accept'), ANSWERED[info.verb]);
    const printed = info.subresource === 'scale' ? { ...SCALE, custom: undefined } : type;
    const question = target.indexOf('?');
    this.#request = request;
    this.#form = form;
    this.#renderer = rendererOf(form, printed, query, { clock, ...(minor !== undefined && { minor }) });
    this.#pretty = isPretty(
      form.pretty,
      question < 0 ? '' : target.slice(question + 1),
      fieldValue(fields, 'user-agent'),
    );
  }

  object(status: number, object: ApiObject): void {
    this.value(status, this.#renderer.object(object));
  }

  /** Objects of built-in types stand in a list without kind and apiVersion, as Go writes them. */
  list(list: ObjectList): void {
    const isPlain = this.#form.kind === 'Object' && this.#request.type.custom === undefined;
    const items = isPlain ? list.items.map(({ kind: _k, apiVersion: _v, ...item }) => item) : list.items;
    this.value(200, isPlain ? { ...list, items } : this.#renderer.list({ ...list }));
  }

  /** 410 for a page whose list's revision is compacted, with a token to go on from there in the present state. */
  expiredPage(token: string): void {
    this.value(410, { ...failureStatus(410, 'Expired', INCONSISTENT), metadata: { continue: token } });
  }

  /** What has one shape only, such as a Status. */
  value(status: number, value: unknown): void {
    const { mediaType } = this.#form;
    const text = mediaType === 'application/yaml' ? yamlText(value) : jsonText(value, this.#pretty);
    answerBytes(this.#request.exchange, status, Buffer.from(text), ['content-type', mediaType]);
  }

  /** The text of one watch event. */
  event({ type, object }: WatchEvent): string {
    return jsonText({ type, object: type === 'ERROR' ? object : this.#renderer.event(object as ApiObject) });
  }
}

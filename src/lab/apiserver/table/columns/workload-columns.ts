import type { ApiObject } from '../../../api-object.ts';
import { containerImages, containerNames, NONE, selectorText } from '../cells.ts';
import { at } from '../json-view.ts';
import { type Column, string, wide } from '../printer.ts';

/** The wide columns about a pod template at `path`. */
export const containerColumns = (path: string): readonly Column[] => [
  wide(string('Containers', (object) => containerNames(object, `${path}.spec.containers`))),
  wide(string('Images', (object) => containerImages(object, `${path}.spec.containers`))),
];

/** The wide column about the label selector at `path`. */
export const selectorColumn = (path: string): Column =>
  wide(string('Selector', (object: ApiObject) => selectorText(at(object, path)) || NONE));

import type { ServedType } from '../served-type.ts';
import { builtInShape } from './built-in-shape.ts';
import { customShape } from './custom-shape.ts';
import type { Shape } from './shape.ts';

/** The shape of the objects of `type`. */
export function shapeOf({ kind, custom }: Pick<ServedType, 'kind' | 'custom'>): Shape {
  return custom === undefined ? builtInShape(kind) : customShape(custom.schema);
}

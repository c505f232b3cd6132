import type { MeasuredParts } from '../../parts.ts';
import type { Part } from '../parts.ts';
import type { Result } from '../results.ts';
export async function writeReport(output: string, measured: MeasuredParts<Part, Result>, more: object): Promise<void> {}

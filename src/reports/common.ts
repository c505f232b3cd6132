import { z } from 'zod';

/** Pieces that several reports have. */
export const text = (description: string) => z.string().describe(description);
export const flag = (description: string) => z.boolean().describe(description);
export const count = (description: string) => z.int().min(0).describe(description);
export const seconds = (description: string) => z.number().describe(description);
export const time = (description: string) => z.iso.datetime().describe(description);
export const names = (description: string) => z.array(z.string()).describe(description);

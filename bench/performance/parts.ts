/** What can be measured by itself, in the order of the report. */
export const PARTS = [
  'forwarded',
  'preferred',
  'lists',
  'writes',
  'http1',
  'fast',
  'bodies',
  'discovery',
  'watches',
  'watches-h1',
  'growth',
  'upgrade',
  'routing',
  'profile',
] as const;

export type Part = (typeof PARTS)[number];

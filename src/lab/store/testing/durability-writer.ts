import { writeSync } from 'node:fs';
import { openStore } from '../file-store.ts';
import { writeNext } from './durability-plan.ts';

// Writes to the store file of its first argument until it is killed, and prints each revision once it is acknowledged.
const store = openStore({ file: process.argv[2] });
for (;;) writeSync(1, `${writeNext(store)}\n`);

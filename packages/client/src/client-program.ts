import { fileURLToPath } from 'node:url';
import { main } from './main.ts';

await main(process.argv.slice(2), fileURLToPath(import.meta.url));

import { fileURLToPath } from 'node:url';

/** Absolute path of the client as one file, as it is copied to hosts. */
export const clientBundlePath = fileURLToPath(new URL('../dist/client.mjs', import.meta.url));

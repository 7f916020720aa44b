import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds a running server. */
const server = 'http://localhost:8080';

export default defineConfig({
  plugins: [vue()],
  build: {
    target: 'es2023',
    // The content security policy of the server has no `data:`.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      '/graphql': { target: server, ws: true },
      '/results': server,
    },
  },
});

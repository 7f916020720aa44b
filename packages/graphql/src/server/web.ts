import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { type RequestHandler } from 'express';

const missing =
  'The web interface is not built. Run `npm run build`, or use the API at /graphql and the command line.\n';

/** The web interface: its files, and its page for every other address, which its router reads. */
export function serveWeb(webRoot: string | undefined): readonly RequestHandler[] {
  if (webRoot === undefined || !existsSync(join(webRoot, 'index.html'))) {
    return [(_request, response) => void response.status(404).type('txt').send(missing)];
  }
  const files = express.static(webRoot, {
    index: false,
    redirect: false,
    dotfiles: 'ignore',
    setHeaders: (response, path) => {
      // Built files carry a hash of their content in their names.
      const isHashed = path.startsWith(join(webRoot, 'assets'));
      response.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const page: RequestHandler = (request, response, next) => {
    const wantsPage =
      request.method === 'GET' && request.accepts('html') === 'html' && !request.path.startsWith('/assets/');
    if (!wantsPage) {
      response.status(404).type('txt').send('There is nothing here.\n');
      return;
    }
    response.setHeader('Cache-Control', 'no-cache');
    response.sendFile('index.html', { root: webRoot }, (error) => {
      if (error) next(error);
    });
  };
  return [files, page];
}

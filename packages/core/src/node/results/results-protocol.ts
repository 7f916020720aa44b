/**
 * How an API server reads results from the machine of a dispatcher, over HTTP. Each request carries a token (see results-token.ts) as `Authorization: Bearer …`, which says
 * whose files it is about; every answer to one carries `answerHeader`, so that nobody takes an answer of something else at that address for one.
 *
 *   GET, HEAD /results/file?path=P                           the file, or the range of it that `Range` asks for; 404 where there is none
 *   GET       /results/list?first=N[&under=DIR]              JSON: ListedFile[]
 *   GET       /results/tail?path=P&offset=O&length=L&beyond=B&wait=MS
 *                                                            bytes from an offset; where the file is not larger than B, when it is or after a while; 404 where there is none
 *
 * 401: the token is missing, wrong, expired or for another dispatcher; 403: the directory is not one of this dispatcher.
 *
 * Nothing is kept between requests. A reader whose request breaks asks again from the offset that it has.
 */
export const resultsPaths = { file: '/results/file', list: '/results/list', tail: '/results/tail' } as const;

/** Of every answer of a results server: its dispatcher's id, URI-encoded. */
export const answerHeader = 'autotest-results';
/** When the file was changed, ms since the epoch. */
export const modifiedHeader = 'autotest-modified-at';
/** Of the whole file. */
export const sizeHeader = 'autotest-file-size';

/** Limits of one request. */
export const resultsLimits = { files: 10_000, lengthBytes: 1024 * 1024, waitMs: 20_000 } as const;

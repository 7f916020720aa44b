/** Path of a results file on this server. */
export function fileUrl(executionId: number, path: string): string {
  return `/results/${executionId}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

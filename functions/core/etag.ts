/** An ETag without its quotes: HTTP headers and listings have them, event notifications do not. */
export function unquoteETag(eTag: string | undefined): string {
  return (eTag ?? '').replaceAll('"', '');
}

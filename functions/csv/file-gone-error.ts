/** A version can no longer be read, because it was deleted from the bucket or replaced there. That is final. */
export class FileGoneError extends Error {}

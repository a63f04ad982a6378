import { PipelineError } from '../../core/errors.ts';

/** The library has no code of its own for this error. */
export function isUnknownTopic(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unknown topic');
}

export function missingTopic(topic: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'PIPE_TOPIC_MISSING',
    `expected topic ${topic} in Kafka, found none; invoke the function provision, which creates it (locally: ` +
      '`npm run provision`)',
    { retry: 'timed', cause },
  );
}

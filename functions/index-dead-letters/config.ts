import { targetDatabaseShape } from '../runtime/config.ts';

export const indexDeadLettersShape = { ...targetDatabaseShape };

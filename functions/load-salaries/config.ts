import { kafkaShape, targetDatabaseShape } from '../runtime/config.ts';

export const loadSalariesShape = { ...kafkaShape, ...targetDatabaseShape };

import { changeRulesShape, kafkaShape, targetDatabaseShape } from '../runtime/config.ts';

export const applyChangesShape = { ...kafkaShape, ...targetDatabaseShape, ...changeRulesShape };

import { mutationConfig } from './common.js';

/** The rules, by their own tests only: the tests of the use cases run them too, but take a hundred times longer. */
export default mutationConfig({ mutate: ['functions/core/**/*.ts'], tests: ['tests/unit/core'] });

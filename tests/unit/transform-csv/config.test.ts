import { ConfigError } from '../../../functions/core/errors.ts';
import { loadConfig } from '../../../functions/runtime/config.ts';
import { transformCsvShape } from '../../../functions/transform-csv/config.ts';

const env = {
  KAFKA_BROKERS: '127.0.0.1:1',
  TARGET_DATABASE_URL: 'postgres://u@127.0.0.1:1/t',
  AWS_LAMBDA_FUNCTION_NAME: 'transform-csv',
};

describe('the settings of transform-csv', () => {
  it('keep departments ECC, CIT and EMS, hired since 2010, by default', () => {
    expect(loadConfig(transformCsvShape, env)).toMatchObject({
      SALARY_DEPARTMENTS: ['ECC', 'CIT', 'EMS'],
      HIRED_SINCE: '2010-01-01',
      CONTINUE_BEFORE_END_SECONDS: 30,
    });
  });

  it('may keep other departments and another day', () => {
    const config = loadConfig(transformCsvShape, { ...env, SALARY_DEPARTMENTS: 'A B, c ,', HIRED_SINCE: '1999-12-31' });
    expect(config).toMatchObject({ SALARY_DEPARTMENTS: ['A B', 'c'], HIRED_SINCE: '1999-12-31' });
  });

  it.each([
    ['SALARY_DEPARTMENTS', ' , '],
    ['HIRED_SINCE', '01-Jan-2010'],
    ['HIRED_SINCE', '2010-02-30'],
    ['HIRED_SINCE', '2010-1-1'],
    ['CONTINUE_BEFORE_END_SECONDS', 'soon'],
    ['CONTINUE_BEFORE_END_SECONDS', '0'],
  ])('are refused with the name of %s when it is %j', (name, value) => {
    const load = () => loadConfig(transformCsvShape, { ...env, [name]: value });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(name);
  });
});

import { readSettings } from '../../../../localstack/stack/service/settings.ts';

test('a service without settings gets the defaults', () => {
  expect(readSettings(undefined)).toEqual({
    environment: { replace: {}, add: {} },
    resources: {},
    beforeEventSources: [],
    afterEventSources: [],
  });
});

test('an invocation has an empty event, is done once, and is awaited unless the settings say otherwise', () => {
  expect(readSettings({ beforeEventSources: [{ function: 'work' }] }).beforeEventSources).toEqual([
    { function: 'work', event: {}, concurrency: 1, wait: true },
  ]);
});

test('the concurrency may be a text, as a variable of serverless.yml becomes one', () => {
  const { afterEventSources } = readSettings({ afterEventSources: [{ function: 'work', concurrency: '6' }] });
  expect(afterEventSources[0]?.concurrency).toBe(6);
});

test.each([
  [{ bukket: 'x' }, 'custom.localStack: Unrecognized key: "bukket"'],
  [{ afterEventSources: [{ event: {} }] }, 'custom.localStack.afterEventSources.0.function: '],
  [{ environment: { replace: { X: 1 } } }, 'custom.localStack.environment.replace.X: '],
])('refuses %j with the path of the setting', (settings, message) => {
  expect(() => readSettings(settings)).toThrow(message);
});

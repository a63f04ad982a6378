import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import PackagingPlugin from '../../../localstack/stack/packaging-plugin.ts';

const serviceDir = mkdtempSync(join(tmpdir(), 'packaging-plugin-'));
const { TMPDIR } = process.env;

afterEach(() => {
  if (TMPDIR === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = TMPDIR;
});
afterAll(() => rmSync(serviceDir, { recursive: true, force: true }));

function serverless(command: string) {
  return {
    serviceDir,
    processedInput: { commands: [command] },
    service: {
      provider: {
        compiledCloudFormationTemplate: {
          Resources: {
            Version: { Type: 'AWS::Lambda::Version', Properties: { Description: 'text' } },
            Function: { Type: 'AWS::Lambda::Function', Properties: { Description: 'text' } },
          },
        },
      },
      custom: { esbuild: { outputWorkFolder: 'build' }, versionDescription: { Ref: 'Host' } },
      package: { patterns: ['a'] },
      functions: { one: { package: { patterns: ['b'] } }, two: {} },
    },
  };
}

it('makes the files of single functions files of all in serverless offline, which has one folder for them', () => {
  const running = serverless('offline');
  new PackagingPlugin(running).hooks['initialize']?.();
  expect(running.service.package.patterns).toEqual(['a', 'b']);
  expect(running.service.functions.one.package.patterns).toEqual([]);
});

it('leaves the files of a function to its package', () => {
  const running = serverless('package');
  new PackagingPlugin(running).hooks['initialize']?.();
  expect(running.service.package.patterns).toEqual(['a']);
  expect(running.service.functions.one.package.patterns).toEqual(['b']);
});

it.each(['/some/where', undefined])('moves the temporary directory (%s) only while it packages', (before) => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  const { hooks } = new PackagingPlugin(serverless('package'));
  hooks['before:package:createDeploymentArtifacts']?.();
  expect(process.env['TMPDIR']).toBe(join(serviceDir, 'build/tmp'));
  expect(existsSync(join(serviceDir, 'build/tmp'))).toBe(true);
  hooks['after:package:createDeploymentArtifacts']?.();
  expect(process.env['TMPDIR']).toBe(before);
});

it('publishes another version when an address changes', () => {
  const { service, ...rest } = serverless('package');
  new PackagingPlugin({ service, ...rest }).hooks['after:aws:package:finalize:mergeCustomProviderResources']?.();
  const { Version: version, Function: other } = service.provider.compiledCloudFormationTemplate.Resources;
  expect(version.Properties.Description).toEqual({ Ref: 'Host' });
  expect(other.Properties.Description).toBe('text');
});

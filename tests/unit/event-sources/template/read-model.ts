import type { Template } from '../../../../localstack/event-sources/template/template.ts';
import {
  readTemplate,
  type TemplateModel,
  type TemplateOptions,
} from '../../../../localstack/event-sources/template/template-model.ts';

export const clusterArn = 'arn:aws:kafka:eu-central-1:123456789012:cluster/demo/1';

/** A function `fn`, unless the properties name it otherwise. */
export const lambdaFunction = (properties: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: { FunctionName: 'fn', ...properties },
});

/** A mapping of the topic `t` to the function. */
export const mappingTo = (functionName: unknown, further: object = {}) => ({
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: {
    FunctionName: functionName,
    EventSourceArn: clusterArn,
    Topics: ['t'],
    StartingPosition: 'LATEST',
    ...further,
  },
});

/** The model of a template, which may have anything in it. */
export function modelOf(template: object, options: Partial<TemplateOptions> = {}): TemplateModel {
  const pseudoParameters = { region: 'eu-central-1', accountId: '123456789012' };
  return readTemplate(template as Template, pseudoParameters, {
    brokers: ['127.0.0.1:1'],
    allowErrorControlsOnDemand: false,
    maximumFilters: 5,
    now: Date.now,
    ...options,
  });
}

/** The error of a template that is rejected. */
export function refusalOf(template: object, options: Partial<TemplateOptions> = {}): string {
  try {
    modelOf(template, options);
  } catch (error) {
    const { message } = error as Error;
    expect(message).toMatch(/^[^\n]+ \(AWS: [^\n]+\)$/);
    return message;
  }
  throw new Error('expected the template to be rejected');
}

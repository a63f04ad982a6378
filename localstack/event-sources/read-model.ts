import type { EventSourcesOptions } from './options.ts';
import type { PseudoParameters } from './template/pseudo-parameters.ts';
import type { Template } from './template/template.ts';
import { readTemplate, type TemplateModel } from './template/template-model.ts';

/**
 * Reads the event sources of a template as the options say.
 *
 * @throws {TemplateError} for a property that AWS would reject, or that is not emulated.
 */
export function readModel(
  template: Template,
  options: EventSourcesOptions,
  pseudoParameters: Partial<PseudoParameters>,
): TemplateModel {
  return readTemplate(
    template,
    { ...pseudoParameters, ...(options.accountId !== undefined && { accountId: options.accountId }) },
    {
      ...(options.brokers !== undefined && { brokers: options.brokers }),
      allowErrorControlsOnDemand: options.errorControlsOnDemand === 'allow',
      maximumFilters: options.maximumFilters,
      parameters: options.parameters,
      functionNames: options.functionNames,
      ...(options.schemaRegistry !== undefined && { schemaRegistry: options.schemaRegistry }),
      now: Date.now,
    },
  );
}

/** Whether the template has no event source that is emulated. */
export function hasNoEventSources({ mappings, notifications, schedules }: TemplateModel): boolean {
  return mappings.length + notifications.length + schedules.length === 0;
}

export * from '../../localstack/commands/check-infra/compile-stack.ts';

/** An expression that AWS refuses. */
export class InvalidExpressionError extends Error {
  override name = 'InvalidExpressionError';
}

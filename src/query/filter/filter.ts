// Filters as queries are given them: texts, or conditions from code.
import { type Condition, expressionOf } from './col.js';
import { combine, type Expression } from './expression.js';
import { parseFilter } from './parse.js';

/** A filter as it is passed: text of the filter language, or a condition from {@link col}. */
export type Filter = string | Condition;

/** The tree of a filter. Errors: `InvalidArgument`, those of `parseFilter()` for a text. */
export function toExpression(filter: Filter): Expression {
  return typeof filter === 'string' ? parseFilter(filter) : expressionOf(filter);
}

/** The tree of both filters, as one. */
export function bothOf(before: Expression | undefined, filter: Filter): Expression {
  const added = toExpression(filter);
  return before === undefined ? added : combine('and', [before, added]);
}

// How large a filter may be. The bounds are far above what is written by hand, and low enough that no filter
// can overflow the stack or hold up the process.
import { NacreError } from '../../errors.js';
import type { Expression } from './expression.js';

/** Characters (UTF-16 units) of a filter's text. */
export const maxTextLength = 65_536;

/** Parentheses and `not`s around a condition. */
export const maxDepth = 100;

/** Conditions, together with the values in lists. */
export const maxTerms = 10_000;

export function checkCount(terms: number): void {
  if (terms > maxTerms) throw tooMany();
}

export function tooDeep(): NacreError {
  return new NacreError('InvalidArgument', `the filter nests deeper than ${maxDepth} levels`, {
    context: { limit: maxDepth },
    hint: 'Parentheses and not count, and/or do not: leave away those that change nothing.',
  });
}

export function tooMany(): NacreError {
  return new NacreError('InvalidArgument', `the filter has more than ${maxTerms} conditions and values`, {
    context: { limit: maxTerms },
    hint: 'Run several queries, or keep what the list stands for as a column.',
  });
}

/**
 * Refuses a tree that its text could not be, so that whoever walks it may recurse. Shared branches count as
 * often as they occur. Cost: linear in the bounds, whatever the tree is.
 */
export function checkBounds(expression: Expression): void {
  let terms = 0;
  const visit = (node: Expression, depth: number): void => {
    if (depth > maxDepth) throw tooDeep();
    if (node.kind === 'not') {
      visit(node.operand, depth + 1 + (needsParentheses(node.operand, node) ? 1 : 0));
    } else if (node.kind === 'and' || node.kind === 'or') {
      for (const operand of node.operands) {
        visit(operand, depth + (needsParentheses(operand, node) ? 1 : 0));
      }
    } else {
      terms += node.kind === 'in' ? node.values.length + 1 : 1;
      if (terms > maxTerms) throw tooMany();
    }
  };
  visit(expression, 0);
}

/** Whether text has to set the operand in parentheses: `not` binds closest, then `and`, then `or`. */
export function needsParentheses(operand: Expression, within: Expression): boolean {
  if (within.kind === 'not') return operand.kind === 'and' || operand.kind === 'or';
  return within.kind === 'and' && operand.kind === 'or';
}

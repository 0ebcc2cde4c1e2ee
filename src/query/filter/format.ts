// A filter as text, in one form: the parser reads the same filter back.
import type { Expression, Literal } from './expression.js';
import { isKeyword } from './keywords.js';
import { checkBounds, needsParentheses } from './limits.js';
import { formatTimestamp } from '../../util/timestamp.js';

/**
 * The text of a filter, with keywords in lower case and no parentheses but those that it needs. The parser
 * reads it back, unless it is longer than the parser takes. Errors: `InvalidArgument` for a filter that nests
 * deeper or has more conditions than the language allows.
 */
export function formatExpression(expression: Expression): string {
  checkBounds(expression);
  return format(expression);
}

function format(node: Expression): string {
  if (node.kind === 'and' || node.kind === 'or') {
    return node.operands.map((operand) => within(operand, node)).join(` ${node.kind} `);
  }
  if (node.kind !== 'not') return term(node, false);
  const { operand } = node;
  switch (operand.kind) {
    case 'compare':
    case 'and':
    case 'or':
    case 'not':
      return `not ${within(operand, node)}`;
    case 'in':
    case 'between':
    case 'like':
    case 'contains':
    case 'startsWith':
    case 'isNull':
      return term(operand, true);
  }
}

function within(operand: Expression, outer: Expression): string {
  return needsParentheses(operand, outer) ? `(${format(operand)})` : format(operand);
}

type Term = Extract<Expression, { readonly column: string }>;

function term(node: Term, denied: boolean): string {
  const column = formatName(node.column);
  const not = denied ? 'not ' : '';
  switch (node.kind) {
    case 'compare':
      return `${column} ${node.operator} ${formatLiteral(node.value)}`;
    case 'in':
      return `${column} ${not}in (${node.values.map(formatLiteral).join(', ')})`;
    case 'between':
      return `${column} ${not}between ${formatLiteral(node.low)} and ${formatLiteral(node.high)}`;
    case 'like':
      return `${column} ${not}like ${formatString(node.pattern)}`;
    case 'contains':
      return `${column} ${not}contains ${formatString(node.value)}`;
    case 'startsWith':
      return `${column} ${not}starts_with ${formatString(node.prefix)}`;
    case 'isNull':
      return `${column} is ${not}null`;
  }
}

function formatName(name: string): string {
  const isBare = /^[A-Za-z_][A-Za-z0-9_.]*$/.test(name) && !isKeyword(name);
  return isBare ? name : `"${name.replaceAll('"', '""')}"`;
}

export function formatLiteral(literal: Literal): string {
  switch (literal.type) {
    case 'bool':
      return String(literal.value);
    case 'number':
      return formatNumber(literal.value);
    case 'string':
      return formatString(literal.value);
    case 'timestamp':
      return `timestamp '${formatTimestamp(literal.value)}'`;
  }
}

function formatString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Digits alone are an integer, exactly; a float64 beyond 2^53 gets a point, so that it stays one. */
function formatNumber(value: bigint | number): string {
  if (typeof value === 'bigint') return value.toString();
  if (!Number.isFinite(value)) return value < 0 ? '-infinity' : 'infinity';
  const digits = String(value);
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

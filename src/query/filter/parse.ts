// The filter language, read by recursive descent with one token in hand. What recurses is bounded by
// `maxDepth`, what loops by `maxTerms`, and the text by `maxTextLength`: no text overflows the stack, and
// every text takes linear time.
//
//   or     = and { 'or' and }
//   and    = not { 'and' not }
//   not    = 'not' not | '(' or ')' | term
//   term   = column operator value | column 'is' ['not'] 'null' | column ['not'] test
//   test   = 'in' '(' [value {',' value}] ')' | 'between' value 'and' value
//          | ('like' | 'contains' | 'starts_with') string
//   value  = 'true' | 'false' | ['-'] 'infinity' | number | string | 'timestamp' string
import { isNacreError, NacreError } from '../../errors.js';
import { nearestName } from '../../manifest/names.js';
import { halfPair } from '../../util/text.js';
import {
  between,
  boolLiteral,
  type CompareOperator,
  combine,
  compare,
  contains,
  type Expression,
  isIn,
  isNull,
  type Literal,
  like,
  negate,
  numberLiteral,
  startsWith,
  stringLiteral,
  timestampLiteral,
} from './expression.js';
import { isKeyword, keywordOf, operatorWords, otherNames } from './keywords.js';
import { type Token, tokenAt } from './lexer.js';
import { maxDepth, maxTerms, maxTextLength, tooDeep, tooMany } from './limits.js';
import { quoted } from '../../util/text.js';
import { parseTimestamp } from '../../util/timestamp.js';
import { badFilter } from './problem.js';

const comparisons: ReadonlyMap<string, CompareOperator> = new Map<string, CompareOperator>([
  ['=', '='],
  ['==', '='],
  ['!=', '!='],
  ['<>', '!='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);

const operatorHint = `Operators: = != < <= > >= ${operatorWords.join(' ')}.`;
const valueHint =
  "Values: 'text' in single quotes, 7, -0.5, 1e9, infinity, true, false, timestamp 'ISO 8601'.";

/**
 * The filter that a text says, such as `lang in ('de', 'en') and not (year < 1990 or title like '%draft%')`.
 * Keywords in any case; names of columns bare or in double quotes, strings in single ones; a quote inside is
 * written twice. At most 65,536 characters, 10,000 conditions and values, 100 levels of parentheses and
 * `not`.
 *
 * Cost: linear. Errors: `InvalidArgument`, with `context.at` the character at which the text went wrong.
 */
export function parseFilter(text: string): Expression {
  if (typeof text !== 'string') {
    throw new NacreError('InvalidArgument', `the text of a filter is a string, not ${typeof text}`);
  }
  if (text.length > maxTextLength) {
    throw new NacreError(
      'InvalidArgument',
      `the text of the filter has ${text.length} characters; the most is ${maxTextLength}`,
      { context: { at: maxTextLength, length: text.length, limit: maxTextLength } },
    );
  }
  const broken = halfPair.exec(text);
  if (broken !== null) {
    throw badFilter(text, broken.index, 'half of a surrogate pair', 'The text must be whole Unicode.');
  }
  return new Parser(text).whole();
}

class Parser {
  readonly #text: string;
  #token: Token;
  #terms = 0;

  constructor(text: string) {
    this.#text = text;
    this.#token = tokenAt(text, 0);
  }

  whole(): Expression {
    if (this.#atEnd()) {
      throw this.#unexpected('a condition', "Such as lang = 'de'; to take every row leave the filter away.");
    }
    const expression = this.#or(0);
    if (this.#atEnd()) return expression;
    throw this.#unexpected('and, or, or the end', this.#joinHint());
  }

  #or(depth: number): Expression {
    const operands = [this.#and(depth)];
    while (this.#takeWord('or')) operands.push(this.#and(depth));
    return combine('or', operands);
  }

  #and(depth: number): Expression {
    const operands = [this.#not(depth)];
    while (this.#takeWord('and')) operands.push(this.#not(depth));
    return combine('and', operands);
  }

  #not(depth: number): Expression {
    const { at } = this.#token;
    if (depth > maxDepth) throw this.#placed(tooDeep(), at);
    if (this.#takeWord('not')) return negate(this.#not(depth + 1));
    if (!this.#take('(')) return this.#term();
    const expression = this.#or(depth + 1);
    if (!this.#take(')'))
      throw this.#unexpected(`')' for the '(' of character ${at}, and, or`, this.#joinHint());
    return expression;
  }

  #term(): Expression {
    const column = this.#column();
    this.#count();
    const token = this.#token;
    if (token.kind === 'operator') {
      const operator = comparisons.get(token.text);
      if (operator === undefined) throw this.#unexpected('an operator', this.#operatorHint());
      this.#next();
      return compare(column, operator, this.#value());
    }
    if (this.#takeWord('is')) {
      const denied = this.#takeWord('not');
      if (!this.#takeWord('null'))
        throw this.#unexpected(denied ? 'null' : 'null or not null', 'Write is null.');
      return denied ? negate(isNull(column)) : isNull(column);
    }
    return this.#takeWord('not') ? negate(this.#test(column)) : this.#test(column);
  }

  #test(column: string): Expression {
    if (this.#takeWord('in')) return this.#list(column);
    if (this.#takeWord('between')) {
      const low = this.#value();
      if (!this.#takeWord('and')) throw this.#unexpected('and', 'Write between 1 and 9; both are included.');
      return between(column, low, this.#value());
    }
    if (this.#takeWord('like')) return this.#withString((text) => like(column, text));
    if (this.#takeWord('contains')) return this.#withString((text) => contains(column, text));
    if (this.#takeWord('starts_with')) return this.#withString((text) => startsWith(column, text));
    throw this.#unexpected(`an operator for the column ${quoted(column)}`, this.#operatorHint());
  }

  #column(): string {
    const token = this.#token;
    if (token.kind === 'name' && token.text !== '') return this.#next().text;
    if (token.kind === 'word' && !isKeyword(token.text)) return this.#next().text;
    const hint = ((): string => {
      if (token.kind === 'string')
        return 'Names of columns are bare or in double quotes, and stand on the left.';
      if (token.kind === 'number') return 'The column stands on the left: label = 7.';
      if (token.kind === 'word') return `A column of that name takes double quotes: "${token.text}".`;
      return "A condition begins with a column: lang = 'de'.";
    })();
    throw this.#unexpected('a column, not, or (', hint);
  }

  #list(column: string): Expression {
    if (!this.#take('(')) throw this.#unexpected("'('", 'Lists take parentheses: in (1, 2).');
    const values: Literal[] = [];
    if (this.#take(')')) return isIn(column, values);
    do {
      this.#count();
      values.push(this.#value());
    } while (this.#take(','));
    if (!this.#take(')')) throw this.#unexpected("',' or ')'", 'Values of a list are parted by commas.');
    return isIn(column, values);
  }

  #value(): Literal {
    const token = this.#token;
    if (token.kind === 'string') return this.#placing(() => stringLiteral(this.#next().text));
    if (token.kind === 'number') return this.#number(token);
    if (this.#takeWord('true')) return boolLiteral(true);
    if (this.#takeWord('false')) return boolLiteral(false);
    if (this.#takeWord('infinity')) return numberLiteral(Number.POSITIVE_INFINITY);
    if (this.#takeWord('timestamp')) {
      return this.#withString((text) => timestampLiteral(parseTimestamp(text)));
    }
    throw this.#unexpected('a value', this.#valueHint());
  }

  #number(token: Token): Literal {
    this.#next();
    if (/^-?\d+$/.test(token.text)) return numberLiteral(BigInt(token.text));
    if (/y$/i.test(token.text)) return numberLiteral(Number.NEGATIVE_INFINITY);
    const value = Number(token.text);
    if (Number.isFinite(value)) return numberLiteral(value);
    const what = `the number ${quoted(token.text)} is beyond float64`;
    throw badFilter(this.#text, token.at, what, 'For the infinity itself write infinity.', token.text);
  }

  #withString<T>(make: (text: string) => T): T {
    const token = this.#token;
    if (token.kind !== 'string') throw this.#unexpected('a string in single quotes', this.#valueHint());
    return this.#placing(() => make(this.#next().text));
  }

  /** Errors of values come without a place: gives them that of the token in hand. */
  #placing<T>(make: () => T): T {
    const { at } = this.#token;
    try {
      return make();
    } catch (error) {
      if (!isNacreError(error) || error.context['at'] !== undefined) throw error;
      throw this.#placed(error, at);
    }
  }

  #placed(error: NacreError, at: number): NacreError {
    const shown = badFilter(this.#text, at, `${error.message},`, error.hint ?? '');
    const context = { ...error.context, ...shown.context };
    return new NacreError(error.code, shown.message, { hint: error.hint ?? valueHint, context });
  }

  #count(): void {
    this.#terms++;
    if (this.#terms > maxTerms) throw this.#placed(tooMany(), this.#token.at);
  }

  /** Takes the token in hand and reads on. */
  #next(): Token {
    const token = this.#token;
    this.#token = tokenAt(this.#text, token.end);
    return token;
  }

  #atEnd(): boolean {
    return this.#token.kind === 'end';
  }

  #take(kind: '(' | ')' | ','): boolean {
    if (this.#token.kind !== kind) return false;
    this.#next();
    return true;
  }

  #takeWord(keyword: string): boolean {
    const { kind, text } = this.#token;
    if (kind !== 'word' || keywordOf(text) !== keyword) return false;
    this.#next();
    return true;
  }

  #unexpected(expected: string, hint: string): NacreError {
    const { kind, text, at } = this.#token;
    const found = kind === 'end' ? 'the end' : quoted(text);
    return badFilter(this.#text, at, `expected ${expected}, found ${found},`, hint, text);
  }

  #operatorHint(): string {
    const { kind, text } = this.#token;
    const endsTerm = kind === 'end' || kind === ')' || ['and', 'or'].includes(keywordOf(text));
    if (endsTerm) return `A column alone is no condition: write flag = true. ${operatorHint}`;
    if (kind !== 'word' && kind !== 'operator') return operatorHint;
    const near = otherNames.get(text.toLowerCase()) ?? nearKeyword(text, [...operatorWords, 'is', 'not']);
    return near === undefined ? operatorHint : `Did you mean ${near}? ${operatorHint}`;
  }

  #joinHint(): string {
    const { kind, text } = this.#token;
    const near = kind === 'word' ? nearKeyword(text, ['and', 'or']) : undefined;
    if (near !== undefined) return `Did you mean ${near}?`;
    return kind === ')' ? 'No ( is open here.' : 'Conditions are joined by and, or.';
  }

  #valueHint(): string {
    const { kind, text } = this.#token;
    if (kind === 'name') return `Double quotes are for names of columns; a string is ${asString(text)}.`;
    if (kind !== 'word') return valueHint;
    const keyword = keywordOf(text);
    if (keyword === 'null') return 'Comparing with null is never true: write is null, is not null.';
    if (keyword === 'nan') return 'NaN equals nothing: its rows are x is not null and not x >= -infinity.';
    return `Columns compare with values only; a string is ${asString(text)}. ${valueHint}`;
  }
}

function asString(text: string): string {
  return quoted(text.replaceAll("'", "''"));
}

/** Longer words are no slips of the pen, and the distance costs the product of the lengths. */
function nearKeyword(text: string, known: readonly string[]): string | undefined {
  return text.length > 40 ? undefined : nearestName(text, known);
}

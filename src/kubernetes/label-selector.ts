import { isInt64 } from './int64.ts';

const NAME = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const MAX_NAME = 63;
const MAX_SUBDOMAIN = 253;

/** A symbol or word of the selector. Words are identifiers, except that `in` and `notin` are operators after a key. */
type Token = { readonly kind: 'symbol' | 'word' | 'end'; readonly text: string };

const END: Token = { kind: 'end', text: '' };

/**
 * Whether k8s.io/apimachinery pkg/labels parses `selector` (`a=b,c in (d,e),!f,g>1`). kube-apiserver drops the name that
 * a field selector requires when the label selector beside it is invalid, so RequestInfo depends on this.
 */
export function isLabelSelector(selector: string): boolean {
  const parser = new Parser(tokens(selector));
  return parser.atEnd() || parser.requirements();
}

function* tokens(selector: string): Generator<Token> {
  // The lexer of pkg/labels takes NUL for the end of the token before it or, without one, of the whole text.
  for (const { 0: token, 1: symbol, 2: word } of selector.matchAll(
    /[ \t\r\n]+|\0|(?:([=!]=|[=!(),<>])|([^ \t\r\n=!(),<>\0]+))\0?/g,
  )) {
    if (token === '\0') return;
    if (symbol !== undefined) yield { kind: 'symbol', text: symbol };
    else if (word !== undefined) yield { kind: 'word', text: word };
  }
}

class Parser {
  readonly #tokens: Iterator<Token>;
  #next: Token;

  constructor(source: Iterator<Token>) {
    this.#tokens = source;
    this.#next = END;
    this.#take();
  }

  atEnd(): boolean {
    return this.#next.kind === 'end';
  }

  requirements(): boolean {
    do {
      if (!this.#requirement()) return false;
    } while (this.#takeSymbol(','));
    return this.atEnd();
  }

  #requirement(): boolean {
    const negated = this.#takeSymbol('!');
    const key = this.#take();
    if (key.kind !== 'word' || !isLabelKey(key.text)) return false;
    if (this.atEnd() || this.#isSymbol(',')) return true;
    if (negated) return false;
    const operator = this.#take();
    if (operator.kind === 'word') return (operator.text === 'in' || operator.text === 'notin') && this.#values();
    const isComparison = operator.text === '<' || operator.text === '>';
    if (!isComparison && operator.text !== '=' && operator.text !== '==' && operator.text !== '!=') return false;
    const value = this.atEnd() || this.#isSymbol(',') ? '' : this.#take();
    if (value === '') return !isComparison;
    return value.kind === 'word' && isLabelValue(value.text) && (!isComparison || isInt64(value.text));
  }

  #values(): boolean {
    if (!this.#takeSymbol('(')) return false;
    let afterWord = false;
    while (!this.#takeSymbol(')')) {
      const token = this.#take();
      if (token.kind === 'word') {
        if (afterWord || !isLabelValue(token.text)) return false;
        afterWord = true;
      } else if (token.text === ',') {
        afterWord = false;
      } else {
        return false;
      }
    }
    return true;
  }

  #take(): Token {
    const token = this.#next;
    const next = this.#tokens.next();
    this.#next = next.done === true ? END : next.value;
    return token;
  }

  #isSymbol(text: string): boolean {
    return this.#next.kind === 'symbol' && this.#next.text === text;
  }

  #takeSymbol(text: string): boolean {
    const found = this.#isSymbol(text);
    if (found) this.#take();
    return found;
  }
}

function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  if (name.length > MAX_NAME || !NAME.test(name)) return false;
  return slash < 0 || (slash <= MAX_SUBDOMAIN && SUBDOMAIN.test(key.slice(0, slash)));
}

function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= MAX_NAME && NAME.test(value));
}

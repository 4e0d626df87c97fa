import { randomBytes } from "node:crypto";

export interface TokenOptions {
  /** How long a token holds, in milliseconds, which is also what the platform says; default: two hours. */
  readonly tokenLifeMs?: number;
  /** How many calls a token is good for, whatever its age; default: any number. */
  readonly tokenUses?: number;
  /** Whether the newest token is the only one that is taken; default: false. */
  readonly isNewestOnly?: boolean;
}

export interface IssuedToken {
  readonly text: string;
  readonly at: number;
  /** Moves to now when it is expired by the test. */
  expiresAt: number;
  uses: number;
  /** For how long a client could have gone on with the token before it; 0 when there was none that held. */
  readonly leftBeforeMs: number;
}

export type TokenState = "good" | "expired" | "never-issued";

/** Issues the tokens of a platform, and knows them again. */
export class TokenDesk {
  readonly issued: IssuedToken[] = [];
  readonly lifeMs: number;
  readonly #uses: number;
  readonly #isNewestOnly: boolean;
  readonly #now: () => number;
  readonly #byText = new Map<string, IssuedToken>();
  /** Tokens of one platform are nothing to another one. */
  readonly #seal = randomBytes(6).toString("hex");

  constructor(now: () => number, { tokenLifeMs = 7_200_000, tokenUses = Infinity, isNewestOnly }: TokenOptions) {
    this.#now = now;
    this.lifeMs = tokenLifeMs;
    this.#uses = tokenUses;
    this.#isNewestOnly = isNewestOnly ?? false;
  }

  get lifeSeconds(): number {
    return Math.floor(this.lifeMs / 1000);
  }

  issue(): string {
    const at = this.#now();
    const before = this.issued.filter((token) => this.#holds(token)).map(({ expiresAt }) => expiresAt - at);
    const token: IssuedToken = {
      text: `token-${this.issued.length + 1}-${this.#seal}`,
      at,
      expiresAt: at + this.lifeMs,
      uses: 0,
      leftBeforeMs: Math.max(0, ...before),
    };
    if (this.#isNewestOnly) this.expireAll();
    this.issued.push(token);
    this.#byText.set(token.text, token);
    return token.text;
  }

  /** Looks at a token that a call brings, and counts its use. */
  take(text: string): TokenState {
    const token = this.#byText.get(text);
    if (!token) return "never-issued";
    if (!this.#holds(token)) return "expired";
    token.uses += 1;
    return "good";
  }

  /** None that was issued so far is taken any longer. */
  expireAll(): void {
    const at = this.#now();
    for (const token of this.issued) token.expiresAt = Math.min(token.expiresAt, at);
  }

  /** Tokens that were fetched while the one before would have held for longer than so many milliseconds: for nothing. */
  fetchedForNothing(aheadMs = 300_000): readonly IssuedToken[] {
    return this.issued.filter(({ leftBeforeMs }) => leftBeforeMs > aheadMs);
  }

  #holds({ expiresAt, uses }: IssuedToken): boolean {
    return this.#now() < expiresAt && uses < this.#uses;
  }
}

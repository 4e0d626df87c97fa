import { NatsError } from "./nats-error.ts";

/** What the addresses of NATS servers say, taken apart so that nothing secret stays with the addresses. */
export interface NatsAddresses {
  /** `host:port`, in the order given. IPv6 hosts stand in brackets. */
  readonly servers: readonly string[];
  /** Whether the scheme asks for TLS (`tls://`); otherwise TLS is used when the server wants it. */
  readonly tls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** A user without a password in the address is a token, as NATS has it. */
  readonly token: string | undefined;
}

const DEFAULT_PORT = "4222";
const SCHEMES: ReadonlySet<string> = new Set(["nats:", "tls:"]);

/**
 * Reads one or several addresses with commas between them: `nats://host:port`, `tls://user:password@host`, `nats://token@host`. All of them lead
 * to one cluster of NATS, so whatever names a user names the same one.
 *
 * @throws NatsError WRONG_OPTIONS; it says which of the addresses is wrong and does not repeat it, as it may hold a password.
 */
export function parseNatsUrls(text: string): NatsAddresses {
  const urls = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part, index) => parseOne(part, index + 1));
  if (urls.length === 0) throw wrong("There is no address of a NATS server");
  const accounts = urls.map(accountOf).filter((account) => account.user !== undefined || account.token !== undefined);
  if (new Set(accounts.map((account) => JSON.stringify(account))).size > 1) {
    throw wrong("The addresses of the NATS servers name different users: they must be servers of one cluster");
  }
  return {
    servers: [...new Set(urls.map((url) => `${url.hostname}:${url.port || DEFAULT_PORT}`))],
    tls: urls.some((url) => url.protocol === "tls:"),
    ...(accounts[0] ?? { user: undefined, password: undefined, token: undefined }),
  };
}

function parseOne(text: string, position: number): URL {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `nats://${text}`);
  if (url === null || url.hostname === "" || !SCHEMES.has(url.protocol)) {
    throw wrong(`Address ${position} of the NATS servers is not like nats://host:4222 or tls://host:4222`);
  }
  return url;
}

function accountOf(url: URL): Pick<NatsAddresses, "user" | "password" | "token"> {
  const user = decode(url.username);
  const password = decode(url.password);
  return password === undefined
    ? { user: undefined, password: undefined, token: user }
    : { user: user ?? "", password, token: undefined };
}

function decode(part: string): string | undefined {
  if (part === "") return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw wrong("The user or password in the address of a NATS server is not written as URLs are (use %25 for %)");
  }
}

function wrong(message: string): NatsError {
  return new NatsError("WRONG_OPTIONS", message);
}

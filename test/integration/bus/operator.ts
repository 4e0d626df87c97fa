import { nkeys } from "@nats-io/transport-node";

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** A NATS server run by JWTs, without the tool that usually makes them. */
export interface Operator {
  /** For the server. */
  readonly config: string;
  /** The contents of the creds file of a user of its account. */
  readonly credentials: string;
  /** Of the user; what must never be seen. */
  readonly seed: string;
}

/** An operator with one account and one user in it, each signed by the one above, as the `nsc` tool would. */
export function makeOperator(): Operator {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
  const unlimited = { subs: -1, data: -1, payload: -1 };
  const accountLimits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const operatorJwt = signed(operator, operator, { type: "operator" });
  const accountJwt = signed(operator, account, { type: "account", limits: accountLimits });
  const userJwt = signed(account, user, { type: "user", ...unlimited, pub: {}, sub: {} });
  const seed = new TextDecoder().decode(user.getSeed());
  return {
    config: `operator: ${operatorJwt}\nresolver: MEMORY\nresolver_preload: { ${account.getPublicKey()}: ${accountJwt} }\n`,
    credentials: `${block("NATS USER JWT", userJwt)}\n${block("USER NKEY SEED", seed)}`,
    seed,
  };
}

function signed(issuer: KeyPair, subject: KeyPair, nats: object): string {
  const claims = {
    jti: "A".repeat(52),
    iat: 1_767_225_600,
    iss: issuer.getPublicKey(),
    name: "test",
    sub: subject.getPublicKey(),
    nats: { ...nats, version: 2 },
  };
  const content = [{ typ: "JWT", alg: "ed25519-nkey" }, claims].map((part) => encode(JSON.stringify(part))).join(".");
  return `${content}.${encode(issuer.sign(new TextEncoder().encode(content)))}`;
}

function encode(content: string | Uint8Array): string {
  return Buffer.from(content as Uint8Array).toString("base64url");
}

function block(title: string, content: string): string {
  return `-----BEGIN ${title}-----\n${content}\n------END ${title}------\n`;
}

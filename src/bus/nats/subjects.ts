import { createHash } from "node:crypto";
import { NatsError } from "./nats-error.ts";

/** Names that are a part of a subject as they are. They never begin as the encoded ones do. */
const PLAIN = /^[A-Za-z0-9_-]{1,100}$/;
const MAX_ENCODED_BYTES = 150;

/** Where the nodes of a cluster hear each other. Private: everything under `belfry.internal.>`. */
export interface InternalSubjects {
  /** What goes to one node. Any id gives one token, different ids different ones. */
  node(id: string): string;
  /** What goes to all. */
  readonly all: string;
}

/** @throws NatsError WRONG_OPTIONS when the cluster's name cannot be part of a subject. */
export function internalSubjects(cluster: string): InternalSubjects {
  if (!PLAIN.test(cluster)) {
    throw new NatsError("WRONG_OPTIONS", "The name of a Belfry cluster on NATS has 1 to 100 letters, digits, _ or -");
  }
  const prefix = `belfry.internal.${cluster}`;
  return { node: (id) => `${prefix}.node.${token(id)}`, all: `${prefix}.all` };
}

/** Readable where that can be, so that an operator sees who is who. */
function token(id: string): string {
  if (PLAIN.test(id)) return id;
  const bytes = Buffer.from(id);
  if (bytes.length <= MAX_ENCODED_BYTES) return `=${bytes.toString("base64url")}`;
  return `#${createHash("sha256").update(bytes).digest("hex")}`;
}

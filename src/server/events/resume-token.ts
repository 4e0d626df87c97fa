/**
 * Resume tokens: the last event seen of each shard, as opaque text.
 *
 * Version, number of shards, one varint a shard, CRC-32 of it all; base64url. The checksum tells a damaged token from one of ours; it is no
 * signature, and need not be: a token gives no access to anything its holder may not read.
 */
import { crc32 } from "node:zlib";
import { BelfryError } from "../../domain/error.ts";

const VERSION = 1;
const CHECKSUM_BYTES = 4;

/** The sequence of the last event seen, by shard. */
export type Positions = number[];

export function encodeResumeToken(positions: readonly number[]): string {
  const bytes: number[] = [VERSION];
  pushVarint(bytes, positions.length);
  for (const position of positions) pushVarint(bytes, position);
  const body = Buffer.from(bytes);
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32LE(crc32(body));
  return Buffer.concat([body, checksum]).toString("base64url");
}

/** @throws BelfryError RESUME_TOKEN_INVALID when it was not made here, or by a cluster with another number of shards. */
export function decodeResumeToken(token: string, shardCount: number): Positions {
  const bytes = Buffer.from(token, "base64url");
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  if (bytes.length <= CHECKSUM_BYTES || crc32(body) !== bytes.readUInt32LE(body.length) || body[0] !== VERSION) {
    throw invalidToken();
  }
  const reader = { bytes: body, offset: 1 };
  if (readVarint(reader) !== shardCount) throw invalidToken();
  const positions = Array.from({ length: shardCount }, () => readVarint(reader));
  if (reader.offset !== body.length) throw invalidToken();
  return positions;
}

export function invalidToken(): BelfryError {
  return new BelfryError("RESUME_TOKEN_INVALID", "This resume_token was not made here. Leave it out to start anew.");
}

export function expiredToken(): BelfryError {
  return new BelfryError(
    "RESUME_TOKEN_EXPIRED",
    "Events after this resume_token have left the log. Start without it, and read the resources anew.",
  );
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

function readVarint(reader: { readonly bytes: Buffer; offset: number }): number {
  let value = 0;
  for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
    const byte = reader.bytes[reader.offset];
    if (byte === undefined) throw invalidToken();
    reader.offset += 1;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
  throw invalidToken();
}

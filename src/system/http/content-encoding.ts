/**
 * Bodies that come compressed although nobody asked for it. What is taken in is bounded before it is unpacked, what comes out is bounded while
 * it is, and one body is unpacked at a time, since a decoder may claim megabytes before its first byte.
 */
import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";
import { KeptBytes } from "./kept-bytes.ts";

/** A body as it came. */
export interface RawBody {
  readonly bytes: Buffer;
  /** It went on, or broke off. */
  readonly isCut: boolean;
}

/** Compressed text may be a little longer than itself. */
const OVERHEAD_BYTES = 1024;

/** How many bytes of a body must be read for so many of it unpacked. */
export function bytesToRead(contentEncoding: string | undefined, keepBytes: number): number {
  return encodingsOf(contentEncoding).length === 0 ? keepBytes : keepBytes + OVERHEAD_BYTES;
}

export interface Unpacker {
  /** The text of a body, at most `keepBytes` of it. Never rejects: what cannot be unpacked is cut where it cannot. */
  textOf(
    body: RawBody,
    contentEncoding: string | undefined,
    keepBytes: number,
  ): Promise<{ text: string; isCut: boolean }>;
}

export function createUnpacker(): Unpacker {
  let last: Promise<unknown> = Promise.resolve();

  return {
    async textOf(body, contentEncoding, keepBytes) {
      const encodings = encodingsOf(contentEncoding);
      if (encodings.length === 0) return asText(body);
      const decoder = encodings.length === 1 ? decoderFor(encodings[0], body.bytes) : null;
      if (decoder === null) return { text: "", isCut: true };
      const mine = last.then(() => unpack(decoder(), body.bytes, keepBytes));
      last = mine;
      const { bytes, isCut } = await mine;
      return asText({ bytes, isCut: isCut || body.isCut });
    },
  };
}

/** The encodings in the order in which they were applied; those that change nothing left out. */
function encodingsOf(contentEncoding: string | undefined): readonly string[] {
  const names = (contentEncoding ?? "").toLowerCase().split(",");
  return names.map((name) => name.trim()).filter((name) => name !== "" && name !== "identity");
}

/** null: nobody sends that to somebody who did not ask for it. */
function decoderFor(encoding: string | undefined, bytes: Buffer): (() => Transform) | null {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return () => createGunzip();
    case "br":
      return () => createBrotliDecompress();
    case "deflate":
      // The name says zlib's wrapping; many servers leave it away.
      return ((bytes[0] ?? 0) & 0x0f) === 8 ? () => createInflate() : () => createInflateRaw();
    default:
      return null;
  }
}

function unpack(decoder: Transform, bytes: Buffer, bound: number): Promise<RawBody> {
  return new Promise((resolve) => {
    const kept = new KeptBytes(bound);
    const finish = (isCut: boolean): void => {
      resolve({ bytes: kept.bytes, isCut });
      decoder.destroy();
    };
    decoder.on("data", (piece: Buffer) => {
      if (!kept.push(piece)) finish(true);
    });
    decoder.once("end", () => finish(false));
    decoder.on("error", () => finish(true));
    decoder.end(bytes);
  });
}

function asText({ bytes, isCut }: RawBody): { text: string; isCut: boolean } {
  // The character at the cut may be half there: it is left away, not shown as broken.
  return { text: new TextDecoder().decode(bytes, { stream: isCut }), isCut };
}

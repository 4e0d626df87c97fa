/** The frames of gRPC: a flag, a length of four bytes, a message. */
import { gunzip, inflate } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";

const HEADER = 5;

/** Puts a message in its frame. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(HEADER + message.byteLength);
  framed[0] = 0;
  framed.writeUInt32BE(message.byteLength, 1);
  framed.set(message, HEADER);
  return framed;
}

export interface Frame {
  readonly compressed: boolean;
  readonly message: Buffer;
}

/** Cuts what comes in, in whatever pieces, into frames. */
export class FrameReader {
  readonly #maxBytes: number;
  #pending: Buffer[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a frame has begun and not ended. */
  get midway(): boolean {
    return this.#length > 0;
  }

  /** @throws RESOURCE_EXHAUSTED when a frame says it is longer than allowed. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let data = this.#pending.length === 0 ? chunk : this.#joined(chunk);
    for (;;) {
      const length = data.length < HEADER ? 0 : data.readUInt32BE(1);
      if (length > this.#maxBytes) {
        throw tooLarge(length, this.#maxBytes);
      }
      if (data.length < HEADER + length || data.length < HEADER) {
        break;
      }
      frames.push({ compressed: (data[0] as number) % 2 === 1, message: data.subarray(HEADER, HEADER + length) });
      data = data.subarray(HEADER + length);
    }
    this.#length = data.length;
    this.#pending = data.length === 0 ? [] : [data];
    return frames;
  }

  /** Joins only when the frame is complete, so that a long message in many pieces is copied once. */
  #joined(chunk: Buffer): Buffer {
    this.#pending.push(chunk);
    return this.#pending.length === 1 ? chunk : Buffer.concat(this.#pending);
  }
}

function tooLarge(length: number, maxBytes: number): ConnectError {
  return new ConnectError(`The message has ${length} bytes; at most ${maxBytes} are read.`, Code.ResourceExhausted);
}

const DECODERS = { gzip: gunzip, deflate: inflate } as const;

export type Encoding = keyof typeof DECODERS | "identity";

export function isEncoding(name: string): name is Encoding {
  return name === "identity" || Object.hasOwn(DECODERS, name);
}

/** Unpacks a message. Past `maxBytes` it stops, however small the packed one was. */
export function unpacked(message: Buffer, encoding: Encoding, maxBytes: number): Promise<Buffer> {
  if (encoding === "identity") {
    throw new ConnectError(
      "A message says it is compressed, but the call does not say how (grpc-encoding).",
      Code.Internal,
    );
  }
  return new Promise((resolve, reject) => {
    DECODERS[encoding](message, { maxOutputLength: maxBytes }, (error, plain) => {
      if (error === null) {
        resolve(plain);
      } else {
        const bomb = "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
        reject(
          bomb
            ? new ConnectError(`The message unpacks to more than ${maxBytes} bytes.`, Code.ResourceExhausted)
            : new ConnectError("A compressed message cannot be unpacked.", Code.InvalidArgument),
        );
      }
    });
  });
}

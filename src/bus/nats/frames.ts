/**
 * How a message between nodes stands in NATS messages. One that the server takes in one piece is one frame; a longer one is cut.
 *
 *     whole     1 | name length u16 | sender's name | text
 *     fragment  2 | name length u16 | sender's name | life f64 | number u32 | index u32 | count u32 | bytes of the whole u32 | piece of the text
 *
 * Numbers are big endian, text is UTF-8. The sender's name is its node id; `life` tells apart two processes of the same name; `number` counts the
 * long messages of a life. A receiver passes over kinds that it does not know: a newer Belfry may send them.
 */
const WHOLE = 1;
const FRAGMENT = 2;
const NAME_AT = 3;
const FRAGMENT_NUMBERS_BYTES = 8 + 4 * 4;

export type Frame =
  | { readonly kind: "whole"; readonly sender: string; readonly text: string }
  | ({ readonly kind: "fragment"; readonly sender: string; readonly piece: Buffer } & FragmentNumbers);

export interface FragmentNumbers {
  readonly life: number;
  readonly number: number;
  readonly index: number;
  readonly count: number;
  readonly totalBytes: number;
}

/** Writes the frames of one sender. */
export class FrameWriter {
  readonly #name: Buffer;
  readonly #life: number;
  #number = 0;

  constructor(sender: string, life: number) {
    this.#name = Buffer.from(sender);
    this.#life = life;
  }

  /** @param maxBytes what the server takes in one piece. */
  *frames(text: string, maxBytes: number): Generator<Buffer> {
    const textBytes = Buffer.byteLength(text);
    const headBytes = NAME_AT + this.#name.length;
    if (headBytes + textBytes <= maxBytes) {
      const frame = this.#head(WHOLE, headBytes + textBytes);
      frame.write(text, headBytes);
      yield frame;
      return;
    }
    const pieceBytes = maxBytes - headBytes - FRAGMENT_NUMBERS_BYTES;
    if (pieceBytes < 1)
      throw new RangeError(`The server takes only ${maxBytes} bytes: too few for a piece of a message`);
    const bytes = Buffer.from(text);
    const count = Math.ceil(textBytes / pieceBytes);
    const number = (this.#number = (this.#number + 1) >>> 0);
    for (let index = 0; index < count; index++) {
      const piece = bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes);
      const frame = this.#head(FRAGMENT, headBytes + FRAGMENT_NUMBERS_BYTES + piece.length);
      let at = frame.writeDoubleBE(this.#life, headBytes);
      for (const value of [number, index, count, textBytes]) at = frame.writeUInt32BE(value, at);
      piece.copy(frame, at);
      yield frame;
    }
  }

  #head(kind: number, bytes: number): Buffer {
    const frame = Buffer.allocUnsafe(bytes);
    frame[0] = kind;
    frame.writeUInt16BE(this.#name.length, 1);
    this.#name.copy(frame, NAME_AT);
    return frame;
  }
}

/** Undefined when the bytes are no frame, or of a kind that this Belfry does not know. */
export function readFrame(bytes: Uint8Array): Frame | undefined {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (frame.length < NAME_AT) return undefined;
  const bodyAt = NAME_AT + frame.readUInt16BE(1);
  if (frame.length < bodyAt) return undefined;
  const sender = frame.toString("utf8", NAME_AT, bodyAt);
  if (frame[0] === WHOLE) return { kind: "whole", sender, text: frame.toString("utf8", bodyAt) };
  if (frame[0] !== FRAGMENT || frame.length <= bodyAt + FRAGMENT_NUMBERS_BYTES) return undefined;
  return {
    kind: "fragment",
    sender,
    life: frame.readDoubleBE(bodyAt),
    number: frame.readUInt32BE(bodyAt + 8),
    index: frame.readUInt32BE(bodyAt + 12),
    count: frame.readUInt32BE(bodyAt + 16),
    totalBytes: frame.readUInt32BE(bodyAt + 20),
    piece: frame.subarray(bodyAt + FRAGMENT_NUMBERS_BYTES),
  };
}

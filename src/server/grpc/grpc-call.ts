/** One gRPC call on a bare HTTP/2 stream: its messages in, its messages and its status out. */
import type { OutgoingHttpHeaders } from "node:http";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { DescMessage, DescMethod, Message, MessageInitShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "../../ports/clock.ts";
import { deadlinePassed, timeoutMs } from "./deadline.ts";
import { frame, FrameReader, isEncoding, unpacked } from "./frames.ts";
import type { Encoding } from "./frames.ts";
import { errorTrailers, OK_TRAILERS } from "./status.ts";

const HEADERS: OutgoingHttpHeaders = {
  ":status": 200,
  "content-type": "application/grpc+proto",
  "grpc-accept-encoding": "gzip,deflate",
};

function gaveUp(cause?: unknown): ConnectError {
  return new ConnectError("The caller gave up", Code.Canceled, undefined, undefined, cause);
}

export class GrpcCall {
  readonly #stream: ServerHttp2Stream;
  readonly #method: DescMethod;
  readonly #maxBytes: number;
  readonly #reader: FrameReader;
  readonly #encoding: Encoding;
  readonly #controller = new AbortController();
  readonly #timer: { cancel(): void } | null;
  #trailers: OutgoingHttpHeaders = OK_TRAILERS;
  #over = false;

  /** @throws ConnectError when the headers say what cannot be served. */
  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    method: DescMethod,
    { maxBytes, clock }: { maxBytes: number; clock: Clock },
  ) {
    this.#stream = stream;
    this.#method = method;
    this.#maxBytes = maxBytes;
    this.#reader = new FrameReader(maxBytes);
    const encoding = String(headers["grpc-encoding"] ?? "identity");
    if (!isEncoding(encoding)) {
      throw new ConnectError(
        `Messages compressed with "${encoding}" are not read; gzip and deflate are.`,
        Code.Unimplemented,
      );
    }
    this.#encoding = encoding;
    const timeout = timeoutMs(headers["grpc-timeout"]);
    this.#timer = timeout === null ? null : clock.schedule(timeout, () => this.#controller.abort(deadlinePassed()));
    stream.once("close", () => {
      this.#timer?.cancel();
      if (!this.#over) {
        this.#over = true;
        this.#controller.abort(gaveUp());
      }
    });
  }

  /** Aborts when the caller has gone or its deadline has passed. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The messages of the caller, as they come; not read faster than they are taken. */
  async *messages(): AsyncGenerator<Message> {
    for await (const chunk of this.#chunks()) {
      for (const { compressed, message } of this.#reader.push(chunk)) {
        yield this.#decoded(compressed ? await unpacked(message, this.#encoding, this.#maxBytes) : message);
      }
    }
    this.#requireWhole();
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    try {
      yield* this.#stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    } catch (error) {
      // The stream broke off; a connection that ends is nothing that failed here.
      throw gaveUp(error);
    }
  }

  /** The one message of a call that has one. */
  message(): Promise<Message> {
    return new Promise((resolve, reject) => {
      const frames: { compressed: boolean; message: Buffer }[] = [];
      this.#stream.on("data", (chunk: Buffer) => {
        try {
          frames.push(...this.#reader.push(chunk));
        } catch (error) {
          // The rest is read and thrown away, so that the answer reaches the caller.
          this.#stream.removeAllListeners("data").resume();
          reject(error);
        }
      });
      this.#stream.once("error", reject);
      let ended = false;
      this.#stream.once("close", () => {
        if (!ended) {
          reject(gaveUp());
        }
      });
      this.#stream.once("end", () => {
        ended = true;
        this.#only(frames).then(resolve, reject);
      });
    });
  }

  async #only(frames: readonly { compressed: boolean; message: Buffer }[]): Promise<Message> {
    this.#requireWhole();
    const [only] = frames;
    if (only === undefined || frames.length > 1) {
      throw new ConnectError(`This method takes one message; ${frames.length} came.`, Code.Unimplemented);
    }
    return this.#decoded(only.compressed ? await unpacked(only.message, this.#encoding, this.#maxBytes) : only.message);
  }

  /** Sends one message and the good end of the call. */
  answer(response: object): void {
    const framed = this.#framed(response);
    if (this.#begin()) {
      this.#over = true;
      this.#stream.end(framed);
    }
  }

  /** Sends one of many messages; resolves when the caller can take more. */
  async send(response: object): Promise<void> {
    if (!this.#stream.headersSent && !this.#begin()) {
      return;
    }
    if (!this.#stream.destroyed && !this.#stream.write(this.#framed(response))) {
      await this.#drained();
    }
  }

  end(): void {
    if (this.#stream.headersSent || this.#begin()) {
      this.#over = true;
      this.#stream.end();
    }
  }

  fail(error: ConnectError): void {
    this.#over = true;
    if (this.#stream.destroyed || this.#stream.closed) {
      return;
    }
    if (this.#stream.headersSent) {
      this.#trailers = errorTrailers(error);
      this.#stream.end();
    } else {
      this.#stream.respond({ ...HEADERS, ...errorTrailers(error) }, { endStream: true });
    }
    // What the caller still sends is not waited for.
    this.#stream.resume();
  }

  /** @returns whether the caller is still there. */
  #begin(): boolean {
    if (this.#stream.destroyed || this.#stream.closed) {
      return false;
    }
    this.#stream.once("wantTrailers", () => this.#stream.sendTrailers(this.#trailers));
    this.#stream.respond(HEADERS, { waitForTrailers: true });
    return true;
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#stream.off("drain", done);
        this.#stream.off("close", done);
        resolve();
      };
      this.#stream.once("drain", done);
      this.#stream.once("close", done);
    });
  }

  #framed(response: object): Buffer {
    return frame(
      toBinary(
        this.#method.output,
        create<DescMessage>(this.#method.output, response as MessageInitShape<DescMessage>),
      ),
    );
  }

  #decoded(message: Buffer): Message {
    try {
      return fromBinary(this.#method.input, message);
    } catch (error) {
      throw new ConnectError(
        `The message is no ${this.#method.input.typeName}: ${error instanceof Error ? error.message : "unreadable"}.`,
        Code.InvalidArgument,
      );
    }
  }

  #requireWhole(): void {
    if (this.#reader.midway) {
      throw new ConnectError("The caller ended in the middle of a message.", Code.InvalidArgument);
    }
  }
}

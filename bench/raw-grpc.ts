/**
 * A load client that costs as little as it can, so that what is measured is the server: gRPC frames over a bare node:http2 session, requests
 * encoded once where they are all alike, answers looked at no closer than needed.
 */
import { connect } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";
import { WorkerService, WorkRequestSchema } from "../src/gen/belfry/v1/worker_service_pb.ts";

const HEADERS = { ":method": "POST", "content-type": "application/grpc", te: "trailers" } as const;
const PREFIX_BYTES = 5;
const WINDOW_BYTES = 8 * 1024 * 1024;

let workers = 0;

export class RawConnection {
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  static async open(url: string): Promise<RawConnection> {
    const session = connect(url, { settings: { initialWindowSize: WINDOW_BYTES, enablePush: false } });
    await new Promise<void>((resolve, reject) => session.once("connect", () => resolve()).once("error", reject));
    session.setLocalWindowSize(WINDOW_BYTES);
    return new RawConnection(session);
  }

  /** A unary call; `message` is an encoded request. Gives the encoded answer. @throws Error for any status but OK. */
  call(method: DescMethod, message: Uint8Array): Promise<Buffer> {
    const stream = this.#open(method);
    stream.end(framed(message));
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let status = "";
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("response", (headers) => (status = String(headers["grpc-status"] ?? status)));
      stream.on(
        "trailers",
        (trailers) => (status = `${String(trailers["grpc-status"])} ${String(trailers["grpc-message"] ?? "")}`),
      );
      stream.on("error", reject);
      stream.on("end", () => {
        if (status.startsWith("0")) resolve(Buffer.concat(chunks).subarray(PREFIX_BYTES));
        else reject(new Error(`${method.name} answered ${status}`));
      });
    });
  }

  /**
   * A Work stream that completes what it gets at once. `onStart` is told how many instances came, `onDone` how many results were taken.
   * `close` resolves when the server has ended it too.
   */
  work(
    queue: string,
    slots: number,
    told: { onStart(count: number): void; onDone(count: number): void },
  ): { close(): Promise<void> } {
    const stream = this.#open(WorkerService.method.work);
    let rest: Buffer = Buffer.alloc(0);
    const hello = { queue, workerId: `raw-${++workers}` };
    stream.write(framed(toBinary(WorkRequestSchema, create(WorkRequestSchema, { hello, slots }))));
    stream.on("error", () => {});
    const closed = new Promise<void>((resolve) => stream.once("close", resolve));
    stream.on("data", (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let length = lengthOf(rest); length !== undefined; length = lengthOf(rest)) {
        const { tokens, accepted } = readWork(rest.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
        rest = rest.subarray(PREFIX_BYTES + length);
        if (tokens.length > 0) {
          told.onStart(tokens.length);
          const completions = tokens.map((attemptToken) => ({ attemptToken }));
          stream.write(framed(toBinary(WorkRequestSchema, create(WorkRequestSchema, { completions }))));
        }
        if (accepted > 0) told.onDone(accepted);
      }
    });
    return {
      close: () => {
        stream.end();
        return closed;
      },
    };
  }

  close(): void {
    this.#session.close();
  }

  #open(method: DescMethod): ClientHttp2Stream {
    return this.#session.request({ ...HEADERS, ":path": `/${method.parent.typeName}/${method.name}` });
  }
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Of the first message, when it is whole. */
function lengthOf(bytes: Buffer): number | undefined {
  if (bytes.length < PREFIX_BYTES) return undefined;
  const length = bytes.readUInt32BE(1);
  return bytes.length >= PREFIX_BYTES + length ? length : undefined;
}

/** Of a WorkResponse: the tokens of its assignments, and how many results it says were accepted. */
function readWork(bytes: Uint8Array): { tokens: string[]; accepted: number } {
  const tokens: string[] = [];
  let accepted = 0;
  eachField(bytes, (field, reader) => {
    if (field === 2) {
      const attempt = bytesOf(reader.bytes(), 2);
      if (attempt !== undefined) tokens.push(new TextDecoder().decode(bytesOf(attempt, 3)));
    } else if (field === 4) {
      eachField(reader.bytes(), (inner, receipt) => {
        if (inner !== 2) return false;
        if (receipt.bool()) accepted++;
        return true;
      });
    } else return false;
    return true;
  });
  return { tokens, accepted };
}

function bytesOf(message: Uint8Array, wanted: number): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  eachField(message, (field, reader) => {
    if (field !== wanted) return false;
    found = reader.bytes();
    return true;
  });
  return found;
}

/** @param read reads the field's value, or says false and leaves it. */
function eachField(message: Uint8Array, read: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type]: [number, WireType] = reader.tag();
    if (!read(field, reader)) reader.skip(type, field);
  }
}

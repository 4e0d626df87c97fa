import { headers, MsgHdrsImpl, type Msg, type MsgHdrs } from "@nats-io/transport-node";
import type { ApiError, PubAck, StreamConfig, StreamInfo } from "@nats-io/jetstream";
import type { Answer, Replies } from "./replies.ts";

/** JetStream's own answer, or why there is none. */
export type ApiAnswer<Body> =
  | { readonly kind: "done"; readonly body: Body }
  | { readonly kind: "refused"; readonly code: number; readonly description: string }
  | { readonly kind: "failed"; readonly answer: Exclude<Answer, { kind: "answered" }> };

/** What JetStream numbers its errors by, as far as Belfry tells them apart. */
export const JetStreamCode = {
  NOT_ENABLED_FOR_ACCOUNT: 10039,
  MESSAGE_TOO_LARGE: 10054,
  NAME_IN_USE: 10058,
  STREAM_NOT_FOUND: 10059,
  NOT_ENABLED: 10076,
  NO_MESSAGE_FOUND: 10037,
} as const;

/**
 * The few calls to JetStream that Belfry makes, over {@link Replies}: the manager of the client library waits for its timeout when the connection
 * breaks, and by timers of the machine.
 */
export class JetStreamApi {
  readonly #replies: Replies;
  readonly #timeoutMs: number;

  constructor(replies: Replies, timeoutMs: number) {
    this.#replies = replies;
    this.#timeoutMs = timeoutMs;
  }

  streamInfo(stream: string): Promise<ApiAnswer<StreamInfo>> {
    return this.#call(`STREAM.INFO.${stream}`);
  }

  createStream(config: Partial<StreamConfig> & Pick<StreamConfig, "name">): Promise<ApiAnswer<StreamInfo>> {
    return this.#call(`STREAM.CREATE.${config.name}`, config);
  }

  /** The headers of the last message on each of the subjects; undefined where there is none. */
  async lastOf(stream: string, subjects: readonly string[]): Promise<readonly ApiAnswer<MsgHdrs | undefined>[]> {
    const answers = await this.#replies.ask(
      subjects.map((subject) => question(`STREAM.MSG.GET.${stream}`, { last_by_subj: subject })),
      this.#timeoutMs,
    );
    return answers.map((answer) => headersOf(readAnswer<StoredMessage>(answer)));
  }

  async #call<Body>(name: string, request?: object): Promise<ApiAnswer<Body>> {
    const [answer] = await this.#replies.ask([question(name, request)], this.#timeoutMs);
    return readAnswer(answer ?? { kind: "disconnected" });
  }
}

/** `duplicate`: the stream has it already. Left out when it has not. */
export type Acknowledgement = Pick<PubAck, "stream" | "seq"> & Partial<Pick<PubAck, "duplicate">>;

interface StoredMessage {
  readonly message: { readonly hdrs?: string };
}

function question(name: string, request?: object) {
  return {
    subject: `$JS.API.${name}`,
    payload: request === undefined ? "" : JSON.stringify(request),
    headers: headers(),
  };
}

/** The answer to what was published: the acknowledgement of the stream, or its error. */
export function readAcknowledgement(answer: Answer): ApiAnswer<Acknowledgement> {
  return readAnswer(answer);
}

function readAnswer<Body>(answer: Answer): ApiAnswer<Body> {
  if (answer.kind !== "answered") return { kind: "failed", answer };
  const body = parse(answer.message) as (Body & { readonly error?: ApiError }) | undefined;
  if (body === undefined) return { kind: "refused", code: 0, description: "the answer is not JetStream's" };
  if (body.error === undefined) return { kind: "done", body };
  return { kind: "refused", code: body.error.err_code, description: body.error.description };
}

function parse(message: Msg): object | undefined {
  try {
    const body = message.json<unknown>();
    return typeof body === "object" && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

function headersOf(answer: ApiAnswer<StoredMessage>): ApiAnswer<MsgHdrs | undefined> {
  if (answer.kind === "refused" && answer.code === JetStreamCode.NO_MESSAGE_FOUND) {
    return { kind: "done", body: undefined };
  }
  if (answer.kind !== "done") return answer;
  const { hdrs } = answer.body.message;
  return { kind: "done", body: hdrs === undefined ? headers() : MsgHdrsImpl.decode(Buffer.from(hdrs, "base64")) };
}

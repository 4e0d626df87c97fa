/**
 * What a method of the API is, whatever protocol brings its calls.
 *
 * A handler is a plain function of (request, call). `guardService` puts the same checks around every one of them and gives the list that a
 * lane (Connect, or any other) serves. Nothing here knows of HTTP.
 */
import type {
  DescMessage,
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";

export interface Call {
  /** Aborts when the caller has gone or its deadline has passed; then nobody waits for the answer. */
  readonly signal: AbortSignal;
}

export type UnaryHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  call: Call,
) => Promise<MessageInitShape<O>> | MessageInitShape<O>;

export type ServerStreamingHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  call: Call,
) => AsyncIterable<MessageInitShape<O>>;

export type ClientStreamingHandler<I extends DescMessage, O extends DescMessage> = (
  requests: AsyncIterable<MessageShape<I>>,
  call: Call,
) => Promise<MessageInitShape<O>>;

export type BidiStreamingHandler<I extends DescMessage, O extends DescMessage> = (
  requests: AsyncIterable<MessageShape<I>>,
  call: Call,
) => AsyncIterable<MessageInitShape<O>>;

type HandlerOf<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? UnaryHandler<I, O>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? ServerStreamingHandler<I, O>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? ClientStreamingHandler<I, O>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? BidiStreamingHandler<I, O>
          : never;

/** A handler for each method of a service. */
export type Handlers<S extends DescService> = { readonly [P in keyof S["method"]]: HandlerOf<S["method"][P]> };

/** A method that is ready to be called: requests are checked, whatever is thrown is a ConnectError. */
export type GuardedMethod = { readonly method: DescMethod } & (
  | { readonly kind: "unary"; readonly handle: UnaryHandler<DescMessage, DescMessage> }
  | { readonly kind: "server_streaming"; readonly handle: ServerStreamingHandler<DescMessage, DescMessage> }
  | { readonly kind: "client_streaming"; readonly handle: ClientStreamingHandler<DescMessage, DescMessage> }
  | { readonly kind: "bidi_streaming"; readonly handle: BidiStreamingHandler<DescMessage, DescMessage> }
);

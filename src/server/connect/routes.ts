import type { DescMessage, DescMethod, DescMethodBiDiStreaming, DescMethodClientStreaming, DescMethodServerStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import type { GuardedMethod } from "../call/handler.ts";

/** Serves guarded methods through Connect. The kind of a guarded method is that of its descriptor, which the type system cannot see. */
export function addRoutes(router: ConnectRouter, methods: readonly GuardedMethod[]): void {
  for (const served of methods) {
    const method: DescMethod = served.method;
    switch (served.kind) {
      case "unary":
        router.rpc(method as DescMethodUnary<DescMessage, DescMessage>, served.handle);
        break;
      case "server_streaming":
        router.rpc(method as DescMethodServerStreaming<DescMessage, DescMessage>, served.handle);
        break;
      case "client_streaming":
        router.rpc(method as DescMethodClientStreaming<DescMessage, DescMessage>, served.handle);
        break;
      case "bidi_streaming":
        router.rpc(method as DescMethodBiDiStreaming<DescMessage, DescMessage>, served.handle);
        break;
    }
  }
}

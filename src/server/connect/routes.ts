import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
} from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import type { GuardedMethod } from "../call/handler.ts";

/** Serves guarded methods through Connect. The kind of a guarded method is that of its descriptor, which the type system cannot see. */
export function addRoutes(router: ConnectRouter, methods: readonly GuardedMethod[]): void {
  for (const served of methods) {
    const method: DescMethod = served.method;
    switch (served.kind) {
      case "unary":
        router.rpc(method as DescMethodUnary, served.handle);
        break;
      case "server_streaming":
        router.rpc(method as DescMethodServerStreaming, served.handle);
        break;
      case "client_streaming":
        router.rpc(method as DescMethodClientStreaming, served.handle);
        break;
      case "bidi_streaming":
        router.rpc(method as DescMethodBiDiStreaming, served.handle);
        break;
    }
  }
}

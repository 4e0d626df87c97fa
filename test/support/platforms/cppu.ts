/**
 * cppu: the body of 能力中心, without a token. Each call is signed: HMAC-SHA256 with the secret over app code, timestamp and body as they stand in the request.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { type Call, json, type Reply } from "./call.ts";
import { Ledger, type RefusalKind } from "./ledger.ts";
import { believe, instTaskBeliefs, instTaskFindings } from "./inst-task.ts";
import { PlatformServer, type ServerOptions } from "./platform-server.ts";
import { TokenDesk } from "./token-desk.ts";

export interface CppuOptions extends ServerOptions {
  readonly appCode?: string;
  readonly secret?: string;
  readonly pushPath?: string;
  readonly appCodeHeader?: string;
  readonly timestampHeader?: string;
  readonly signHeader?: string;
  readonly encoding?: "hex" | "base64";
  readonly timestampUnit?: "ms" | "s";
  /** How far a timestamp may be from the platform's clock; default: five minutes. */
  readonly toleranceMs?: number;
}

export const CPPU = {
  appCode: "belfry",
  secret: "cppu-secret",
  pushPath: "/task/push",
  appCodeHeader: "X-App-Code",
  timestampHeader: "X-Timestamp",
  signHeader: "X-Sign",
  encoding: "hex",
  timestampUnit: "ms",
  toleranceMs: 300_000,
} as const;

export function aCppu(options: CppuOptions = {}): Promise<PlatformServer> {
  const given = { ...CPPU, ...options };
  const now = options.now ?? Date.now;
  const ledger = new Ledger();
  const believes = instTaskBeliefs(now);

  const unauthorized = (call: Call, message: string, kind: RefusalKind = "auth"): Reply => {
    ledger.refuse(call, kind, 401, message);
    return json(401, { code: 401, message });
  };

  const push = (call: Call): Reply => {
    const header = (name: string): string => String(call.headers[name.toLowerCase()] ?? "");
    const [appCode, timestamp, sign] = [given.appCodeHeader, given.timestampHeader, given.signHeader].map(header);
    const missing = [given.appCodeHeader, given.timestampHeader, given.signHeader].filter(
      (name) => header(name) === "",
    );
    ledger.violate(
      call,
      missing.map((name) => `header ${name} is missing`),
    );
    if (missing.length > 0) return unauthorized(call, `缺少${missing.join()}`);
    if (!(given.timestampUnit === "ms" ? /^\d{13}$/ : /^\d{10}$/).test(timestamp!)) {
      ledger.violate(call, [`${given.timestampHeader} must be in ${given.timestampUnit}, is ${timestamp}`]);
      return unauthorized(call, "时间戳格式错误");
    }
    const at = Number(timestamp) * (given.timestampUnit === "ms" ? 1 : 1000);
    if (Math.abs(at - now()) > given.toleranceMs) return unauthorized(call, "时间戳超出允许范围");
    if (appCode !== given.appCode) return unauthorized(call, "应用编码不存在");
    const expected = createHmac("sha256", given.secret)
      .update(appCode + timestamp! + call.body)
      .digest(given.encoding);
    if (!areEqual(sign!, expected)) return unauthorized(call, "签名错误");

    const findings = instTaskFindings(call.json);
    ledger.violate(call, findings);
    if (findings.length > 0) return refuse(400, findings.join("; "));
    believe(believes, call.json);
    return json(200, { code: 0, message: "success", data: {} });
  };

  return PlatformServer.start(
    {
      endpoints: [{ operation: "push", methods: ["POST"], path: given.pushPath, perform: push }],
      believes,
      tokens: new TokenDesk(now, {}),
      ledger,
      now,
      refuse,
    },
    options,
  );
}

function refuse(code: number, message: string): Reply {
  return json(200, { code, message });
}

function areEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

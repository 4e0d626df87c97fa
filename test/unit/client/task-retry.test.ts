import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { getRetryOptions, retryDelayMs } from "../../../src/client/task-retry.ts";
import { ConfigScope } from "../../../src/gen/belfry/v1/config_pb.ts";
import { configHere } from "../server/config/given.ts";

const SETTINGS = { maxRetries: 3, initialMs: 1000, backoff: true, backoffMaxMs: 600_000 };

describe("retry settings for clients (R-133)", () => {
  it("are the source's where nobody has set others", async () => {
    const { client } = await configHere();
    expect(await getRetryOptions({ configs: client })).toEqual(SETTINGS);
  });

  it("are what is configured, for everybody and for a user", async () => {
    const { client } = await configHere({ retry_delay: 2 });
    const set = (userId: string, key: string, value: JsonValue) => {
      const scope = userId === "" ? ConfigScope.GLOBAL : ConfigScope.USER;
      return client.setConfig({ config: { scope, userId, key, value: fromJson(ValueSchema, value) } });
    };
    await set("", "retry_max", 5);
    await set("u1", "retry_max", 0);
    await set("u1", "retry_backoff", false);
    await set("", "retry_backoff_max", 60);
    const configs = { configs: client };
    const everybodys = { maxRetries: 5, initialMs: 2000, backoff: true, backoffMaxMs: 60_000 };
    expect(await getRetryOptions(configs)).toEqual(everybodys);
    expect(await getRetryOptions(configs, "u1")).toEqual({ ...everybodys, maxRetries: 0, backoff: false });
  });

  it("make delays that double up to the greatest, and end after the last retry", () => {
    const delays = (fraction: number) =>
      Array.from({ length: 12 }, (_, retries) =>
        retryDelayMs({ ...SETTINGS, maxRetries: 11 }, retries, () => fraction),
      );
    const whole = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600].map((seconds) => seconds * 1000);
    expect(delays(1)).toEqual([...whole, null]);
    expect(delays(0)).toEqual([...whole.map((ms) => ms / 2), null]);
  });

  it("without backoff make all delays alike", () => {
    const delays = [0, 1, 2, 3].map((retries) => retryDelayMs({ ...SETTINGS, backoff: false }, retries, () => 1));
    expect(delays).toEqual([1000, 1000, 1000, null]);
  });

  it("of another kind than the client knows are refused", async () => {
    const resolveConfig = async () => ({ value: fromJson(ValueSchema, "often") });
    const client = { configs: { resolveConfig } } as unknown as Parameters<typeof getRetryOptions>[0];
    await expect(getRetryOptions(client)).rejects.toThrow(/other kinds of retry settings/);
  });
});

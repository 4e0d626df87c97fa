/** A node that delivers webhooks to receivers that do what a test says. */
import { onTestFinished } from "vitest";
import { createInProcessNetwork } from "../../../src/bus/in-process/network.ts";
import type { WebhookAction } from "../../../src/domain/action.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import type { DestinationRecord } from "../../../src/domain/webhook/destination.ts";
import { originOf } from "../../../src/domain/webhook/origin.ts";
import type { RuntimeOptions, StartedRuntime, TriggerOverrides } from "../../../src/runtime/index.ts";
import { FakeSecretBox } from "../../support/fake-secret-box.ts";
import { FakeWebhooks } from "../../support/fake-webhooks.ts";
import { aWorld } from "../../support/node.ts";
import type { World } from "../../support/node.ts";

export const URL_A = "https://a.example.com/hook";
export const A = originOf(URL_A);

export interface Dispatching extends World {
  readonly node: StartedRuntime;
  readonly webhooks: FakeWebhooks;
  /** Starts another node on the same store, network and receivers. */
  join(nodeId: string, options?: Partial<RuntimeOptions>): Promise<StartedRuntime>;
}

/** A world with one node, "a". It ends with the test. */
export async function dispatching(options: Partial<RuntimeOptions> = {}): Promise<Dispatching> {
  const world = await aWorld();
  onTestFinished(() => world.stop());
  const webhooks = new FakeWebhooks();
  const network = createInProcessNetwork();
  const join = (nodeId: string, more: Partial<RuntimeOptions> = {}): Promise<StartedRuntime> =>
    world.start(nodeId, more, network, {
      webhooks: { client: webhooks, box: new FakeSecretBox(), publicUrl: () => "https://belfry.test", version: "1" },
    });
  return { ...world, webhooks, join, node: await join("a", options) };
}

export function aWebhook(given: Partial<WebhookAction> = {}): WebhookAction {
  return { kind: "webhook", url: URL_A, headers: {}, secret: "", taskType: "", callback: null, ...given };
}

export async function dispatch(
  node: StartedRuntime,
  {
    action = {},
    failFast = false,
    requestId,
    ...overrides
  }: Omit<TriggerOverrides, "action"> & {
    action?: Partial<WebhookAction>;
    failFast?: boolean;
    requestId?: string;
  } = {},
): Promise<InstanceRecord> {
  const whole = aWebhook(action);
  const { instance } = await node.dispatches.create(originOf(whole.url), {
    overrides: { name: "alert", ...overrides, action: whole },
    failFast,
    ...(requestId === undefined ? {} : { requestId }),
  });
  return instance;
}

export async function destination(node: StartedRuntime, origin = A): Promise<DestinationRecord> {
  return (await node.destinations.get(origin)).record;
}

import { PUSH_ACTIONS } from "../../../../src/domain/approval/push-action.ts";
import type { Connector, PlatformAnswer } from "../../../../src/ports/platform/connector.ts";
import type { Settings } from "../../../../src/ports/platform/setting.ts";
import { facts, operationsOf, settingsOf } from "./facts-given.ts";

/** The names of all settings that a connector asks for while it plans, sends and reads answers of every kind. */
export function settingsAskedFor(connector: Connector): ReadonlySet<string> {
  const asked = new Set<string>();
  for (const deletePath of ["", "/delete"]) {
    const settings: Settings = new Proxy(settingsOf(connector, { deletePath }), {
      get: (target, name) => {
        asked.add(String(name));
        return target[String(name)];
      },
    });
    const plans = PUSH_ACTIONS.flatMap((action) => [
      connector.plan(facts(action), settings),
      connector.plan(facts(action, { item: null, items: [] }), settings),
    ]);
    connector.token?.requestOf(settings, 0);
    for (const answer of ANSWERS) {
      connector.token?.tokenOf(answer, settings);
      for (const operation of plans.filter(({ kind }) => kind === "push").flatMap(operationsOf)) {
        connector.requestOf(operation, { settings, token: "t", at: 0, idempotencyKey: "k" });
        connector.verdictOf(operation, answer, settings);
      }
    }
  }
  return asked;
}

const ANSWERS: readonly PlatformAnswer[] = [
  { kind: "answered", status: 200, body: '{"e":0,"code":0,"d":{"access_token":"t"}}' },
  { kind: "answered", status: 200, body: '{"e":1,"code":1,"m":"no"}' },
  { kind: "failed", message: "reset" },
];

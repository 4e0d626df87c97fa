/** 树维 V2: the newer todo set. A session is a transaction with an id of ours, and ends as such. Envelope, codes, token and back-push are those of V1. */
import { chineseFirst, titleOf } from "../../domain/approval/session.ts";
import type { Session } from "../../domain/approval/session.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Connector } from "../../ports/platform/connector.ts";
import { isOn, listOf, mapOf, textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { addressesOf, filled, handlingOf, summaryOf } from "../shuwei/body.ts";
import { connectorOf } from "../shuwei/connector-of.ts";
import type { Version } from "../shuwei/version.ts";
import { shuweiV2Settings } from "./settings.ts";

const version: Version = {
  endsBy: "transaction",
  recreatesOnTransfer: () => true,
  pathSettings: {
    add: "addPath",
    complete: "completePath",
    urge: "urgePath",
    terminate: "updatePath",
    delete: "deletePath",
    finish: "updatePath",
    suspend: "updatePath",
    resume: "updatePath",
  },

  addBody({ facts: { session }, item, id, handlers }, settings) {
    const addresses = addressesOf(session, item);
    const title = titleOf(session);
    const node = chineseFirst(item.nodeName);
    return filled({
      appId: textOf(settings, "appId"),
      taskId: id,
      transactionId: session.id,
      transactionName: title,
      taskName: node === "" ? title : node,
      transTypeCode: typeCodeOf(session, settings),
      ...newTypeOf(session, settings),
      handlers: handlers.join(","),
      initiator: session.creator.number,
      initiatorName: session.creator.name,
      serialNumber: session.serialNumber,
      taskSummary: summaryOf(session),
      msgChannels: listOf(settings, "messageChannels"),
      viewUrl: addresses.view,
      handleUrl: addresses.handle,
      mviewUrl: addresses.mobileView,
      mhandleUrl: addresses.mobileHandle,
    });
  },

  completeBody(completion, settings) {
    return {
      appId: textOf(settings, "appId"),
      taskId: completion.id,
      transactionId: completion.facts.session.id,
      handler: completion.handler,
      ...handlingOf(completion, settings),
    };
  },
};

/** By application, else the one for all, else that of the application's own id. */
function typeCodeOf({ appId }: Session, settings: Settings): string {
  const codes = mapOf(settings, "transTypeMap");
  const own = Object.hasOwn(codes, appId) ? codes[appId] : "";
  return [own, textOf(settings, "transTypeCode")].find((code) => code !== undefined && code !== "") ?? appId;
}

/** A type that is to be made needs a name. */
function newTypeOf({ appName }: Session, settings: Settings): JsonObject {
  return isOn(settings, "autoCreateType") ? { transTypeName: chineseFirst(appName), autoCreateTransType: true } : {};
}

export const shuweiV2: Connector = connectorOf(
  { name: "shuwei_v2", title: "树维任务中心 V2", settings: shuweiV2Settings },
  version,
);

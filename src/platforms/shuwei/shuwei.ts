/** 树维 V1: the older transaction set. A session is a chain of todos, and ends through the last of them. */
import { chineseFirst, titleOf } from "../../domain/approval/session.ts";
import type { Connector } from "../../ports/platform/connector.ts";
import { isOn, textOf } from "../read-settings.ts";
import { addressesOf, filled, handlingOf, summaryOf } from "./body.ts";
import { connectorOf } from "./connector-of.ts";
import { shuweiSettings } from "./settings.ts";
import type { Version } from "./version.ts";

const version: Version = {
  endsBy: "item",
  recreatesOnTransfer: (settings) => textOf(settings, "transferMode") === "recreate",
  pathSettings: {
    add: "addPath",
    complete: "completePath",
    transfer: "transferPath",
    urge: "urgePath",
    terminate: "terminatePath",
    delete: "deletePath",
    suspend: "updatePath",
    resume: "updatePath",
  },

  addBody({ facts: { session }, item, id, handlers, previousId }, settings) {
    const addresses = addressesOf(session, item);
    const title = titleOf(session);
    const typeCode = textOf(settings, "transTypeCode");
    return filled({
      appId: textOf(settings, "appId"),
      taskId: id,
      previousTaskId: previousId,
      taskName: title,
      handlers: handlers.join(","),
      initiator: session.creator.number,
      initiatorName: session.creator.name,
      nodeId: item.nodeId,
      nodeName: chineseFirst(item.nodeName),
      transTypeCode: typeCode === "" ? session.appId : typeCode,
      transTypeName: chineseFirst(session.appName),
      autoCreateTransType: isOn(settings, "autoCreateType"),
      // Written so by the platform.
      transcationName: title,
      serialNumber: session.serialNumber === "" ? session.id : session.serialNumber,
      taskSummary: summaryOf(session),
      viewUrl: addresses.view,
      handleUrl: addresses.handle,
      mViewUrl: addresses.mobileView,
      mHandleUrl: addresses.mobileHandle,
    });
  },

  completeBody(completion, settings) {
    return {
      appId: textOf(settings, "appId"),
      handler: completion.handler,
      // The todo that is done: it comes before whatever follows.
      previousTaskId: completion.id,
      ...handlingOf(completion, settings),
      status: completion.isLast ? "end" : "none",
    };
  },
};

export const shuwei: Connector = connectorOf(
  { name: "shuwei", title: "树维任务中心", settings: shuweiSettings },
  version,
);

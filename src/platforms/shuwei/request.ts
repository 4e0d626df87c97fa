/** Where an operation goes, and with what. */
import type { Operation, PlatformRequest, RequestContext } from "../../ports/platform/connector.ts";
import { addressOf } from "../address.ts";
import { textOf } from "../read-settings.ts";
import type { OperationKind, Version } from "./version.ts";

export function requestOf(
  version: Version,
  operation: Operation,
  { settings, token }: RequestContext,
): PlatformRequest {
  const pathSetting = version.pathSettings[operation.kind as OperationKind];
  if (pathSetting === undefined) {
    throw new Error(`This version of the platform has no operation "${operation.kind}"`);
  }
  const prefix = textOf(settings, "authorizationPrefix").trim();
  return {
    method: "POST",
    url: addressOf(settings, [textOf(settings, "pathPrefix"), textOf(settings, pathSetting)]),
    headers: {
      "content-type": "application/json",
      [textOf(settings, "authorizationHeader")]: prefix === "" ? token : `${prefix} ${token}`,
    },
    // Urging is the only one that is not a batch.
    body: JSON.stringify(operation.kind === "urge" ? operation.body : [operation.body]),
  };
}

/** Where an operation goes, and with what. */
import type { Operation, PlatformRequest, RequestContext } from "../connector.ts";
import { textOf, urlOf } from "../read-settings.ts";
import type { Settings } from "../setting.ts";
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
    url: urlUnder(settings, textOf(settings, "pathPrefix"), textOf(settings, pathSetting)),
    headers: {
      "content-type": "application/json",
      [textOf(settings, "authorizationHeader")]: prefix === "" ? token : `${prefix} ${token}`,
    },
    // Urging is the only one that is not a batch.
    body: JSON.stringify(operation.kind === "urge" ? operation.body : [operation.body]),
  };
}

/** Always at the host, however a path is written. */
export function urlUnder(settings: Settings, ...paths: readonly string[]): string {
  const segments = paths.map((path) => path.replace(/^\/+|\/+$/gu, "")).filter((path) => path !== "");
  return [urlOf(settings, "host"), ...segments].join("/");
}

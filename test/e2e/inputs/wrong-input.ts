import type { JsonObject } from "./api.ts";
import type { World } from "./world.ts";

/** A request that must be refused, and how. */
export interface WrongInput {
  readonly wrong: string;
  /** `Service/Method` of belfry.v1. */
  readonly method: string;
  /** JSON, or the very text or bytes that are sent. */
  readonly request: (world: World) => JsonObject | string | Uint8Array<ArrayBuffer>;
  readonly code: string;
  readonly reason: string;
  /** Those that the BadRequest names; left out: none. */
  readonly fields?: readonly string[];
  readonly metadata?: (world: World) => Readonly<Record<string, string>>;
}

/** INVALID_ARGUMENT that names these fields. */
export function invalid(
  wrong: string,
  method: string,
  request: WrongInput["request"] | JsonObject,
  ...fields: string[]
): WrongInput {
  return {
    wrong,
    method,
    request: typeof request === "function" ? request : () => request,
    code: "invalid_argument",
    reason: "INVALID_FIELD",
    fields,
  };
}

export function refused(
  wrong: string,
  method: string,
  request: WrongInput["request"] | JsonObject,
  code: string,
  reason: string,
): WrongInput {
  return { wrong, method, request: typeof request === "function" ? request : () => request, code, reason };
}

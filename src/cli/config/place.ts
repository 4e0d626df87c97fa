import { ConfigScope } from "../../client/index.ts";
import type { ApiOptions } from "../api/command.ts";

export interface PlaceOptions extends ApiOptions {
  readonly user?: string;
}

/** Where a command sets or reads a key: for the user that it names, or for everybody. */
export function placeOf(key: string, { user = "" }: PlaceOptions) {
  return { scope: user === "" ? ConfigScope.GLOBAL : ConfigScope.USER, userId: user, key };
}

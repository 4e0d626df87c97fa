/** The settings of V2: finer transaction types and message channels. */
import type { SettingSpec } from "../../ports/platform/setting.ts";
import { optional } from "../described.ts";
import { autoCreateType, pathSettings, sharedSettings } from "../shuwei/settings.ts";

export const shuweiV2Settings: readonly SettingSpec[] = [
  ...sharedSettings,
  optional(
    "MAP",
    "transTypeMap",
    "事务类型映射",
    {},
    "Application id to transTypeCode; applications that are not named have the transaction type code of all.",
  ),
  autoCreateType(false),
  optional(
    "LIST",
    "messageChannels",
    "消息通道",
    [],
    "Channels by which the platform tells handlers of a new todo (msgChannels); none: the platform's own choice.",
  ),
  ...pathSettings({ add: "todo/addTask", complete: "todo/handleTask" }), // [P]
];

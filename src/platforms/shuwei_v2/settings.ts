/** The settings of V2: finer transaction types and message channels. */
import type { SettingSpec } from "../setting.ts";
import { autoCreateType, pathSettings, sharedSettings } from "../shuwei/settings.ts";

export const shuweiV2Settings: readonly SettingSpec[] = [
  ...sharedSettings,
  {
    name: "transTypeMap",
    title: "事务类型映射",
    form: "MAP",
    required: false,
    secret: false,
    default: {},
    help: "Application id to transTypeCode; applications that are not named have the transaction type code of all.",
  },
  autoCreateType(false),
  {
    name: "messageChannels",
    title: "消息通道",
    form: "LIST",
    required: false,
    secret: false,
    default: [],
    help: "Channels by which the platform tells handlers of a new todo (msgChannels); none: the platform's own choice.",
  },
  // [P]
  ...pathSettings({ add: "todo/addTask", complete: "todo/handleTask" }),
];

/** The settings of cppu's own task centre. [S] the source documents, [A] assumed: nothing is published. */
import { ANSWER_SETTINGS, UPSERT_SETTINGS } from "../ability_center/settings.ts";
import { choice, host, optional, required } from "../described.ts";
import type { SettingSpec } from "../../ports/platform/setting.ts";

export const CPPU_SETTINGS: readonly SettingSpec[] = [
  host("服务地址", "https://tasks.example.edu.cn"), // [S]
  required("TEXT", "appCode", "应用编码", "Given by the platform to this application."), // [S]
  required("PASSWORD", "secret", "应用密钥", "Signs every request."), // [S]
  optional("TEXT", "pushPath", "推送路径", "/third/task.push.push-task", "POST: insert or update a task."), // [A]
  optional("TEXT", "appCodeHeader", "应用编码请求头", "X-App-Code", "Header that carries appCode."), // [A]
  optional("TEXT", "timestampHeader", "时间戳请求头", "X-Timestamp", "Header that carries the time of the request."), // [A]
  choice(
    "timestampUnit",
    "时间戳单位",
    [
      { value: "seconds", title: "秒" },
      { value: "milliseconds", title: "毫秒" },
    ],
    "What the timestamp counts since 1970.", // [A]
  ),
  optional(
    "TEXT",
    "signHeader",
    "签名请求头",
    "X-Sign",
    "Header that carries HMAC-SHA256(secret, appCode + timestamp + body) in hexadecimal digits.", // [A]
  ),
  ...UPSERT_SETTINGS,
  ...ANSWER_SETTINGS,
];

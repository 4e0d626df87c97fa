/** Settings in few words: what most of them have in common is said here. */
import type { Json } from "../../domain/json.ts";
import type { SettingForm, SettingSpec } from "../setting.ts";

/** One that may be left as it is. */
export function optional(form: SettingForm, name: string, title: string, fallback: Json, help: string): SettingSpec {
  return { name, title, form, required: false, secret: false, default: fallback, help };
}

/** One of several values; the first stands when nothing is chosen. */
export function choice(
  name: string,
  title: string,
  options: readonly [
    { readonly value: string; readonly title: string },
    ...{ readonly value: string; readonly title: string }[],
  ],
  help: string,
): SettingSpec {
  return { ...optional("SELECT", name, title, options[0].value, help), options };
}

export function required(form: SettingForm, name: string, title: string, help: string): SettingSpec {
  return { name, title, form, required: true, secret: form === "PASSWORD", default: null, help };
}

import { abilityCenter } from "../ability_center/connector.ts";
import { presetOf } from "./preset.ts";

/** pushes when a task is created and when it is finished. */
export const gzucm = presetOf({
  name: "gzucm",
  title: "能力中心 (gzucm)",
  environments: ["gzucm"],
  base: abilityCenter,
  defaults: { events: ["receive", "after_examine"] },
});

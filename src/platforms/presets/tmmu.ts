import { abilityCenter } from "../ability_center/connector.ts";
import { presetOf } from "./preset.ts";

/** pushes when a task is finished and when its session ends; what is archived is deleted from the platform when `deleteOnArchive` is on. */
export const tmmu = presetOf({
  name: "tmmu",
  title: "能力中心 (tmmu)",
  environments: ["tmmu"],
  base: abilityCenter,
  defaults: { events: ["after_examine", "after_end"], deleteOnArchive: false },
});

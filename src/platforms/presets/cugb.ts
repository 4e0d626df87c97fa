import { abilityCenter } from "../ability_center/connector.ts";
import { presetOf } from "./preset.ts";

/** pushes by hand and in batches only, never on an event, and tasks are open while their session runs. */
export const cugb = presetOf({
  name: "cugb",
  title: "能力中心 (cugb)",
  environments: ["cugb"],
  base: abilityCenter,
  defaults: { events: ["manual"], taskStatusFrom: "session" },
});

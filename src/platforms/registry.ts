/** All connectors that there are, by name. A new one is added here. */
import type { Connector } from "../ports/platform/connector.ts";
import { abilityCenter } from "./ability_center/connector.ts";
import { cppu } from "./cppu/connector.ts";
import { jinzhi } from "./jinzhi/connector.ts";
import { cugb } from "./presets/cugb.ts";
import { gzucm } from "./presets/gzucm.ts";
import { tmmu } from "./presets/tmmu.ts";
import { shuwei } from "./shuwei/shuwei.ts";
import { shuweiV2 } from "./shuwei_v2/shuwei-v2.ts";
import { tongyidaiban } from "./tongyidaiban/connector.ts";

const all: readonly Connector[] = [abilityCenter, jinzhi, shuwei, shuweiV2, tongyidaiban, cppu, gzucm, tmmu, cugb];

export const connectors: ReadonlyMap<string, Connector> = new Map(all.map((each) => [each.name, each]));

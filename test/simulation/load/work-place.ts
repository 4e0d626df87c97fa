import type { Audit } from "../audit/audit.ts";
import type { InstanceLives } from "../audit/instance-lives.ts";
import type { Cluster } from "../world/cluster.ts";
import type { Dice } from "../world/dice.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { RemoteCalls } from "./remote-call.ts";

/** What all workers share. */
export interface WorkPlace {
  readonly time: Scheduler;
  readonly dice: Dice;
  readonly cluster: Cluster;
  readonly calls: RemoteCalls;
  readonly lives: InstanceLives;
  readonly audit: Audit;
  /** Told of each attempt as it leaves its node. */
  handOut(token: string): void;
  /** Whether workers do their best from now on. */
  isPeaceful(): boolean;
}

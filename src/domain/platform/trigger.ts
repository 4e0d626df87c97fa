/** 触发器: which events of which sessions are pushed to a platform. */
import type { PushAction } from "../approval/push-action.ts";

export interface PlatformTrigger {
  readonly id: string;
  readonly platformId: string;
  /** Empty: all. */
  readonly actions: readonly PushAction[];
  /** Empty: of all apps. */
  readonly appIds: readonly string[];
  /** All that are not empty must hold. */
  readonly condition: {
    readonly nodeIds: readonly string[];
    /** Numbers of those who created the session. */
    readonly creators: readonly string[];
    /** One of the item's assignees is among them. */
    readonly assignees: readonly string[];
  };
  readonly createdAt: number;
}

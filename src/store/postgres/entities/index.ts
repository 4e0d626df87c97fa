import { ActorStateEntity } from "./actor-state.ts";
import { ApprovalSessionEntity } from "./approval-session.ts";
import { AttemptEntity } from "./attempt.ts";
import { DefinitionEntity } from "./definition.ts";
import { EventEntity } from "./event.ts";
import { FinishedInstanceEntity } from "./finished-instance.ts";
import { InstanceEntity } from "./instance.ts";
import { OccurrenceEntity } from "./occurrence.ts";
import { PublishedCursorEntity } from "./published-cursor.ts";
import { PushStateEntity } from "./push-state.ts";
import { QueueEntryEntity } from "./queue-entry.ts";
import { RequestEntity } from "./request.ts";
import { ShardEntity, ShardLogEntity } from "./shard.ts";
import { SupervisorEntity } from "./supervisor.ts";
import { WorkItemEntity } from "./work-item.ts";

/** The tables, as MikroORM knows them: what migrations are checked against and queries are typed by. */
export const ENTITIES = [
  ShardEntity,
  ShardLogEntity,
  DefinitionEntity,
  SupervisorEntity,
  InstanceEntity,
  FinishedInstanceEntity,
  AttemptEntity,
  OccurrenceEntity,
  QueueEntryEntity,
  RequestEntity,
  EventEntity,
  PublishedCursorEntity,
  ActorStateEntity,
  ApprovalSessionEntity,
  WorkItemEntity,
  PushStateEntity,
] as const;

import { defineEntity } from "@mikro-orm/core";
import { instant } from "./columns.ts";
import { instanceColumns as columns } from "./instance-columns.ts";

export const InstanceEntity = defineEntity({
  name: "Instance",
  tableName: "instance",
  schema: "belfry",
  comment:
    "Unfinished instances. Only wake_at, which changes rarely, and what never changes stand in an index or its predicate: so updates are HOT.",
  properties: {
    id: columns.id(),
    shard: columns.shard(),
    definitionId: columns.definitionId(),
    userId: columns.userId(),
    businessId: columns.businessId(),
    labels: columns.labels(),
    priority: columns.priority(),
    keyed: columns.keyed(),
    createdAt: columns.createdAt(),
    wakeAt: instant().nullable(),
    revision: columns.revision(),
    state: columns.state(),
    spec: columns.spec(),
    life: columns.life(),
  },
  indexes: [
    { name: "instance_by_wake", properties: ["wakeAt", "shard"], where: "wake_at is not null" },
    { name: "instance_by_creation", properties: ["createdAt", "id"] },
    { name: "instance_dispatches", properties: ["createdAt", "id"], where: "id ^@ 'wf_'::text" },
    {
      name: "instance_by_definition",
      properties: ["definitionId", "createdAt", "id"],
      where: "definition_id is not null",
    },
    { name: "instance_by_key", properties: ["definitionId", "id"], where: "keyed" },
    { name: "instance_by_user", properties: ["userId", "createdAt", "id"], where: "user_id <> ''::text" },
    {
      name: "instance_by_business_id",
      properties: ["businessId", "createdAt", "id"],
      where: "business_id <> ''::text",
    },
    {
      name: "instance_pushes",
      expression: `create index instance_pushes on belfry.instance ((spec #>> '{action,platformId}'::text[]), created_at, id) where definition_id ^@ '$push/'::text`,
    },
    { name: "instance_executions", properties: ["createdAt", "id"], where: "definition_id ^@ '$execution/'::text" },
    {
      name: "instance_executions_by_module",
      expression: `create index instance_executions_by_module on belfry.instance ((labels ->> 'module'::text), created_at, id) where definition_id ^@ '$execution/'::text`,
    },
    {
      name: "instance_executions_by_name",
      expression: `create index instance_executions_by_name on belfry.instance (belfry.execution_name(spec), created_at, id) where definition_id ^@ '$execution/'::text`,
    },
    {
      name: "instance_by_label",
      expression: `create index instance_by_label on belfry.instance using gin (labels jsonb_path_ops) with (fastupdate = off) where labels <> '{}'::jsonb`,
    },
  ],
});

import { defineEntity } from "@mikro-orm/core";
import { instant } from "./columns.ts";
import { instanceColumns as columns } from "./instance-columns.ts";

export const FinishedInstanceEntity = defineEntity({
  name: "FinishedInstance",
  tableName: "finished_instance",
  schema: "belfry",
  comment:
    "Instances in a final state. Rows come and go (a caller may start one anew; what is old is removed), and what is known of an execution may grow.",
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
    endedAt: instant(),
    revision: columns.revision(),
    state: columns.state(),
    startedAt: instant().nullable(),
    spec: columns.spec(),
    life: columns.life(),
  },
  indexes: [
    { name: "finished_instance_by_creation", properties: ["createdAt", "id"] },
    { name: "finished_instance_dispatches", properties: ["createdAt", "id"], where: "id ^@ 'wf_'::text" },
    {
      name: "finished_instance_by_definition",
      properties: ["definitionId", "createdAt", "id"],
      where: "definition_id is not null",
    },
    // Those that did not complete are what people look for, and few.
    { name: "finished_instance_unsuccessful", properties: ["createdAt", "id"], where: "state > 5" },
    {
      name: "finished_instance_unsuccessful_by_definition",
      properties: ["definitionId", "createdAt", "id"],
      where: "state > 5",
    },
    { name: "finished_instance_by_user", properties: ["userId", "createdAt", "id"], where: "user_id <> ''::text" },
    {
      name: "finished_instance_by_business_id",
      properties: ["businessId", "createdAt", "id"],
      where: "business_id <> ''::text",
    },
    {
      name: "finished_instance_pushes",
      expression: `create index finished_instance_pushes on belfry.finished_instance ((spec #>> '{action,platformId}'::text[]), created_at, id) where definition_id ^@ '$push/'::text`,
    },
    {
      name: "finished_instance_executions",
      properties: ["createdAt", "id"],
      where: "definition_id ^@ '$execution/'::text",
    },
    {
      name: "finished_instance_executions_by_module",
      expression: `create index finished_instance_executions_by_module on belfry.finished_instance ((labels ->> 'module'::text), created_at, id) where definition_id ^@ '$execution/'::text`,
    },
    {
      name: "finished_instance_executions_by_name",
      expression: `create index finished_instance_executions_by_name on belfry.finished_instance (belfry.execution_name(spec), created_at, id) where definition_id ^@ '$execution/'::text`,
    },
    {
      name: "finished_instance_executions_by_metadata",
      expression: `create index finished_instance_executions_by_metadata on belfry.finished_instance using gin (belfry.execution_metadata(life) jsonb_path_ops) with (fastupdate = off) where definition_id ^@ '$execution/'::text`,
    },
    {
      name: "finished_instance_by_label",
      expression: `create index finished_instance_by_label on belfry.finished_instance using gin (labels jsonb_path_ops) with (fastupdate = off) where labels <> '{}'::jsonb`,
    },
  ],
});

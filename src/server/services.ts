import { ClusterService } from "../gen/belfry/v1/cluster_service_pb.ts";
import { ConfigService } from "../gen/belfry/v1/config_service_pb.ts";
import { DefinitionService } from "../gen/belfry/v1/definition_service_pb.ts";
import { DispatchService } from "../gen/belfry/v1/dispatch_service_pb.ts";
import { file_belfry_v1_error_reason } from "../gen/belfry/v1/error_reason_pb.ts";
import { EventService } from "../gen/belfry/v1/event_service_pb.ts";
import { ExecutionService } from "../gen/belfry/v1/execution_service_pb.ts";
import { InstanceService } from "../gen/belfry/v1/instance_service_pb.ts";
import { LockService } from "../gen/belfry/v1/lock_service_pb.ts";
import { PlatformService } from "../gen/belfry/v1/platform_service_pb.ts";
import { PushService } from "../gen/belfry/v1/push_service_pb.ts";
import { WorkItemService } from "../gen/belfry/v1/work_item_service_pb.ts";
import { WorkerService } from "../gen/belfry/v1/worker_service_pb.ts";
import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.ts";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as AlphaServerReflection } from "../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { guardService } from "./call/guard.ts";
import type { GuardedMethod } from "./call/handler.ts";
import { clusterHandlers } from "./handlers/cluster-handlers.ts";
import { configHandlers } from "./handlers/config-handlers.ts";
import { definitionHandlers } from "./handlers/definition-handlers.ts";
import { dispatchHandlers } from "./handlers/dispatch-handlers.ts";
import type { ServiceEnvironment } from "./handlers/environment.ts";
import { eventHandlers } from "./handlers/event-handlers.ts";
import { executionHandlers } from "./handlers/execution-handlers.ts";
import { instanceHandlers } from "./handlers/instance-handlers.ts";
import { lockHandlers } from "./handlers/lock-handlers.ts";
import { platformHandlers } from "./handlers/platform-handlers.ts";
import { pushHandlers } from "./handlers/push-handlers.ts";
import { workItemHandlers } from "./handlers/work-item-handlers.ts";
import { workerHandlers } from "./handlers/worker-handlers.ts";
import { healthHandlers } from "./health/health-handlers.ts";
import { DescriptorIndex } from "./reflection/descriptor-index.ts";
import { alphaReflectionHandlers, reflectionHandlers } from "./reflection/reflection-handlers.ts";

const API = [
  DefinitionService,
  InstanceService,
  WorkerService,
  ExecutionService,
  DispatchService,
  PlatformService,
  WorkItemService,
  PushService,
  ConfigService,
  LockService,
  EventService,
  ClusterService,
];
const BESIDE = [Health, ServerReflection, AlphaServerReflection];

/** Every method this server serves, guarded, for any lane. */
export function allMethods(environment: ServiceEnvironment): GuardedMethod[] {
  const { runtime, clock, limits, draining, closing } = environment;
  const index = new DescriptorIndex([...API, ...BESIDE], [file_google_rpc_error_details, file_belfry_v1_error_reason]);
  const services = API.map(({ typeName }) => typeName);
  const health = healthHandlers({ runtime, clock, pollMs: limits.healthPollMs, services, draining, closing });
  return [
    ...guardService(DefinitionService, definitionHandlers(environment), environment),
    ...guardService(InstanceService, instanceHandlers(environment), environment),
    ...guardService(WorkerService, workerHandlers(environment), environment),
    ...guardService(ExecutionService, executionHandlers(environment), environment),
    ...guardService(DispatchService, dispatchHandlers(environment), environment),
    ...guardService(PlatformService, platformHandlers(environment), environment),
    ...guardService(WorkItemService, workItemHandlers(environment), environment),
    ...guardService(PushService, pushHandlers(environment), environment),
    ...guardService(ConfigService, configHandlers(environment), environment),
    ...guardService(LockService, lockHandlers(environment), environment),
    ...guardService(EventService, eventHandlers(environment), environment),
    ...guardService(ClusterService, clusterHandlers(environment), environment),
    ...guardService(Health, health, environment),
    ...guardService(ServerReflection, reflectionHandlers(index), environment),
    ...guardService(AlphaServerReflection, alphaReflectionHandlers(index), environment),
  ];
}

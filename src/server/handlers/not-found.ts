import { BelfryError } from "../../domain/error.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { DefinitionWithSupervision } from "../../ports/store/actors.ts";
import type { QueryStore } from "../../ports/store/queries.ts";

/** @throws BelfryError DEFINITION_NOT_FOUND */
export async function readDefinition(queries: QueryStore, id: string): Promise<DefinitionWithSupervision> {
  const found = await queries.getDefinition(id);
  if (found !== null) return found;
  throw new BelfryError(
    "DEFINITION_NOT_FOUND",
    `There is no definition "${id}". ListDefinitions shows those that exist.`,
    {
      metadata: { definition_id: id },
    },
  );
}

/** @throws BelfryError INSTANCE_NOT_FOUND */
export async function readInstance(queries: QueryStore, id: string): Promise<InstanceRecord> {
  const found = await queries.getInstance(id);
  if (found !== null) return found;
  throw new BelfryError("INSTANCE_NOT_FOUND", `There is no instance "${id}". ListInstances shows those that exist.`, {
    metadata: { instance_id: id },
  });
}

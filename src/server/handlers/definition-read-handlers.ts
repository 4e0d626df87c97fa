import type { DefinitionState } from "../../domain/definition/definition.ts";
import { matchScore } from "../../domain/search.ts";
import { ListDefinitionsRequestSchema, type DefinitionService } from "../../gen/belfry/v1/definition_service_pb.ts";
import type { DefinitionWithSupervision } from "../../ports/store/actors.ts";
import type { DefinitionFilter } from "../../ports/store/queries.ts";
import type { Handlers } from "../call/handler.ts";
import { toDefinitionView, type DefinitionStanding } from "../mapping/definition.ts";
import { definitionFilterOf } from "../mapping/filter.ts";
import { countFitting } from "../paging/answer-bytes.ts";
import { cutPage, listCursorOf, pageOf } from "../paging/page-token.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { readDefinition } from "./not-found.ts";

type Reads = "getDefinition" | "listDefinitions" | "searchDefinitions";

const DEFAULT_PAGE_SIZE = 50;
/** The store orders candidates by what they share with the query, which is not quite the score: enough to choose from. */
const CANDIDATES = 500;
const SEARCHED_STATES: readonly DefinitionState[] = ["ACTIVE", "PAUSED", "COMPLETED"];

export function definitionReadHandlers({
  queries,
}: ServiceEnvironment): Pick<Handlers<typeof DefinitionService>, Reads> {
  return {
    async getDefinition(request) {
      return { definition: toDefinitionView(standingOf(await readDefinition(queries, request.definitionId))) };
    },

    async listDefinitions(request) {
      const page = pageOf(ListDefinitionsRequestSchema, request);
      const filter = { ...definitionFilterOf(request), maintenance: request.showMaintenance };
      const rows = await queries.listDefinitions(filter, listCursorOf(page), page.size + 1);
      const { shown, nextPageToken } = cutPage(rows, page, ({ definition }) => [definition.createdAt, definition.id]);
      return { definitions: shown.map((row) => toDefinitionView(standingOf(row))), nextPageToken };
    },

    async searchDefinitions(request) {
      const filter: DefinitionFilter = { states: SEARCHED_STATES, ...definitionFilterOf(request) };
      const candidates = await queries.searchDefinitions(request.query, filter, CANDIDATES);
      const matches = candidates
        .map((row) => ({ row, score: matchScore(request.query, row.definition.spec) }))
        .filter(({ score }) => score > 0)
        .toSorted((a, b) => b.score - a.score || b.row.definition.createdAt - a.row.definition.createdAt)
        .slice(0, request.pageSize || DEFAULT_PAGE_SIZE);
      const shown = matches.slice(0, countFitting(matches));
      return { matches: shown.map(({ row, score }) => ({ definition: toDefinitionView(standingOf(row)), score })) };
    },
  };
}

export function standingOf({ definition, supervisor }: DefinitionWithSupervision): DefinitionStanding {
  return { definition, supervision: supervisor.supervision };
}

import { describeSchedule } from "../../domain/schedule/describe.ts";
import { previewDueTimes } from "../../domain/schedule/preview.ts";
import { OccurrenceOutcome } from "../../gen/belfry/v1/definition_pb.ts";
import { ListOccurrencesRequestSchema, type DefinitionService } from "../../gen/belfry/v1/definition_service_pb.ts";
import type { OccurrenceFilter } from "../../ports/store/queries.ts";
import type { Handlers } from "../call/handler.ts";
import { explainDefinition } from "../explain/definition.ts";
import { toDefinitionView, toOccurrence } from "../mapping/definition.ts";
import { namesIn } from "../mapping/enumeration.ts";
import { Findings } from "../mapping/findings.ts";
import { requireField } from "../mapping/required.ts";
import { scheduleOf } from "../mapping/schedule.ts";
import { instantOf, optionalInstantOf, toTimestamp } from "../mapping/time.ts";
import { cutPage, numberCursorOf, pageOf } from "../paging/page-token.ts";
import { standingOf } from "./definition-read-handlers.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { readDefinition } from "./not-found.ts";

type Schedules = "previewSchedule" | "listOccurrences" | "explainDefinition";

const DEFAULT_PREVIEW = 10;
const EXPLAINED_TIMES = 5;
const MINUTE_MS = 60_000;

export function scheduleHandlers({
  queries,
  clock,
}: ServiceEnvironment): Pick<Handlers<typeof DefinitionService>, Schedules> {
  return {
    async previewSchedule(request) {
      const findings = new Findings();
      const now = clock.now();
      const schedule = scheduleOf(requireField(request.schedule, "schedule"), "schedule", findings, now);
      // What is due at once is due now, and "after now" would leave it out.
      const fromNow = schedule.timing.kind === "immediate" ? now - 1 : now;
      const after = optionalInstantOf(request.after, "after", findings) ?? fromNow;
      findings.throwIfAny();
      const times = previewDueTimes(schedule, after, request.count || DEFAULT_PREVIEW);
      return { times: times.map(toTimestamp), description: describeSchedule(schedule) };
    },

    async listOccurrences(request) {
      await readDefinition(queries, request.definitionId);
      const page = pageOf(ListOccurrencesRequestSchema, request);
      const findings = new Findings();
      const filter: OccurrenceFilter = {
        definitionId: request.definitionId,
        outcomes: namesIn(OccurrenceOutcome, request.outcomes),
        scheduledAfter: optionalInstantOf(request.scheduledAfter, "scheduledAfter", findings, "up"),
        scheduledBefore: optionalInstantOf(request.scheduledBefore, "scheduledBefore", findings, "up"),
      };
      findings.throwIfAny();
      const rows = await queries.listOccurrences(filter, numberCursorOf(page), page.size + 1);
      const { shown, nextPageToken } = cutPage(rows, page, ({ scheduledAt }) => [scheduledAt]);
      return { occurrences: shown.map(toOccurrence), nextPageToken };
    },

    async explainDefinition({ definitionId, at }) {
      const findings = new Findings();
      const askedAt = at && instantOf(at, "at", findings);
      findings.throwIfAny();
      const found = await readDefinition(queries, definitionId);
      const standing = standingOf(found);
      const [lastOccurrences, nearby] = await Promise.all([
        queries.listOccurrences({ definitionId }, null, EXPLAINED_TIMES),
        askedAt === undefined
          ? []
          : queries.listOccurrences(
              { definitionId, scheduledAfter: askedAt, scheduledBefore: askedAt + MINUTE_MS },
              null,
              60,
            ),
      ]);
      const explanation = explainDefinition({
        ...standing,
        lastOccurrences,
        now: clock.now(),
        asked: askedAt === undefined ? undefined : { at: askedAt, nearby },
        upcoming: EXPLAINED_TIMES,
      });
      return {
        summary: explanation.summary,
        facts: [...explanation.facts],
        definition: toDefinitionView(standing),
        nextFireTimes: explanation.nextDueAt.map(toTimestamp),
        lastOccurrences: lastOccurrences.map(toOccurrence),
        occurrence: explanation.occurrence && toOccurrence(explanation.occurrence),
      };
    },
  };
}

import { destinationOfState, type DestinationRecord } from "../../domain/webhook/destination.ts";
import { dispatchDefinitionId } from "../../domain/webhook/origin.ts";
import { signingSecretOf, signingSecretViolation, NEW_SECRET_BYTES } from "../../domain/webhook/signing-secret.ts";
import { BreakerState } from "../../gen/belfry/v1/dispatch_pb.ts";
import {
  ListDestinationsRequestSchema,
  type DispatchService,
  type ListDestinationsRequest,
  type RotateSecretRequest,
} from "../../gen/belfry/v1/dispatch_service_pb.ts";
import type { DestinationView } from "../../runtime/index.ts";
import type { Handlers } from "../call/handler.ts";
import { toDestination } from "../mapping/destination.ts";
import { destinationUpdateOf } from "../mapping/destination-update.ts";
import { namesIn } from "../mapping/enumeration.ts";
import { Findings } from "../mapping/findings.ts";
import { originIn } from "../mapping/origin.ts";
import { requireField } from "../mapping/required.ts";
import { durationOf } from "../mapping/time.ts";
import { cutPage, mismatch, pageOf, type Page } from "../paging/page-token.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { destinationNotFound } from "./not-found.ts";
import { requestIdFor, requestIdOf } from "./request-id.ts";

type Destinations = "listDestinations" | "getDestination" | "updateDestination" | "resetDestination" | "rotateSecret";

/** Records that one call of ListDestinations looks at. */
const SCANNED_MAX = 5000;
const SCAN_BATCH = 500;
const DEFAULT_OVERLAP_MS = 24 * 3_600_000;
const MAX_OVERLAP_MS = 30 * DEFAULT_OVERLAP_MS;

export function destinationHandlers(
  environment: ServiceEnvironment,
): Pick<Handlers<typeof DispatchService>, Destinations> {
  const { runtime, queries, actorStates, webhooks, ids, clock } = environment;
  const { destinations } = runtime;
  const shown = (view: DestinationView) => toDestination(view.record, clock.now(), view);

  /** Whether anything was ever sent there, or set for it. */
  const isKnown = async ({ record, underWay, waiting }: DestinationView): Promise<boolean> => {
    if (record.revision > 0 || underWay > 0 || waiting > 0) return true;
    const [written] = await actorStates.load("destination", [record.origin]);
    return written !== undefined || (await queries.getDefinition(dispatchDefinitionId(record.origin))) !== null;
  };

  return {
    async listDestinations(request) {
      const page = pageOf(ListDestinationsRequestSchema, request);
      const now = clock.now();
      const { found, scannedTo } = await scan(environment, request, page);
      const { shown: records, nextPageToken } = cutPage(found, page, ({ origin }) => [origin]);
      return {
        destinations: records.map((record) => toDestination(record, now)),
        nextPageToken: nextPageToken === "" && scannedTo !== null ? page.tokenFor([scannedTo]) : nextPageToken,
      };
    },

    async getDestination(request) {
      const view = await destinations.get(originIn(request.origin, "origin"));
      if (await isKnown(view)) return { destination: shown(view) };
      throw destinationNotFound(view.record.origin);
    },

    async updateDestination(request) {
      const destination = requireField(request.destination, "destination");
      const origin = originIn(destination.origin, "destination.origin");
      const { change, isolated } = destinationUpdateOf(destination, request.updateMask);
      const { etag } = destination;
      let view: DestinationView | undefined;
      if (Object.keys(change).length > 0 || etag !== "") {
        view = await destinations.update(origin, { ...(etag !== "" && { etag }), change, ...requestIdOf(request) });
      }
      if (isolated !== undefined) {
        view ??= await destinations.get(origin);
        const isIsolated = view.record.breaker.state === "ISOLATED";
        if (isolated && !isIsolated) {
          view = await destinations.isolate(origin, { reason: request.reason, ...requestIdFor(request, "isolate") });
        } else if (!isolated && isIsolated) {
          view = await destinations.reset(origin, requestIdFor(request, "reset"));
        }
      }
      return { destination: view && shown(view) };
    },

    async resetDestination(request) {
      return { destination: shown(await destinations.reset(originIn(request.origin, "origin"), requestIdOf(request))) };
    },

    async rotateSecret(request) {
      const origin = originIn(request.origin, "origin");
      const { secret, overlapMs } = rotationOf(request);
      // A repetition must answer with the secret of the first call, which nobody has but the box.
      const { sealed } = await runtime.repeatable(
        { method: "RotateSecret", asked: { origin, secret, overlapMs }, ...requestIdOf(request) },
        async () => {
          const fresh = secret === "" ? signingSecretOf(randomBytes()) : secret;
          const rotation = { sealed: webhooks.box.seal(fresh), overlapMs, ...requestIdFor(request, "rotate") };
          const { record } = await destinations.rotateSecret(origin, rotation);
          // When an earlier try got this far, its secret is the one that signs.
          return { sealed: record.secrets[0]?.sealed ?? rotation.sealed };
        },
      );
      return { secret: webhooks.box.open(sealed), destination: shown(await destinations.get(origin)) };
    },
  };

  function randomBytes(): Uint8Array {
    return Buffer.from(ids.token(NEW_SECRET_BYTES), "base64url");
  }
}

function rotationOf({ secret, overlap }: RotateSecretRequest): { readonly secret: string; readonly overlapMs: number } {
  const findings = new Findings();
  const overlapMs =
    overlap === undefined ? DEFAULT_OVERLAP_MS : durationOf(overlap, "overlap", findings, { maxMs: MAX_OVERLAP_MS });
  const wrong = secret === "" ? null : signingSecretViolation(secret);
  if (wrong !== null) findings.add("secret", wrong);
  findings.throwIfAny();
  return { secret, overlapMs };
}

/** One more than the page shows of those that match; `scannedTo` is set when it stopped looking before that. */
async function scan(
  { actorStates }: ServiceEnvironment,
  { originPrefix, breakerStates, disabledOnly }: ListDestinationsRequest,
  page: Page,
): Promise<{ readonly found: readonly DestinationRecord[]; readonly scannedTo: string | null }> {
  const states = namesIn(BreakerState, breakerStates);
  const found: DestinationRecord[] = [];
  let after = originCursorOf(page);
  for (let scanned = 0; scanned < SCANNED_MAX; scanned += SCAN_BATCH) {
    const rows = await actorStates.list("destination", { prefix: originPrefix }, after, SCAN_BATCH);
    for (const { id, shard, state } of rows) {
      const record = destinationOfState(id, shard, state);
      const isMeant =
        (states === undefined || states.includes(record.breaker.state)) && (!disabledOnly || record.disabled !== null);
      if (isMeant) found.push(record);
    }
    if (rows.length < SCAN_BATCH || found.length > page.size) return { found, scannedTo: null };
    after = rows.at(-1)?.id ?? after;
  }
  return { found, scannedTo: after };
}

/** @throws BelfryError PAGE_TOKEN_MISMATCH */
function originCursorOf({ cursor }: Page): string {
  if (cursor === null) return "";
  const [origin, ...rest] = cursor;
  if (typeof origin !== "string" || rest.length > 0) throw mismatch();
  return origin;
}

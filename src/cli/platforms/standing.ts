/** The commands that turn platforms on and off, and see whether they answer. */
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Command } from "commander";
import {
  DisablePlatformResponseSchema,
  EnablePlatformResponseSchema,
  IsolatePlatformResponseSchema,
  RefreshTokenResponseSchema,
  ResetBreakerResponseSchema,
  TestPlatformResponseSchema,
} from "../../client/index.ts";
import type { BelfryClient, Platform, PlatformStatus, PlatformTest } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { Failure } from "../failure.ts";
import { writeJson } from "../format/json.ts";
import type { Surroundings } from "../surroundings.ts";
import { addChangeOptions, addEtagOption, whoAndWhy, type EtagOptions } from "./changing.ts";
import { writePlatform, writeStatus, writeTest } from "./view.ts";

type Platforms = BelfryClient["platforms"];

interface Asked {
  readonly platformId: string;
  readonly etag: string | undefined;
  readonly changedBy: string | undefined;
  readonly reason: string | undefined;
  readonly requestId: string | undefined;
}

/** What such a command answers with, one of them. */
interface Answered {
  readonly platform?: Platform;
  readonly status?: PlatformStatus;
  readonly test?: PlatformTest;
}

export function addStandingCommands(platforms: Command, surroundings: Surroundings): void {
  const add = standing(platforms, surroundings);
  add("enable", "Push to it from now on.", EnablePlatformResponseSchema, (client, asked) =>
    client.enablePlatform(asked),
  );
  add(
    "disable",
    "Push to it no more: what waits, and what comes, is skipped.",
    DisablePlatformResponseSchema,
    (client, asked) => client.disablePlatform(asked),
  );
  add("reset", "Close its breaker: what waits is pushed.", ResetBreakerResponseSchema, (client, asked) =>
    client.resetBreaker(asked),
  );
  add("isolate", "Push nothing until it is reset; what comes waits.", IsolatePlatformResponseSchema, (client, asked) =>
    client.isolatePlatform(asked),
  );
  add("refresh-token", "Fetch a new access token.", RefreshTokenResponseSchema, (client, asked) =>
    client.refreshToken(asked),
  );
  addTest(platforms, surroundings);
}

function standing(platforms: Command, surroundings: Surroundings) {
  return <Desc extends DescMessage>(
    name: string,
    description: string,
    schema: Desc,
    call: (client: Platforms, asked: Asked) => Promise<MessageShape<Desc> & Answered>,
  ): void => {
    const command = apiCommand(platforms, `${name} <id>`, description, [`platforms ${name} 0199a2b4-…`]);
    addEtagOption(addChangeOptions(command)).action(async (platformId: string, options: EtagOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await call(client.platforms, { platformId, etag: options.etag, ...whoAndWhy(options) });
        if (options.json) writeJson(surroundings.out, schema, answer);
        else writeAnswer(surroundings, answer);
        requireWell(answer.test);
      });
    });
  };
}

function addTest(platforms: Command, surroundings: Surroundings): void {
  apiCommand(platforms, "test <id>", "See whether it answers and takes the credentials; nothing is pushed.", [
    "platforms test 0199a2b4-… && belfry platforms enable 0199a2b4-…",
  ]).action(async (platformId: string, options: ApiOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.platforms.testPlatform({ platformId });
      if (options.json) writeJson(surroundings.out, TestPlatformResponseSchema, answer);
      else writeAnswer(surroundings, answer);
      requireWell(answer.test);
    });
  });
}

function writeAnswer({ out, clock }: Surroundings, { platform, status, test }: Answered): void {
  if (platform) writePlatform(out, platform, clock.now());
  if (test) writeTest(out, test);
  if (status) writeStatus(out, status, clock.now());
}

/** What was found is on the screen; scripts see it by the exit code. @throws Failure when it is not well. */
function requireWell(test: PlatformTest | undefined): void {
  if (test !== undefined && !test.ok) throw new Failure(`the platform is not well: ${test.code}: ${test.message}`);
}

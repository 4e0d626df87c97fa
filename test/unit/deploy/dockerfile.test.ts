import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../src/config/index.ts";
import { belfryHere } from "../cli/belfry-here.ts";

const pathOf = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const file = (name: string) => readFile(pathOf(name), "utf8");

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Lines without comments, continued ones joined. */
async function instructions(): Promise<readonly Instruction[]> {
  const text = (await file("Dockerfile")).replaceAll(/^#.*\n/gm, "").replaceAll(/\\\n\s*/g, "");
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ name: line.split(" ")[0] ?? "", rest: line.slice(line.indexOf(" ") + 1) }));
}

const all = await instructions();
const stages = all.filter(({ name }) => name === "FROM").map(({ rest }) => rest);
const last = all.slice(all.findLastIndex(({ name }) => name === "FROM"));
const inLast = (name: string): readonly string[] => last.filter((one) => one.name === name).map(({ rest }) => rest);

describe("the Dockerfile", () => {
  it("copies what is there, and what .dockerignore lets through", async () => {
    const ignored = await file(".dockerignore");
    const sources = all
      .filter(({ name, rest }) => name === "COPY" && !rest.startsWith("--from="))
      .flatMap(({ rest }) => rest.split(" ").slice(0, -1));
    expect(sources).toContain("package-lock.json");
    for (const source of sources.map((each) => each.replace(/^\.\//, ""))) {
      expect({ source, isThere: existsSync(pathOf(source)) }).toEqual({ source, isThere: true });
      expect(ignored.split("\n")).toContain(`!${source}`);
    }
  });

  it("copies from stages that it has", () => {
    const named = stages.map((stage) => / AS (\S+)$/.exec(stage)?.[1]);
    const from = all.flatMap(({ rest }) => /^--from=(\S+)/.exec(rest)?.[1] ?? []);
    expect(from.length).toBeGreaterThan(0);
    for (const stage of from) expect(named).toContain(stage);
  });

  it("runs on the Node that Belfry needs", async () => {
    expect(stages[0]).toMatch(/^node:24-bookworm-slim /);
  });

  it("has no development packages and no embedded PostgreSQL in the last stage", () => {
    const packages = all.findLast(({ name, rest }) => name === "RUN" && rest.startsWith("npm ci"));
    expect(packages?.rest).toMatch(/--omit=dev --omit=optional/);
    expect(inLast("RUN").filter((rest) => rest.includes("npm"))).toEqual([]);
  });

  it("runs as an unprivileged user, and drains when it is stopped", () => {
    expect(inLast("USER")).toEqual(["node"]);
    expect(inLast("STOPSIGNAL")).toEqual(["SIGTERM"]);
    // Words, not a shell, which would keep the signal to itself.
    for (const words of [...inLast("ENTRYPOINT"), ...inLast("CMD")]) expect(words).toMatch(/^\[".*"\]$/);
  });

  it("exposes the port that it listens on", () => {
    const environment = Object.fromEntries(
      inLast("ENV").flatMap((rest) =>
        [...rest.matchAll(/(\w+)=("[^"]*"|\S+)/g)].map(([, name, value]) => [name, value]),
      ),
    ) as Record<string, string>;
    const reading = readConfig(environment, { hostname: "tower", pid: 1, readFile: () => "" });
    expect(reading).toMatchObject({ kind: "read", config: { host: "0.0.0.0", port: Number(inLast("EXPOSE")[0]) } });
  });

  it("asks for its health by a command that there is", async () => {
    const [, words] = /CMD (\[.*\])$/.exec(inLast("HEALTHCHECK")[0] ?? "") ?? [];
    const [program, ...rest] = JSON.parse(words ?? "[]") as string[];
    expect(program).toBe("belfry");
    expect(await belfryHere([...rest, "--help"])).toMatchObject({ code: 0 });
  });
});

import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { VARIABLES } from "../../../src/config/variables.ts";
import { readConfig } from "../../../src/config/index.ts";
import type { Config } from "../../../src/config/index.ts";

/** What the compose file may say of a service, as far as it is used here. */
interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const file = (name: string) => readFile(new URL(`../../../${name}`, import.meta.url), "utf8");
const compose = parse(await file("docker-compose.yml"), { merge: true }) as ComposeFile;
const services = Object.entries(compose.services);
const nodes = services.filter(([, { build }]) => build !== undefined);
const others = services.filter(([, { build }]) => build === undefined);

/** What a node makes of its environment, where `${NAME:-…}` stands for what follows: nobody has set NAME. */
function configOf(name: string, { environment = {} }: Service): Config {
  const unset = Object.entries(environment).map(([key, value]) => [key, value.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1")]);
  const reading = readConfig(Object.fromEntries(unset), { hostname: name, pid: 1, readFile: () => "" });
  if (reading.kind === "wrong") throw new Error(reading.message);
  expect(reading.warnings).toEqual([expect.stringMatching(/^BELFRY_LISTEN lets other machines in/)]);
  return reading.config;
}

const configs = nodes.map(([name, service]) => configOf(name, service));

function serviceAt(host: string): Service {
  const service = compose.services[host];
  if (service === undefined) throw new Error(`the compose file has no service ${host}`);
  return service;
}

function hasDifferent(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

describe("docker-compose.yml", () => {
  it("has three nodes, told by variables that Belfry knows", () => {
    expect(nodes).toHaveLength(3);
    for (const [, { environment }] of nodes) {
      const own = Object.keys(environment ?? {});
      expect(own.filter((name) => !(name in VARIABLES))).toEqual([]);
    }
  });

  it("tells its nodes apart, and gives each a port of its own on this machine only", () => {
    expect(hasDifferent(configs.map(({ nodeId }) => nodeId))).toBe(true);
    expect(configs.map(({ advertise }) => advertise.host)).toEqual(nodes.map(([name]) => name));
    const published = services.flatMap(([, { ports = [] }]) => ports);
    expect(published.every((port) => port.startsWith("127.0.0.1:"))).toBe(true);
    expect(hasDifferent(published.map((port) => port.split(":")[1]))).toBe(true);
    for (const [index, [, { ports }]] of nodes.entries()) {
      expect(ports?.map((port) => Number(port.split(":")[2]))).toEqual([configs[index]?.port]);
    }
  });

  it("puts all nodes on one database, one NATS, one cluster, the same shards and leases", () => {
    const shared = configs.map(({ database, nats, shardCount, leaseTtlMs }) => ({
      database,
      nats,
      shardCount,
      leaseTtlMs,
    }));
    for (const each of shared) expect(each).toEqual(shared[0]);
  });

  it("names the database that its PostgreSQL makes, with its user", () => {
    const { database } = configs[0] ?? {};
    if (database?.kind !== "url") throw new Error("the nodes have no database URL");
    const { hostname, username, password, pathname, port } = new URL(database.url);
    const { image, environment } = serviceAt(hostname);
    expect(image).toMatch(/^postgres:17/);
    expect(port).toBe("5432");
    expect(environment).toEqual({
      POSTGRES_USER: username,
      POSTGRES_PASSWORD: password,
      POSTGRES_DB: pathname.slice(1),
    });
  });

  it("has a NATS with JetStream, whose data outlives the container", () => {
    const [host, port] = (configs[0]?.nats?.shown ?? "").split(":");
    const { image, command, volumes } = serviceAt(host ?? "");
    expect(image).toMatch(/^nats:2\.12/);
    expect(port).toBe("4222");
    expect(command).toContain("--jetstream");
    const store = command?.find((word) => word.startsWith("--store_dir="))?.slice("--store_dir=".length);
    expect(volumes).toEqual([`nats-data:${store}`]);
  });

  it("declares each volume that is used, and uses each that is declared", () => {
    const used = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(":")[0]));
    expect(new Set(used)).toEqual(new Set(Object.keys(compose.volumes)));
  });

  it("starts nodes when what they need is healthy, which it can tell", () => {
    for (const [, { depends_on = {} }] of nodes) {
      expect(Object.keys(depends_on).toSorted()).toEqual(others.map(([name]) => name).toSorted());
      expect(Object.values(depends_on).every(({ condition }) => condition === "service_healthy")).toBe(true);
    }
    for (const [, { healthcheck }] of others) expect(healthcheck?.test[0]).toBe("CMD");
  });

  it("starts again what ended, and waits for a drain before it kills", () => {
    for (const [, { restart }] of services) expect(restart).toBe("unless-stopped");
    for (const [, { stop_grace_period }] of nodes) {
      const seconds = Number(/^(\d+)s$/.exec(stop_grace_period ?? "")?.[1]);
      // The limit of all steps of a drain (src/cli/node/stopping.ts) is 30 s.
      expect(seconds).toBeGreaterThan(30);
    }
  });
});

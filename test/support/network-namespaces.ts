/**
 * Network namespaces for nodes, so that a test can cut the lines of one of them as a broken network does: packets vanish, nobody is told.
 *
 * Each place has an interface of its own whose other end is here; what it is to reach listens at `host`, an address here. The addresses are of
 * 198.18.0.0/15, which is set aside for trying out networks. It takes Linux, root and the programs `ip` and `iptables`; where one of these is
 * missing the reason says so. Nothing outlives the test process, not even when that is killed: a shell waits for the end of its own input, and
 * then ends what is left in the namespaces, and them.
 */
import { execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { promisify } from "node:util";
import { installing } from "./installing.ts";

/** Why a machine cannot have them. */
export const MISSING = {
  linux: "network namespaces are of Linux",
  root: "making network namespaces takes root",
  programs: "the programs ip and iptables are not there and cannot be installed",
  kernel: "the kernel refuses network namespaces, or to drop packets in them",
} as const;

export type NetworkNamespaces =
  | { readonly kind: "there" }
  | { readonly kind: "missing"; readonly reason: keyof typeof MISSING; readonly detail: string };

/** Which packets vanish, as the place sees it. */
export type Direction = "out" | "in" | "both";

export interface NetworkPlace {
  /** Its own address. */
  readonly host: string;
  /** A command that becomes the one it is given, there. */
  readonly through: readonly string[];
  /** From now on what goes to, or comes from, this port of the site's host vanishes. */
  cut(port: number, direction: Direction): Promise<void>;
  /** Nothing vanishes any more. */
  heal(): Promise<void>;
}

export interface NetworkSite extends AsyncDisposable {
  /** What is to be reached from every place listens here. */
  readonly host: string;
  /** All addresses of the site. */
  readonly network: string;
  readonly places: readonly NetworkPlace[];
}

const run = promisify(execFile);
/** Places with four addresses each. */
const MOST_PLACES = 32;

/** Finds out whether this machine can have them, by trying; installs the programs where that is possible. */
export async function networkNamespaces(): Promise<NetworkNamespaces> {
  const missing = (reason: keyof typeof MISSING, error?: unknown): NetworkNamespaces => {
    const detail = error instanceof Error ? error.message : "";
    return { kind: "missing", reason, detail };
  };
  if (process.platform !== "linux") return missing("linux");
  if (process.getuid?.() !== 0) return missing("root");
  try {
    await havePrograms();
  } catch (error) {
    return missing("programs", error);
  }
  try {
    await using site = await openNetworkSite(1);
    const [place] = site.places;
    await place?.cut(1, "both");
    await place?.heal();
    return { kind: "there" };
  } catch (error) {
    return missing("kernel", error);
  }
}

async function havePrograms(): Promise<void> {
  try {
    await Promise.all([run("ip", ["-V"]), run("iptables", ["-V"])]);
  } catch {
    console.error("Tests need ip and iptables: installing them (apt-get install iproute2 iptables) …");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    await installing(async () => {
      await run("apt-get", ["update"], { env });
      await run("apt-get", ["install", "-y", "--no-install-recommends", "iproute2", "iptables"], { env });
    });
    await Promise.all([run("ip", ["-V"]), run("iptables", ["-V"])]);
  }
}

export async function openNetworkSite(count: number): Promise<NetworkSite> {
  if (count > MOST_PLACES) throw new RangeError(`at most ${MOST_PLACES} places, got ${count}`);
  // By chance, so that tests at the same time do not meet.
  const prefix = `198.${18 + randomInt(2)}.${randomInt(256)}`;
  const name = `bf${randomInt(0x1_00_00_00_00).toString(16)}`;
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const watchdog = startWatchdog(numbers.map((number) => `${name}-${number}`));
  try {
    const host = `${prefix}.1`;
    const places: NetworkPlace[] = [];
    for (const number of numbers) places.push(await openPlace(`${name}-${number}`, prefix, (number - 1) * 4, host));
    return { host, network: `${prefix}.0/24`, places, [Symbol.asyncDispose]: () => watchdog.finish() };
  } catch (error) {
    await watchdog.finish();
    throw error;
  }
}

async function openPlace(name: string, prefix: string, base: number, siteHost: string): Promise<NetworkPlace> {
  const here = `${prefix}.${base + 1}`;
  const there = `${prefix}.${base + 2}`;
  const through = ["ip", "netns", "exec", name];
  const inside = async (...command: readonly string[]): Promise<void> => {
    const [program = "", ...args] = [...through, ...command];
    await run(program, args);
  };
  await run("ip", ["netns", "add", name]);
  await run("ip", ["link", "add", name, "type", "veth", "peer", "name", "uplink", "netns", name]);
  await run("ip", ["addr", "add", `${here}/30`, "dev", name]);
  await run("ip", ["link", "set", name, "up"]);
  await inside("ip", "addr", "add", `${there}/30`, "dev", "uplink");
  await inside("ip", "link", "set", "lo", "up");
  await inside("ip", "link", "set", "uplink", "up");
  await inside("ip", "route", "add", "default", "via", here);
  return {
    host: there,
    through,
    cut: async (port, direction) => {
      const drop = (chain: string, where: string, which: string): Promise<void> =>
        inside("iptables", "-w", "-A", chain, "-p", "tcp", where, siteHost, which, String(port), "-j", "DROP");
      if (direction !== "in") await drop("OUTPUT", "-d", "--dport");
      if (direction !== "out") await drop("INPUT", "-s", "--sport");
    },
    heal: () => inside("iptables", "-w", "-F"),
  };
}

/** Takes the namespaces away, and ends what still runs in them. Their interfaces go with them. */
function startWatchdog(names: readonly string[]): { finish(): Promise<void> } {
  const script = `cat >/dev/null
    for name in "$@"; do
      ip netns pids "$name" | xargs -r kill -KILL
      ip link del "$name"
      ip netns del "$name"
    done 2>/dev/null`;
  const shell = spawn("/bin/sh", ["-c", script, "sh", ...names], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.unref();
  const done = new Promise<void>((resolve) => shell.once("exit", () => resolve()));
  return {
    async finish() {
      shell.ref();
      shell.stdin.end();
      await done;
    },
  };
}

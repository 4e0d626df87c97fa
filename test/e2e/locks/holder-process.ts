/**
 * A careless holder in a process of its own: it takes the lock, and with each line of its input it writes to what the lock protects, without a look
 * at its signal. It says what happens to it, line by line.
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { createBelfryClient, LockLost, withLock } from "../../../src/client/index.ts";
import { write } from "./fenced-resource.ts";

const [server = "", resource = "", name = "", ttlMs = ""] = process.argv.slice(2);
const client = createBelfryClient(server);
try {
  await withLock(client, { name, holder: "careless", ttlMs: Number(ttlMs) }, async ({ token, signal }) => {
    signal.addEventListener("abort", () => console.log("told"));
    const input = createInterface({ input: process.stdin });
    input.on("line", (value) => {
      void write(resource, { token: Number(token), value }).then((taken) => console.log(taken ? "taken" : "refused"));
    });
    console.log("held");
    await once(input, "close");
  });
  console.log("released");
} catch (error) {
  console.log(error instanceof LockLost ? "lost" : String(error));
} finally {
  client.close();
}

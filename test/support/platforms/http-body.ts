import type { IncomingMessage } from "node:http";
import type { Call } from "./call.ts";

/** What is wrong with the body before anybody looks into it. */
export function bodyFindings(call: Call, wanted: "json" | "form" | "none"): readonly string[] {
  if (wanted === "none") return call.body === "" ? [] : ["it has no body"];
  const type = wanted === "json" ? "application/json" : "application/x-www-form-urlencoded";
  const given = call.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  const findings = given === type ? [] : [`content-type must be ${type}, is ${given ?? "missing"}`];
  return wanted === "json" && call.json === undefined ? [...findings, "the body is no JSON"] : findings;
}

/** null: the client went away before all of it was there. */
export async function textOf(incoming: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString();
}

/** undefined: it is no JSON. */
export function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

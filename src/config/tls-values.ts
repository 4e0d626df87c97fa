/** Certificates and keys, read from the files that variables name and tried once. */
import { createSecureContext } from "node:tls";
import type { Machine } from "./config.ts";
import type { VariableName } from "./variables.ts";
import { wrongValue } from "./wrong-variable.ts";

/** A variable and the path that it has. */
interface FileSetting {
  readonly name: VariableName;
  readonly path: string | undefined;
}

/** A certificate with its key, PEM; undefined when neither file is named. */
export function certificateOf(
  certFile: FileSetting,
  keyFile: FileSetting,
  machine: Machine,
): { readonly cert: string; readonly key: string } | undefined {
  if (certFile.path === undefined && keyFile.path === undefined) return undefined;
  if (certFile.path === undefined) throw wrongValue(certFile.name, undefined, `${keyFile.name} is set without it`);
  if (keyFile.path === undefined) throw wrongValue(keyFile.name, undefined, `${certFile.name} is set without it`);
  const cert = textOf(certFile.name, certFile.path, machine);
  const key = textOf(keyFile.name, keyFile.path, machine);
  tryTls(certFile.name, certFile.path, { cert });
  tryTls(keyFile.name, keyFile.path, { cert, key });
  return { cert, key };
}

/** Authorities to trust, PEM; undefined when no file is named. */
export function authoritiesOf({ name, path }: FileSetting, machine: Machine): string | undefined {
  if (path === undefined) return undefined;
  const ca = textOf(name, path, machine);
  // Node passes over text without a certificate in silence, and would then trust nobody.
  if (!ca.includes("-----BEGIN CERTIFICATE-----")) throw wrongValue(name, path, "it holds no certificate");
  tryTls(name, path, { ca });
  return ca;
}

/** The contents of the file. */
export function textOf(name: VariableName, path: string, machine: Machine): string {
  try {
    return machine.readFile(path);
  } catch (error) {
    throw wrongValue(name, path, reasonOf(error));
  }
}

function tryTls(
  name: VariableName,
  path: string,
  pem: { readonly ca?: string; readonly cert?: string; readonly key?: string },
): void {
  try {
    createSecureContext(pem);
  } catch (error) {
    throw wrongValue(name, path, reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { execFile } from "node:child_process";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** An authority and what it has signed: paths for servers, PEM for clients. */
export interface Certificates extends AsyncDisposable {
  readonly ca: string;
  readonly caFile: string;
  /** For the address 127.0.0.1 and no name. */
  readonly server: Signed;
  readonly client: Signed;
}

export interface Signed {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export async function makeCertificates(): Promise<Certificates> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "belfry-certificates-")));
  const openssl = (...args: string[]) => run("openssl", args, { cwd: folder });
  await openssl(
    "req",
    "-x509",
    ...KEY,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-subj",
    "/CN=test authority",
    "-days",
    "2",
  );

  const signed = async (name: string, extensions: string): Promise<Signed> => {
    await writeFile(join(folder, `${name}.ext`), extensions);
    await openssl("req", ...KEY, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", `${name}.ext`];
    await openssl("x509", "-req", "-in", `${name}.csr`, ...by, "-out", `${name}.pem`);
    const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
    return { cert: await readFile(certFile, "utf8"), key: await readFile(keyFile, "utf8"), certFile, keyFile };
  };
  const caFile = join(folder, "ca.pem");
  return {
    ca: await readFile(caFile, "utf8"),
    caFile,
    server: await signed("server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"),
    client: await signed("client", "extendedKeyUsage=clientAuth\n"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

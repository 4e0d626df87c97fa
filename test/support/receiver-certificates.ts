import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";

/** A certificate with its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** For whom a certificate is, and when it is valid: from 2020 to 2049 unless it says otherwise. */
export interface CertificateOptions {
  /** Addresses of IPv4 and DNS names. */
  readonly names: readonly string[];
  readonly from?: Date;
  readonly to?: Date;
}

/** An authority of a test's own. Nobody trusts it who was not given `ca`. */
export interface Authority {
  /** PEM. */
  readonly ca: string;
  issue(options: CertificateOptions): Certificate;
}

const FROM = new Date(Date.UTC(2020, 0, 1));
const TO = new Date(Date.UTC(2049, 11, 31));

/** Makes an authority. Node reads certificates but writes none, so X.509 version 3 is written here by hand; no program is needed. */
export function anAuthority(): Authority {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = distinguishedName(`authority ${randomBytes(4).toString("hex")}`);
  const isAuthority = extension([0x55, 0x1d, 0x13], sequence(der(0x01, Buffer.from([0xff]))), true);
  const certify = (
    subject: Buffer,
    publicKey: KeyObject,
    from: Date,
    to: Date,
    extensions: readonly Buffer[],
  ): string => certificate(name, keys.privateKey, subject, publicKey, from, to, extensions);

  return {
    ca: certify(name, keys.publicKey, FROM, TO, [isAuthority]),
    issue({ names, from = FROM, to = TO }) {
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const subjectAltName = extension([0x55, 0x1d, 0x11], sequence(...names.map(generalName)));
      return {
        cert: certify(distinguishedName("belfry test receiver"), publicKey, from, to, [subjectAltName]),
        key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      };
    },
  };
}

function certificate(
  issuer: Buffer,
  issuerKey: KeyObject,
  subject: Buffer,
  publicKey: KeyObject,
  from: Date,
  to: Date,
  extensions: readonly Buffer[],
): string {
  const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const toSign = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // A serial number is positive.
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    issuer,
    sequence(utcTime(from), utcTime(to)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", toSign, issuerKey)]));
  const lines =
    sequence(toSign, ecdsaWithSha256, signature)
      .toString("base64")
      .match(/.{1,64}/gu) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(commonName)))));
}

function generalName(name: string): Buffer {
  return isIPv4(name) ? der(0x87, Buffer.from(name.split(".").map(Number))) : der(0x82, Buffer.from(name));
}

function extension(id: readonly number[], value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(...id), ...critical, der(0x04, value));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(...bytes: number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function utcTime(at: Date): Buffer {
  return der(0x17, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/gu, "").slice(2, 14)}Z`));
}

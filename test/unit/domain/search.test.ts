import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_GRAMS, matchScore, normalise, searchGrams, searchableGrams } from "../../../src/domain/search.ts";

const inContent = (content: string) => ({ name: "", content });
const inName = (name: string) => ({ name, content: "" });

describe("normalise", () => {
  it("folds widths, compatibility forms and case", () => {
    expect(normalise("ＡＢＣ１２３")).toBe("abc123");
    expect(normalise("ｶﾞ㈱①")).toBe("ガ(株)1");
    expect(normalise("Ünïcode ﬁle")).toBe("ünïcode file");
  });

  it("makes any run of white space one space and trims it away at the ends", () => {
    expect(normalise("　监控\t\n 服务器 ")).toBe("监控 服务器");
  });

  it("changes nothing the second time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(normalise(normalise(text))).toBe(normalise(text));
      }),
    );
  });
});

describe("searchGrams", () => {
  it("gives the characters of Chinese text and the pairs of neighbours", () => {
    expect(searchGrams("监控状态").toSorted()).toEqual(["监", "控", "状", "态", "监控", "控状", "状态"].toSorted());
  });

  it("joins no neighbours across punctuation", () => {
    expect(searchGrams("监，控").toSorted()).toEqual(["监", "控"].toSorted());
  });

  it("treats kana and hangul the same way", () => {
    expect(searchGrams("サーバ")).toContain("ーバ");
    expect(searchGrams("서버")).toEqual(["서", "버", "서버"]);
  });

  it("gives the padded trigrams of a word and the word", () => {
    expect(searchGrams("Ping!")).toEqual(["  p", " pi", "pin", "ing", "ng ", "ping"]);
  });

  it("splits scripts that meet without a space", () => {
    expect(searchGrams("监控server")).toEqual(expect.arrayContaining(["监控", "server", "  s"]));
  });

  it("keeps pictographs and characters beyond the basic plane whole", () => {
    expect(searchGrams("🚀𠮷野")).toEqual(["🚀", "𠮷", "野", "𠮷野"]);
  });

  it("gives each gram once", () => {
    expect(searchGrams("监控监控")).toEqual(["监", "控", "监控", "控监"]);
  });

  it("gives none for a text without letters, digits or pictographs", () => {
    expect(searchGrams(" -- … !? ")).toEqual([]);
    expect(searchGrams("")).toEqual([]);
  });

  it("reads the first 1,024 characters only", () => {
    const head = "𠮷".repeat(1023);
    expect(searchGrams(`${head}末尾`)).toContain("末");
    expect(searchGrams(`${head}末尾`)).not.toContain("尾");
  });

  it("stops at 2,000 grams", () => {
    const text = Array.from({ length: 1024 }, (_, index) => String.fromCodePoint(0x4e00 + index)).join("");
    expect(searchGrams(text)).toHaveLength(MAX_GRAMS);
  });

  it("gives short, well-formed and distinct grams for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const grams = searchGrams(text);
        expect(new Set(grams).size).toBe(grams.length);
        for (const gram of grams) {
          expect(gram.isWellFormed()).toBe(true);
          expect(Array.from(gram).length).toBeLessThanOrEqual(64);
        }
      }),
    );
  });

  it("gives those of name and content together for a definition", () => {
    expect(searchableGrams({ name: "监", content: "监控" })).toEqual(["监", "控", "监控"]);
  });
});

describe("matchScore", () => {
  it("is 1 when name or content contains the query as it is", () => {
    expect(matchScore("监控服务器", inContent("监控服务器状态"))).toBe(1);
    expect(matchScore(" Ｓervers", inName("Monitor servers"))).toBe(1);
    expect(matchScore("😀", inContent("a😀b"))).toBe(1);
  });

  it("is high, yet below 1, when words stand in between", () => {
    const score = matchScore("监控服务器", inContent("监控一下服务器"));
    expect(score).toBeGreaterThan(0.6);
    expect(score).toBeLessThan(1);
  });

  it("finds what a longer sentence asks for (R-105)", () => {
    expect(matchScore("监控一下服务器", inContent("监控服务器状态"))).toBeGreaterThan(0.4);
    expect(matchScore("先别监控了", inContent("监控服务器状态"))).toBeGreaterThan(0);
  });

  it("does not mind the order of words, nor their endings", () => {
    expect(matchScore("server monitor", inName("Monitor servers"))).toBeGreaterThan(0.75);
    expect(matchScore("servers monitor", inName("Monitor servers"))).toBeLessThan(1);
  });

  it("tolerates typos", () => {
    expect(matchScore("moniter servers", inName("Monitor servers"))).toBeGreaterThan(0.7);
    expect(matchScore("backpu databse", inContent("Backup database"))).toBeGreaterThan(0.3);
  });

  it("adds up what stands in the name and what stands in the content", () => {
    const both = matchScore("nightly 备份", { name: "nightly", content: "备份数据库" });
    expect(both).toBeGreaterThan(matchScore("nightly 备份", { name: "nightly", content: "数据库" }));
    expect(both).toBeGreaterThan(matchScore("nightly 备份", { name: "weekly", content: "备份数据库" }));
  });

  it("gives the name more weight than the content", () => {
    expect(matchScore("server monitor", inName("Monitor servers"))).toBeGreaterThan(
      matchScore("server monitor", inContent("Monitor servers")),
    );
  });

  it("ranks what has more of the query above what has less", () => {
    const query = "监控服务器";
    const scores = ["监控服务器状态", "监控一下服务器", "备份服务器", "服务员排班", "天气预报"].map((content) =>
      matchScore(query, inContent(content)),
    );
    expect(scores).toEqual(scores.toSorted((one, other) => other - one));
    expect(scores.at(-1)).toBe(0);
  });

  it("is 0 for what shares nothing, or only what texts share by chance", () => {
    expect(matchScore("天气", inContent("监控服务器状态"))).toBe(0);
    expect(matchScore("send weekly report", inName("Monitor servers"))).toBe(0);
  });

  it("is 0 for an empty query, and against empty fields", () => {
    expect(matchScore(" 　", inName("Monitor servers"))).toBe(0);
    expect(matchScore("monitor", { name: "", content: "" })).toBe(0);
    expect(matchScore("!?", inName("Monitor servers"))).toBe(0);
  });

  it("is between 0 and 1 for any texts, and 1 for a text in itself", () => {
    const text = fc.string({ unit: "binary", maxLength: 60 });
    fc.assert(
      fc.property(text, text, text, (query, name, content) => {
        const score = matchScore(query, { name, content });
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        expect(matchScore(query, { name, content: query })).toBe(normalise(query) === "" ? 0 : 1);
      }),
    );
  });
});

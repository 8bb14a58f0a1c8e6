import assert from "node:assert/strict";
import { test } from "node:test";
import { browserName, shorten } from "./shorten.ts";

test("ids are shortened in the middle, and only when it helps", () => {
  assert.equal(shorten("dec_01jc3v6k2m8q9x7r4t5w6y0zab"), "dec_01jc…6y0zab");
  assert.equal(shorten("usr_01jc3v6k2m8"), "usr_01jc3v6k2m8");
  assert.equal(shorten(""), "");
});

test("a user agent is named by what it is, not by what it imitates", () => {
  const chrome =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36";
  assert.equal(browserName(chrome), "Chrome on Linux");
  assert.equal(browserName(`${chrome} Edg/147.0`), "Edge on Linux");
  assert.equal(
    browserName(
      "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1",
    ),
    "Safari on iOS",
  );
  assert.equal(browserName("curl/8.5.0"), "curl");
  assert.equal(browserName("something-else/1.0"), "something-else/1.0");
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { actionLink, checklist, html, idLine, page, pageSecurityHeaders } from "./index.ts";

test("values are escaped in text and in quoted attributes", () => {
  const evil = `"><script>alert('1')</script>&`;
  assert.equal(
    html`<a title="${evil}">${evil}</a>`.toString(),
    '<a title="&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;">&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;</a>',
  );
});

test("HTML nests, lists join, what is absent is nothing, and numbers are text", () => {
  const items = ["<a>", "b"].map((text) => html`<li>${text}</li>`);
  assert.equal(
    html`<ul>${items}${undefined}${false}${[1, [html`<b>2</b>`, "<"]]}</ul>`.toString(),
    "<ul><li>&lt;a&gt;</li><li>b</li>1<b>2</b>&lt;</ul>",
  );
});

test("an object that only looks like HTML is not taken for it", () => {
  const forged: unknown = { toString: () => "<script>" };
  assert.throws(() => html`${forged as string}`);
});

test("a page has one style, which its policy allows, and no script", () => {
  const text = page({ title: "You can't open <Payroll> yet.", body: html`<p>Ask.</p>` });
  assert.match(text, /^<!doctype html>\n<html lang="en">/);
  assert.match(text, /<h1>You can&#39;t open &lt;Payroll&gt; yet\.<\/h1><p>Ask\.<\/p>/);
  const styles = [...text.matchAll(/<style>([\s\S]*?)<\/style>/g)];
  assert.equal(styles.length, 1);
  const hash = createHash("sha256")
    .update(styles[0]?.[1] ?? "")
    .digest("base64");
  const policy = pageSecurityHeaders()["content-security-policy"] ?? "";
  assert.ok(policy.includes(`style-src 'sha256-${hash}'`));
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /script-src|unsafe/);
  assert.doesNotMatch(text, /<script|style="|\son\w+=/);
});

test("a title cannot move the page's own style", () => {
  const text = page({ title: "<style></style>", body: html`<p>x</p>` });
  assert.equal(text.split("<style>").length, 2);
  assert.match(text, /<title>&lt;style&gt;/);
});

test("a checklist says each state by glyph and word, with what was seen", () => {
  const text = checklist([
    { state: "met", label: "You are signed in" },
    {
      state: "failed",
      label: "Your device is managed",
      actual: "not known",
      action: actionLink({ label: "Enrol <it>", href: '/a?b="c"', primary: true }),
    },
  ]).toString();
  assert.match(text, /✓<\/span> Met/);
  assert.match(text, /✕<\/span> Not met/);
  assert.match(text, /Seen: not known/);
  assert.match(text, /href="\/a\?b=&quot;c&quot;">Enrol &lt;it&gt;<\/a>/);
  assert.equal(idLine("Decision", "dec_1").toString(), '<p class="id">Decision <code>dec_1</code></p>');
});

import type { Page } from "playwright-core";
import type { Instance } from "./instance.ts";

/** Makes the first administrator from the setup link, with a passkey, and ends at the console. */
export async function becomeAdministrator(page: Page, setup: string, name = "ada"): Promise<void> {
  await page.goto(setup);
  await page.getByLabel(/user name|login name/i).fill(name);
  await page.getByLabel(/display name|your name/i).fill("Ada Lovelace");
  await page.getByRole("button", { name: /create .*passkey/i }).click();
  await page.waitForURL(/interaction|console\./);
  if (page.url().includes("/interaction/")) await signIn(page);
  await page.waitForURL(/\/\/console\.|:\d+\/$/);
}

/** On the sign-in page: signs in with the passkey that this browser holds. */
export async function signIn(page: Page): Promise<void> {
  await page.getByRole("button", { name: /sign in with .*passkey/i }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/interaction/"));
}

/** Opens an application, signing in when asked. */
export async function openApplication(page: Page, url: string): Promise<void> {
  await page.goto(url);
  if (page.url().includes("/interaction/")) await signIn(page);
}

/** The value of the application cookie that this browser holds for a host, as a Cookie header. */
export async function cookieHeader(page: Page, url: string): Promise<string> {
  const cookies = await page.context().cookies(url);
  return cookies.map((cookie) => `${cookie.name}=${cookie.value}`).join("; ");
}

/** Invites a person and lets them make a passkey in `page`. */
export async function acceptInvitation(
  page: Page,
  instance: Instance,
  name: string,
  ...flags: string[]
): Promise<void> {
  const invited = await instance.postern("user", "invite", name, "--json", ...flags);
  const { url } = JSON.parse(invited.stdout) as { url: string };
  await page.goto(url);
  // the page of this invitation, and not of one that the tab showed before
  await page.locator("strong", { hasText: new RegExp(`^${name}$`) }).waitFor();
  const display = page.getByLabel(/display name|your name/i);
  if (await display.isVisible()) await display.fill(name);
  await page.getByRole("button", { name: /create .*passkey/i }).click();
  await page.waitForURL((to) => !to.pathname.startsWith("/invite"));
}

/** All text of a page. */
export async function textOf(page: Page): Promise<string> {
  return (await page.locator("body").textContent()) ?? "";
}

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import chromium from "@sparticuz/chromium";
import {
  type Browser,
  type BrowserContext,
  type CDPSession,
  chromium as driver,
  type Page,
} from "playwright-core";

/**
 * Flags that a headless browser needs as root in a container. None of them weakens what is tested:
 * origins, cookies, secure contexts and WebAuthn work as for everybody.
 */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Chromium is unpacked here once: a folder of this checkout's alone, not the one that all users of the machine share. */
const UNPACKED = fileURLToPath(new URL("../../node_modules/.cache/chromium/", import.meta.url));
/** The libraries that come with it, for machines without NSS; the package unpacks them where it finds itself in Lambda. */
const UNPACKING = { TMPDIR: UNPACKED, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x" };
const LIBRARIES = `${UNPACKED}al2023/lib`;

/** The package unpacks into the temporary folder, wherever that is at the time. */
async function chromiumPath(): Promise<string> {
  mkdirSync(UNPACKED, { recursive: true });
  const usual = { ...process.env };
  Object.assign(process.env, UNPACKING);
  try {
    return await chromium.executablePath();
  } finally {
    for (const name of Object.keys(UNPACKING)) {
      if (usual[name] === undefined) delete process.env[name];
      else process.env[name] = usual[name];
    }
  }
}

/** Starts Chromium from npm; it ends with `close()`. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env.POSTERN_TEST_CHROMIUM ?? (await chromiumPath());
  const options = { executablePath, args: FLAGS, headless: true };
  try {
    return await driver.launch(options);
  } catch (error) {
    if (!String(error).includes("shared libraries")) throw error;
    return await driver.launch({ ...options, env: { ...process.env, LD_LIBRARY_PATH: LIBRARIES } });
  }
}

/** A person at a browser of their own: cookies, and one authenticator that holds their passkeys. */
export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Puts the passkey authenticator into a page; each page needs its own connection to it. */
  readonly authenticator: { readonly session: CDPSession; readonly id: string };
}

export interface VisitorOptions {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
  readonly ignoreHTTPSErrors?: boolean;
}

/** Opens a fresh browser profile with a virtual platform authenticator that verifies its user. */
export async function visitor(browser: Browser, options: VisitorOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    colorScheme: options.scheme ?? "light",
    reducedMotion: "reduce",
    ignoreHTTPSErrors: options.ignoreHTTPSErrors ?? false,
  });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { context, page, authenticator: { session, id: authenticatorId } };
}

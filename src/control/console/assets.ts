import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { PosternError, sha256Hex } from "#kernel";

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

export interface ConsoleAssets {
  /** The console's page at each of its addresses, and its files. */
  readonly console: Serve;
  /** The login host's page at each of its addresses, and its files. */
  readonly login: Serve;
}

/** One file, ready to be sent. */
interface Asset {
  readonly bytes: Buffer;
  readonly type: string;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** The name of a file says what is in it: Vite puts a hash there. */
const FOR_EVER = "public, max-age=31536000, immutable";
/** The pages name the files of their version, so that they are asked for each time. */
const NEVER = "no-store";

/**
 * Reads the built pages.
 * @param options.folder `dist/console`
 * @throws PosternError `runtime.missing` when they are not there
 */
export function consoleAssets(options: { readonly folder: string }): ConsoleAssets {
  const { folder } = options;
  const files = readFolder(folder);
  const page = (name: string): Asset => {
    const asset = files.get(`/${name}`);
    if (asset === undefined) throw missing(folder);
    return asset;
  };
  return { console: server(files, page("index.html")), login: server(files, page("login.html")) };
}

function server(files: ReadonlyMap<string, Asset>, page: Asset): Serve {
  return (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      refuse(response, 405, "this is only to be read", { allow: "GET, HEAD" });
      return;
    }
    const path = request.url?.split(/[?#]/, 1)[0] ?? "/";
    if (isFile(path)) {
      const asset = files.get(path);
      if (asset === undefined) refuse(response, 404, "there is nothing here", {});
      else send(request, response, asset, FOR_EVER);
      return;
    }
    send(request, response, page, NEVER);
  };
}

/** Every other path is an address of the page, which knows by itself what to show there. */
function isFile(path: string): boolean {
  return path.startsWith("/assets/") || extname(path) !== "";
}

function send(request: IncomingMessage, response: ServerResponse, asset: Asset, cache: string): void {
  const { bytes, type, etag } = asset;
  const headers = { ...HEADERS, "cache-control": cache, etag };
  const known = request.headers["if-none-match"]
    ?.split(",")
    .some((tag) => tag.trim().replace(/^W\//, "") === etag);
  if (known === true) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, "content-type": type, "content-length": bytes.length });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

function refuse(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, {
    ...HEADERS,
    ...headers,
    "content-type": "text/plain; charset=utf-8",
    "cache-control": NEVER,
  });
  response.end(`${text}\n`);
}

function readFolder(folder: string): ReadonlyMap<string, Asset> {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return new Map(
      entries
        .filter((entry) => entry.isFile() && TYPES[extname(entry.name)] !== undefined)
        .map((entry) => {
          const path = join(entry.parentPath, entry.name);
          return [path.slice(join(folder, "/").length - 1).replaceAll("\\", "/"), readAsset(path)];
        }),
    );
  } catch (cause) {
    throw missing(folder, cause);
  }
}

function readAsset(path: string): Asset {
  const bytes = readFileSync(path);
  return {
    bytes,
    type: TYPES[extname(path)] ?? "application/octet-stream",
    etag: `"${sha256Hex(bytes).slice(0, 32)}"`,
  };
}

function missing(folder: string, cause?: unknown): PosternError {
  return new PosternError("runtime.missing", "the console's pages are not built", {
    where: folder,
    remedy: "npm run build",
    ...(cause === undefined ? {} : { cause }),
  });
}

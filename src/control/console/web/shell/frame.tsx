import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import {
  AppWindow,
  Ellipsis,
  FileText,
  Gauge,
  KeyRound,
  ListTree,
  type LucideIcon,
  Server,
  UserRound,
  Users,
} from "lucide-react";
import { useState } from "react";
import { meQuery } from "../api/queries.ts";
import { useKeys } from "../parts/keys.ts";
import { Palette } from "./palette.tsx";
import "./frame.css";

/** The pages of the console, in the order of the rail. The bar of a phone has room for the first few. */
export const PAGES = [
  { to: "/", label: "Overview", short: "Overview", icon: Gauge, bar: true },
  { to: "/decisions", label: "Access log", short: "Log", icon: ListTree, bar: true },
  { to: "/applications", label: "Applications", short: "Apps", icon: AppWindow, bar: true },
  { to: "/people", label: "People", short: "People", icon: Users, bar: true },
  { to: "/sessions", label: "Sessions", short: "Sessions", icon: KeyRound, bar: false },
  { to: "/policies", label: "Policies", short: "Policies", icon: FileText, bar: false },
  { to: "/deployment", label: "Deployment", short: "Parts", icon: Server, bar: false },
] as const satisfies readonly {
  to: string;
  label: string;
  short: string;
  icon: LucideIcon;
  bar: boolean;
}[];

/** What stands around every page: the rail, or on a phone the bar, and the palette. */
export function Frame() {
  const [palette, setPalette] = useState(false);
  const me = useQuery(meQuery).data;
  useKeys({ "Ctrl-K": () => setPalette((open) => !open) });
  return (
    <div className="frame">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <nav className="rail" aria-label="Console">
        <p className="rail-name">Postern</p>
        <ul>
          {PAGES.map(({ to, label, short, icon: Icon, bar }) => (
            <li key={to} className={bar ? undefined : "rail-only"}>
              <Link to={to} activeOptions={{ exact: to === "/", includeSearch: false }}>
                <Icon size={18} aria-hidden="true" />
                <span className="rail-label">{label}</span>
                <span className="bar-label">{short}</span>
              </Link>
            </li>
          ))}
          <li className="rail-more">
            <button type="button" onClick={() => setPalette(true)}>
              <Ellipsis size={18} aria-hidden="true" />
              <span className="rail-label">
                Go to… <kbd>Ctrl K</kbd>
              </span>
              <span className="bar-label">More</span>
            </button>
          </li>
        </ul>
        {me !== undefined && (
          <div className="rail-foot">
            <a href={me.loginOrigin}>
              <UserRound size={18} aria-hidden="true" />
              <span>{me.displayName}</span>
            </a>
            <p className="muted">Postern {me.version}</p>
          </div>
        )}
      </nav>
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
      {palette && <Palette onClose={() => setPalette(false)} />}
    </div>
  );
}

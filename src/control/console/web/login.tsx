import { createRoot } from "react-dom/client";
import "virtual:tokens.css";
import "./base.css";
import "./sign-in/sign-in.css";
import { Enrolment } from "./sign-in/enrolment.tsx";
import { Home } from "./sign-in/home.tsx";
import { Interaction } from "./sign-in/interaction.tsx";
import { Step } from "./sign-in/step.tsx";
import { takeToken } from "./sign-in/token.ts";

const now = (): number => performance.timeOrigin + performance.now();
const path = location.pathname;
// before anything else, so that it is nowhere when the page is shown
const token = takeToken(location, history);
// another link opened in this tab changes the fragment alone, which loads nothing by itself
addEventListener("hashchange", () => location.reload());

function LoginPage() {
  if (path === "/setup") return <Enrolment kind="setup" token={token} />;
  if (path === "/invite") return <Enrolment kind="invite" token={token} />;
  const uid = /^\/interaction\/([^/]+)\/?$/.exec(path)?.[1];
  if (uid !== undefined) return <Interaction uid={uid} />;
  if (path === "/") return <Home now={now} ready={token === "ready"} />;
  return (
    <Step title="There is no such page">
      <p>The address may be mistyped.</p>
      <p>
        <a className="button primary" href="/">
          Go to my applications
        </a>
      </p>
    </Step>
  );
}

const root = document.getElementById("root");
if (root === null) throw new Error("login.html has no #root");
createRoot(root).render(<LoginPage />);

import { isTimeZone } from "./facts/time-zone.ts";
import type { SourceFile } from "./types.ts";

/**
 * The first policy set of an empty instance: rules that are useful as they stand and teach the language, and the demo applications.
 * @param timeZone the machine's; UTC is taken when the IANA database has no such name
 * @param options.applications whether the demo applications are part of it
 */
export function demoFiles(
  timeZone: string,
  options: { readonly applications: boolean } = { applications: true },
): readonly SourceFile[] {
  const zone = isTimeZone(timeZone) ? timeZone : "UTC";
  const files = [
    { path: "policy-set.yaml", text: POLICY_SET.replace("TIME_ZONE", zone) },
    { path: "policy.rules", text: RULES },
  ];
  return options.applications ? [{ path: "demo.yaml", text: APPLICATIONS }, ...files] : files;
}

const POLICY_SET = `# What holds for all rules together.
apiVersion: postern.dev/v1
kind: PolicySet
metadata:
  name: default
spec:
  # Rules that ask for time.hour, time.weekday or time.date mean this time zone.
  timeZone: TIME_ZONE
`;

const APPLICATIONS = `# Two demo applications. They run with Postern and listen on Unix sockets only.
apiVersion: postern.dev/v1
kind: Application
metadata:
  name: wiki
spec:
  title: Wiki
  description: A demo application that shows who reached it
  upstream: unix:demo-wiki.sock
  classification: internal
---
apiVersion: postern.dev/v1
kind: Application
metadata:
  name: payroll
spec:
  title: Payroll
  description: A demo application that asks for more than most people have
  upstream: unix:demo-payroll.sock
  classification: restricted
`;

const RULES = `# Who may open what. Whatever no rule allows is denied, and one DENY IF that applies is enough to deny.
#
# A condition asks for a fact. A fact that is not known does not hold, so nothing here opens by ignorance.
# All facts: docs/allow-if.md. Try a change: edit this file, then  npx postern apply -f FOLDER

# name: public and internal
# reason: You are signed in with a passkey
ALLOW IF subject.type == "user"
  AND resource.classification <= "internal"
  AND user.mfa_verified

# name: confidential
# reason: You verified with a passkey in the last 12 hours
ALLOW IF subject.type == "user"
  AND resource.classification == "confidential"
  AND user.mfa_verified AND user.mfa_age_hours <= 12

# Device facts have no source yet, so that this is closed to everybody until there is one.
# name: restricted
# reason: Your device is managed and you verified with a passkey in the last 4 hours
ALLOW IF subject.type == "user"
  AND resource.classification == "restricted"
  AND user.mfa_verified AND user.mfa_age_hours <= 4
  AND device.managed
  AND device.compliance_score > 80
`;

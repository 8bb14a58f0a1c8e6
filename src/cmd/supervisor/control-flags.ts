/** The flags of every command that runs control: `postern up` and `postern control run`. */
export const CONTROL_FLAGS = {
  database: {
    kind: "value",
    value: "URL",
    what: "state in PostgreSQL: postgres://USER:PASSWORD@HOST/DATABASE (or POSTERN_DATABASE); the folder remembers it",
  },
  "master-key-file": {
    kind: "value",
    value: "FILE",
    what: "what seals secrets; by default master.key in the data folder, or systemd's credential postern-master-key",
  },
  "master-key-command": {
    kind: "value",
    value: "PROGRAM",
    what: "prints that key, as a wrapper of a KMS does",
  },
  link: {
    kind: "value",
    value: "ADDRESS:PORT",
    what: "takes gateways and agents of other machines there, over mTLS; port 7443 unless told otherwise",
  },
  "link-url": { kind: "value", value: "URL", what: "how they reach it, https://HOST:PORT" },
  node: { kind: "value", value: "NAME", what: "this control node's name; by default this machine's" },
  ops: {
    kind: "value",
    value: "ADDRESS:PORT",
    what: "serves /healthz, /readyz and /metrics there, without a sign-in",
  },
} as const;

/** The flags of commands that run or join a gateway or an agent. */
export const MEMBER_FLAGS = {
  gateway: {
    data: {
      kind: "value",
      value: "DIR",
      what: "the gateway's data folder (POSTERN_DATA; by default ~/.local/share/postern-gateway)",
    },
    ops: {
      kind: "value",
      value: "ADDRESS:PORT",
      what: "serves /healthz, /readyz and /metrics there, without a sign-in",
    },
  },
  agent: {
    data: {
      kind: "value",
      value: "DIR",
      what: "the agent's data folder (POSTERN_DATA; by default ~/.local/share/postern-agent)",
    },
    ops: {
      kind: "value",
      value: "ADDRESS:PORT",
      what: "serves /healthz, /readyz and /metrics there, without a sign-in",
    },
  },
} as const;

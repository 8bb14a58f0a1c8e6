import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import "virtual:tokens.css";
import "./base.css";
import { ApiError } from "./api/client.ts";
import { AnnounceProvider } from "./parts/announce.tsx";
import { ClockProvider } from "./parts/clock.tsx";
import { router } from "./shell/routes.tsx";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // an answer stays as it is however often it is asked for; only silence may end by itself
      retry: (failures, error) => failures < 2 && error instanceof ApiError && error.problem.status === 0,
    },
  },
});

const now = (): number => performance.timeOrigin + performance.now();

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <QueryClientProvider client={queries}>
    <ClockProvider now={now}>
      <AnnounceProvider>
        <RouterProvider router={router} />
      </AnnounceProvider>
    </ClockProvider>
  </QueryClientProvider>,
);

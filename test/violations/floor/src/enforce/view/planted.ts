// breaks: enforce and control never import each other
import { openStore } from "#store";

export const planted: typeof openStore = openStore;

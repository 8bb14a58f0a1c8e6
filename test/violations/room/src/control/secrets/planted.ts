// breaks: a relative import never leaves its room
import { openStore } from "../store/store.ts";

export const planted: typeof openStore = openStore;

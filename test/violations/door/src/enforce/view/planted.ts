// breaks: another room is reached by its door only
import { linkClient } from "../../link/client.ts";

export const planted: typeof linkClient = linkClient;

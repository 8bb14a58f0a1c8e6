import { AWS } from "./aws.ts";
import { testGolden } from "./golden-of-test.test.ts";

testGolden(AWS, new URL("./aws.golden.jsonl", import.meta.url));

// Threads of tests share the process, and so its time zone.
process.env["TZ"] = "Europe/Amsterdam";

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["tests/**/*.test.ts"], pool: "threads", maxWorkers: 2 },
});

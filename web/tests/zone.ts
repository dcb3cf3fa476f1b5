/** Fixes the local time zone; must be imported before whatever formats times. */
process.env["TZ"] = "Europe/Amsterdam";

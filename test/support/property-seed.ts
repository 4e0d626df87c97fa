/**
 * Property tests draw the same examples in every run, so that a change is what makes a run fail. Others are looked for by hand:
 * `BELFRY_PROPERTY_SEED=7 npx vitest run properties`.
 */
import fc from "fast-check";

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env["BELFRY_PROPERTY_SEED"] ?? 1) });

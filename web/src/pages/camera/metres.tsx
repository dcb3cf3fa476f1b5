/** Metres: points of the ground in the picture and seen from above, dragged until they agree. */

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { formatsOf } from "../../core/numbers.ts";
import { useAsked, useUnsaved } from "./asked.ts";
import { Boards, withEnd } from "./boards.tsx";
import { type StepProps, Next } from "./camera.tsx";
import { useDraft, useSaving } from "./drafting.ts";
import { pairings, sizes } from "./drafts.ts";
import { ForFile } from "./forfile.tsx";
import { type Fit, type Pair, FEWEST_PAIRS, fitOf, worstOf } from "./homography.ts";
import { PairTable } from "./pairs.tsx";
import { SizeChoice, plateAddress, sizeOf } from "./picture.tsx";
import type { Size } from "./shapes.ts";
import { metresToml } from "./sitefile.ts";
import { type CalibrationWire, type Registered, type SiteWire, hasOthers, withoutEmpty } from "./wire.ts";
import { say } from "./words-metres.ts";

export function MetresStep({ app, camera, plate, barred, onSaved }: StepProps): JSX.Element {
  const draft = useDraft<readonly Pair[]>(pairings, camera, ({ calibration }) => pairsOf(calibration));
  const [sites] = useAsked(app, () => app.hub.ask<SiteWire[]>("GET", "/api/v1/sites"));
  const [lens, setLens] = useState(camera.calibration?.lens ?? "auto");
  const [chosen, setChosen] = useState<number | null>(null);
  const [hasGrid, setGrid] = useState(true);
  const [sized, setSized] = useState(0);
  const [theirs, setTheirs] = useState<Registered | null>(null);
  const { base, value: pairs } = draft;
  const table = base.calibration ?? {};
  const { size: pictureSize, isSure } = sizeOf(camera, plate);
  const size = frameOf(base, pictureSize);
  const isTold = isSure || sizes.has(camera.name);
  const fit = useMemo(() => fitOf(pairs), [pairs]);
  const worst = useMemo(() => worstOf(pairs, fit), [pairs, fit]);
  const isChanged = draft.isChanged || lens !== (table.lens ?? "auto");
  const isOfFile = camera.of_file && app.may("operator", camera.site);
  const isEditable = barred === "" || isOfFile;
  useUnsaved(isChanged && isEditable);
  const changed = (from: Registered): { calibration: CalibrationWire | null } => ({
    calibration: pairs.length === 0 && !hasOthers(table) ? null : tableOf(from.calibration ?? {}, pairs, isTold ? size : null, lens),
  });
  const begin = (from: Registered): void => {
    draft.begin(from);
    setLens(from.calibration?.lens ?? "auto");
    setTheirs(null);
    onSaved(from);
  };
  const saving = useSaving(app, camera.name, {
    onSaved: (saved) => { begin(saved); app.say(say("saved")); },
    meanwhile: (other) => {
      if (JSON.stringify(other.calibration) === JSON.stringify(base.calibration)) return changed(other);
      setTheirs(other);
      return null;
    },
  });
  if ((table.points_deg?.length ?? 0) > 0) return <section class="card"><p>{say("inDegrees")}</p></section>;
  return (
    <div class="metres">
      <section class="card">
        {!isEditable && <p class="warn">{barred}</p>}
        <Boards app={app} camera={camera} draft={draft} source={plateAddress(camera.name, plate)} size={size} plan={sites?.find(({ name }) => name === camera.site)?.plan ?? null}
          fit={fit} worst={worst} chosen={chosen} isEditable={isEditable} hasGrid={hasGrid} onGrid={setGrid} onChoose={setChosen} />
        {hasOthers(table) && <p class="label">{say("others")}</p>}
        {!isSure && !table.width_px && <SizeChoice camera={camera.name} size={size} onChosen={() => setSized(sized + 1)} />}
      </section>
      <section class="card">
        <h2>{say("pairs")}</h2>
        <p role="status" class={fit.kind === "narrow" || fit.kind === "twisted" ? "wrong" : "label"}>{verdict(fit, pairs.length)}</p>
        {pairs.length > 0 && (
          <PairTable pairs={pairs} fit={fit} worst={worst} chosen={chosen} isEditable={isEditable} onFocus={setChosen} onRemove={(at) => draft.edit(pairs.toSpliced(at, 1))}
            onPut={(at, end, place, key) => draft.edit(withEnd(pairs, at, end, place), key)} />
        )}
        <label class="row"><span class="label">{say("lens")}</span>
          <select value={lens} disabled={!isEditable} onChange={(event) => setLens(event.currentTarget.value as "auto" | "none")}>
            <option value="auto">{say("lens-auto")}</option>
            <option value="none">{say("lens-none")}</option>
          </select>
        </label>
        {isOfFile && pairs.length > 0 && <ForFile text={metresToml(pairs, lens)} />}
        {saving.wrong !== "" && <p class="wrong" role="alert">{saving.wrong}</p>}
        {theirs !== null && (
          <div class="warn" role="alert">
            <p>{say("conflict", { count: pairsOf(theirs.calibration).length })}</p>
            <div class="buttons">
              <button type="button" onClick={() => void saving.save(theirs, changed(theirs))}>{say("keepMine")}</button>
              <button type="button" onClick={() => begin(theirs)}>{say("takeTheirs")}</button>
            </div>
          </div>
        )}
        <div class="buttons">
          {isEditable && !isOfFile && <button type="button" class="strong" onClick={() => void saving.save(base, changed(base))}
            disabled={saving.isBusy || !isChanged || (pairs.length > 0 && fit.kind !== "fits" && !hasOthers(table))}>{say("save")}</button>}
          {(!isChanged || !isEditable) && <Next app={app} camera={camera.name} step="metres" />}
        </div>
      </section>
    </div>
  );
}

function verdict(fit: Fit, count: number): string {
  if (fit.kind === "few") return say("few", { count: FEWEST_PAIRS - count });
  if (fit.kind !== "fits") return say(fit.kind);
  if (count === FEWEST_PAIRS) return say("four");
  return say("fits", { metres: formatsOf().number(Math.max(...fit.missedM), 2) });
}

function pairsOf(table: CalibrationWire | null): readonly Pair[] {
  return (table?.points_px ?? []).flatMap((px, at) => {
    const m = table?.points_m?.[at];
    return m === undefined ? [] : [{ px, m }];
  });
}

/** The picture that a calibration's pixels are of: that of its table, which what else stands in it was read off too. */
function frameOf({ calibration }: Registered, size: Size): Size {
  return calibration?.width_px && calibration.height_px ? { width: calibration.width_px, height: calibration.height_px } : size;
}

/** A table with other pairs; without the size of the picture where nobody told it, as a wrong one would have all pictures refused. */
function tableOf(table: CalibrationWire, pairs: readonly Pair[], size: Size | null, lens: "auto" | "none"): CalibrationWire {
  const of = size === null ? {} : { width_px: Math.round(size.width), height_px: Math.round(size.height) };
  return withoutEmpty({ ...table, points_px: pairs.map(({ px }) => px), points_m: pairs.map(({ m }) => m), lens, ...of });
}

/** Lines and zones drawn on the plate: with the mouse, a finger, or the keyboard alone. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { App } from "../../shell/app.ts";
import { useUnsaved } from "./asked.ts";
import { type StepProps, Next } from "./camera.tsx";
import { type Drafted, useDraft, useSaving } from "./drafting.ts";
import { drawings } from "./drafts.ts";
import { DrawingBoard, type Placing } from "./drawing.tsx";
import { type Difference, differencesOf, merged, usualChoice } from "./merge.ts";
import { MergeDialog } from "./merging.tsx";
import { SizeChoice, ZoomButtons, plateAddress, sizeOf } from "./picture.tsx";
import { ForFile } from "./forfile.tsx";
import { PlacesList, sentenceOf } from "./places.tsx";
import { mistakesOf } from "./rules.ts";
import { placesToml } from "./sitefile.ts";
import { type Drawing, type Shape, type Size, added, drawingOf, freeName, isSame, usualPoints, wireOf } from "./shapes.ts";
import type { Registered, XY } from "./wire.ts";
import { say } from "./words-draw.ts";

interface Conflict {
  readonly theirs: Registered;
  readonly differences: readonly Difference[];
}

export function DrawStep({ app, camera, plate, barred, onSaved }: StepProps): JSX.Element {
  const draft = useDraft<Drawing>(drawings, camera, drawingOf);
  const [chosen, setChosen] = useState<number | null>(null);
  const [placing, setPlacing] = useState<Placing | null>(null);
  const [zoom, setZoom] = useState(1);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [sized, setSized] = useState(0);
  const focusNext = useRef("");
  const { base, value: drawing } = draft;
  const isOfFile = camera.of_file && app.may("operator", camera.site);
  const isEditable = barred === "" || isOfFile;
  const isChanged = !isSame(drawing, drawingOf(base));
  const { size, isSure } = sizeOf(camera, plate);
  const mistakes = mistakesOf(drawing, size);
  useUnsaved(isChanged && isEditable);
  const saving = useSaving(app, camera.name, {
    onSaved: (saved) => { draft.begin(saved); setConflict(null); onSaved(saved); app.say(say("saved")); },
    meanwhile: (theirs) => {
      const differences = differencesOf(drawingOf(base), drawing, drawingOf(theirs));
      if (differences.every(({ changedBy }) => changedBy === "mine")) return wireOf(merged(drawingOf(theirs), differences, usualChoice));
      setConflict({ theirs, differences });
      return null;
    },
  });
  const choose = (id: number | null, point?: number): void => {
    setChosen(id);
    if (id !== null && point !== undefined) focusNext.current = `${id}-${point}`;
  };
  const finish = (kind: Shape["kind"], points: readonly XY[]): void => {
    const [next, id] = added(drawing, { kind, name: freeName(drawing, say(kind)), points });
    draft.edit(next);
    setPlacing(null);
    choose(id, 0);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") setPlacing(null);
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || (key !== "z" && key !== "y") || event.target instanceof HTMLInputElement || !isEditable) return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) draft.redo();
    else draft.undo();
  };
  return (
    <div class="draw" onKeyDown={onKey}>
      <section class="card">
        {isEditable ? <Tools app={app} base={base} draft={draft} placing={placing} zoom={zoom} onZoom={setZoom} onPlacing={setPlacing} /> : <p class="warn">{barred}</p>}
        {placing !== null && <Hint placing={placing} size={size} onFinish={finish} onCancel={() => setPlacing(null)} />}
        <DrawingBoard camera={camera.name} source={plateAddress(camera.name, plate)} size={size} zoom={zoom} drawing={drawing} mistakes={mistakes} chosen={chosen}
          placing={placing} isEditable={isEditable} focusNext={focusNext} onEdit={draft.edit} onChoose={choose} onPlacing={setPlacing} onFinish={finish} />
        {!isSure && <SizeChoice camera={camera.name} size={size} onChosen={() => setSized(sized + 1)} />}
      </section>
      <section class="card side" aria-label={say("places")}>
        <PlacesList drawing={drawing} chosen={chosen} mistakes={mistakes} isEditable={isEditable} onEdit={draft.edit} onChoose={choose} />
        {mistakes.filter(({ id }) => id === null).map((mistake) => <p key={mistake.rule} class="wrong">{sentenceOf(mistake)}</p>)}
        {saving.wrong !== "" && <p class="wrong" role="alert">{saving.wrong}</p>}
        {isOfFile && <ForFile text={placesToml(drawing)} />}
        <div class="buttons">
          {isEditable && !isOfFile && <button type="button" class="strong" disabled={saving.isBusy || !isChanged || mistakes.length > 0} onClick={() => void saving.save(base, wireOf(drawing))}>{say("save")}</button>}
          {isEditable && isChanged && <button type="button" onClick={() => draft.edit(drawingOf(base))}>{say("discard")}</button>}
          {!isChanged && drawing.length > 0 && <Next app={app} camera={camera.name} step="draw" />}
        </div>
      </section>
      {conflict !== null && (
        <MergeDialog differences={conflict.differences} size={size} isBusy={saving.isBusy} onClose={() => setConflict(null)}
          onChosen={(choice) => void saving.save(conflict.theirs, wireOf(merged(drawingOf(conflict.theirs), conflict.differences, choice)))} />
      )}
    </div>
  );
}

interface ToolsProps {
  readonly app: App;
  readonly base: Registered;
  readonly draft: Drafted<Drawing>;
  readonly placing: Placing | null;
  readonly zoom: number;
  onZoom(zoom: number): void;
  onPlacing(placing: Placing): void;
}

function Tools({ app, base, draft, placing, zoom, onZoom, onPlacing }: ToolsProps): JSX.Element {
  const [counters, setCounters] = useState(2);
  useEffect(() => { app.site().then(({ budget }) => setCounters(budget.passage_counters), app.failed); }, []);
  const zonesBarred = counters < 2 && base.zone.length === 0;
  return (
    <>
      <div class="row tools">
        <div class="buttons">
          {(["line", "zone"] as const).map((kind) => (
            <button key={kind} type="button" aria-pressed={placing?.kind === kind} disabled={kind === "zone" && zonesBarred} onClick={() => onPlacing({ kind, points: [] })}>
              {say(kind === "line" ? "newLine" : "newZone")}
            </button>
          ))}
        </div>
        <div class="buttons">
          <button type="button" disabled={!draft.canUndo} onClick={draft.undo}>{say("undo")}</button>
          <button type="button" disabled={!draft.canRedo} onClick={draft.redo}>{say("redo")}</button>
        </div>
        <ZoomButtons zoom={zoom} label={say("zoom")} onZoom={onZoom} />
      </div>
      {zonesBarred && <p class="label">{say("zonesBarred")}</p>}
    </>
  );
}

interface HintProps {
  readonly placing: Placing;
  readonly size: Size;
  onFinish(kind: Shape["kind"], points: readonly XY[]): void;
  onCancel(): void;
}

/** What to do now, and how to do it without a pointer. */
function Hint({ placing: { kind, points }, size, onFinish, onCancel }: HintProps): JSX.Element {
  return (
    <div class="hint">
      <span role="status">{say(kind === "line" ? "placeLine" : "placeZone")}</span>
      <div class="buttons">
        {kind === "zone" && points.length >= 3 && <button type="button" class="strong" onClick={() => onFinish(kind, points)}>{say("close")}</button>}
        {points.length === 0 && <button type="button" onClick={() => onFinish(kind, usualPoints(kind, size))}>{say("inMiddle")}</button>}
        <button type="button" onClick={onCancel}>{say("cancel")}</button>
      </div>
    </div>
  );
}

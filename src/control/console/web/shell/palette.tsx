import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { applicationsQuery, meQuery, peopleQuery } from "../api/queries.ts";
import { matches } from "../text/rows.ts";
import { PAGES } from "./frame.tsx";
import "../parts/dialog.css";
import "./palette.css";

interface Place {
  readonly key: string;
  readonly label: string;
  readonly kind: string;
  readonly go: () => void;
}

/** Goes anywhere: a page, what somebody or an application did, a decision by its id. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useId();
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(0);
  const places = usePlaces(query);
  const at = Math.min(chosen, places.length - 1);
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => document.getElementById(`${list}-${at}`)?.scrollIntoView({ block: "nearest" }), [list, at]);

  function go(place: Place | undefined): void {
    if (place === undefined) return;
    dialog.current?.close();
    place.go();
  }
  function onKey(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setChosen((at + step + places.length) % Math.max(1, places.length));
    else if (event.key === "Enter") go(places[at]);
    else return;
    event.preventDefault();
  }

  return (
    <dialog ref={dialog} className="dialog palette" aria-label="Go to" onClose={onClose}>
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={places.length === 0 ? undefined : `${list}-${at}`}
        aria-label="Go to a page, a person, an application or a decision id"
        placeholder="Page, person, application or decision id"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKey}
      />
      <div role="listbox" id={list} aria-label="Places">
        {places.map((place, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys, as a combobox does
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus
          <div
            key={place.key}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => go(place)}
          >
            <span>{place.label}</span>
            <span className="muted">{place.kind}</span>
          </div>
        ))}
      </div>
      {places.length === 0 && <p className="muted">Nothing has that name. A whole decision id opens it.</p>}
      <p className="muted palette-keys">
        <kbd>↑</kbd> <kbd>↓</kbd> choose · <kbd>Enter</kbd> go · <kbd>Esc</kbd> close · in lists <kbd>/</kbd>{" "}
        search, <kbd>j</kbd> <kbd>k</kbd> move
      </p>
    </dialog>
  );
}

const DECISION = /^dec_[0-9a-z]{26}$/;

function usePlaces(query: string): readonly Place[] {
  const navigate = useNavigate();
  const me = useQuery(meQuery).data;
  const applications = useQuery(applicationsQuery).data?.items ?? [];
  const people = useQuery(peopleQuery).data?.items ?? [];
  const text = query.trim();
  if (DECISION.test(text))
    return [
      {
        key: text,
        label: text,
        kind: "Decision",
        go: () => void navigate({ to: "/decisions/$id", params: { id: text } }),
      },
    ];
  const places: Place[] = PAGES.map(({ to, label }) => ({
    key: to,
    label,
    kind: "Page",
    go: () => void navigate({ to }),
  }));
  if (me !== undefined)
    places.push({
      key: "mine",
      label: "My applications, sign out",
      kind: "Page",
      go: () => location.assign(me.loginOrigin),
    });
  for (const { name, title } of applications)
    places.push({
      key: `application ${name}`,
      label: title,
      kind: "Application’s access log",
      go: () => void navigate({ to: "/decisions", search: { resource: name } }),
    });
  for (const { name, displayName } of people)
    places.push({
      key: `person ${name}`,
      label: displayName,
      kind: "Person’s access log",
      go: () => void navigate({ to: "/decisions", search: { subject: name } }),
    });
  return places.filter(({ key, label, kind }) => matches(text, key, label, kind));
}

/** Moments by layout (Go's Time.Format). */
import { MONTHS, piecesOf, WEEKDAYS } from "./layout.ts";
import type { Shown } from "./moment.ts";

const two = (value: number): string => String(value).padStart(2, "0");

export function formatTime(time: Shown, layout: string): string {
  return piecesOf(layout)
    .map((piece) => {
      if (piece.kind === "text") return piece.text;
      if (piece.kind === "field") return field(time, piece.field);
      const digits = String(time.nanosecond).padStart(9, "0").slice(0, piece.digits);
      const kept = piece.trim ? digits.replace(/0+$/, "") : digits;
      return kept === "" ? "" : piece.separator + kept;
    })
    .join("");
}

function field(time: Shown, name: string): string {
  switch (name) {
    case "2006":
      return time.year < 0 ? `-${String(-time.year).padStart(4, "0")}` : String(time.year).padStart(4, "0");
    case "06":
      return two(((time.year % 100) + 100) % 100);
    case "January":
      return MONTHS[time.month - 1] as string;
    case "Jan":
      return (MONTHS[time.month - 1] as string).slice(0, 3);
    case "01":
      return two(time.month);
    case "1":
      return String(time.month);
    case "Monday":
      return WEEKDAYS[time.weekday] as string;
    case "Mon":
      return (WEEKDAYS[time.weekday] as string).slice(0, 3);
    case "02":
      return two(time.day);
    case "_2":
      return String(time.day).padStart(2, " ");
    case "2":
      return String(time.day);
    case "002":
      return String(time.dayOfYear).padStart(3, "0");
    case "__2":
      return String(time.dayOfYear).padStart(3, " ");
    case "15":
      return two(time.hour);
    case "03":
      return two(time.hour % 12 || 12);
    case "3":
      return String(time.hour % 12 || 12);
    case "04":
      return two(time.minute);
    case "4":
      return String(time.minute);
    case "05":
      return two(time.second);
    case "5":
      return String(time.second);
    case "PM":
      return time.hour >= 12 ? "PM" : "AM";
    case "pm":
      return time.hour >= 12 ? "pm" : "am";
    case "MST":
      return time.abbreviation;
    default:
      return offset(time.offset, name);
  }
}

function offset(seconds: number, name: string): string {
  if (name.startsWith("Z") && seconds === 0) return "Z";
  const size = Math.abs(seconds);
  const parts = [Math.floor(size / 3600), Math.floor((size % 3600) / 60), size % 60].map(two);
  const digits = name.replace(/\D/g, "").length;
  const shown = parts.slice(0, digits / 2);
  return (seconds < 0 ? "-" : "+") + shown.join(name.includes(":") ? ":" : "");
}

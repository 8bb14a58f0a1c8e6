import type { ButtonHTMLAttributes, ReactNode } from "react";
import "./button.css";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: "primary" | "danger" | "quiet";
  readonly icon?: ReactNode;
}

/** A button. `primary` once a view; `danger` for what ends or removes; `quiet` in rows and corners. */
export function Button({ kind, icon, children, className, ...rest }: ButtonProps) {
  const names = ["button", kind, className].filter((name) => name !== undefined).join(" ");
  return (
    <button type="button" className={names} {...rest}>
      {icon}
      <span>{children}</span>
    </button>
  );
}

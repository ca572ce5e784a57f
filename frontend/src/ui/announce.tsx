import { useEffect, useState } from "react";

let say: (text: string) => void = () => {};

/** Tells screen readers something that sighted people see happen. */
export function announce(text: string) {
  say(text);
}

/** The one live region. It is mounted once, before anything is announced. */
export function Announcer() {
  const [said, setSaid] = useState({ text: "", count: 0 });
  useEffect(() => {
    say = text => setSaid(before => ({ text, count: before.count + 1 }));
    return () => {
      say = () => {};
    };
  }, []);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {/* A new element each time, so that the same words twice are said twice. */}
      <span key={said.count}>{said.text}</span>
    </div>
  );
}

// What the files of a conversation contain, as addresses that an element can show. Kept for one conversation at a time, whose
// files have a bound together.
import { useEffect, useState } from "react";
import { api } from "../api";
import { messageOf } from "../lib/errors";

let kept = { conversation: "", files: new Map<string, Promise<string>>() };

function load(conversation: string, file: string): Promise<string> {
  if (kept.conversation !== conversation) kept = { conversation, files: new Map() };
  const { files } = kept;
  const known = files.get(file);
  if (known) return known;
  const address = api
    .call("chat.file", { conversation, file })
    .then(({ mediaType, data }) => `data:${mediaType};base64,${data}`);
  address.catch(() => files.delete(file)); // the next one who wants it asks again
  files.set(file, address);
  return address;
}

/** A file's address; empty until it is there, with what went wrong where it can't be had. */
export function useFile(conversation: string, file: string): { address: string; error: string } {
  const [state, setState] = useState({ address: "", error: "" });
  useEffect(() => {
    let current = true;
    load(conversation, file).then(
      address => current && setState({ address, error: "" }),
      error => current && setState({ address: "", error: messageOf(error) }),
    );
    return () => {
      current = false;
    };
  }, [conversation, file]);
  return state;
}
